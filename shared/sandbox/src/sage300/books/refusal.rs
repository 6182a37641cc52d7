//! The errors of the business layer. Codes [O], most of the texts invented after real ones.

use super::super::resource::SageError;

/// What a step of bookkeeping gives.
pub type Outcome<T> = Result<T, SageError>;

pub fn invalid(why: impl Into<String>) -> SageError {
    SageError::new(409, "RecordInvalid", why)
}

pub fn field(why: impl Into<String>) -> SageError {
    SageError::new(409, "FieldInvalid", why)
}

pub fn general(why: impl Into<String>) -> SageError {
    SageError::new(409, "General", why)
}

pub fn duplicate(what: impl Into<String>) -> SageError {
    SageError::new(409, "RecordDuplicate", what)
}

pub fn not_found() -> SageError {
    let text = "A Record cannot be found for the specified entity key";
    SageError::new(404, "RecordNotFound", text)
}

pub fn not_allowed(resource: &str) -> SageError {
    SageError::new(405, "MethodNotAllowed", format!("{resource} does not offer this."))
}

/// A code that no master record has.
pub fn unknown(what: &str, code: &str) -> SageError {
    field(format!("{what} {code} does not exist.\nEnter an existing one, or add it first."))
}

pub fn inactive(what: &str, code: &str) -> SageError {
    invalid(format!("{what} {code} is inactive."))
}

pub fn no_period(what: &str) -> SageError {
    field(format!(
        "Cannot determine the fiscal period for {what}.\nEnter a date that is in the company's \
         fiscal calendar."
    ))
}

pub fn locked_period(year: i16, period: i8) -> SageError {
    invalid(format!("The date is in a locked fiscal period ({year}-{period:02})."))
}
