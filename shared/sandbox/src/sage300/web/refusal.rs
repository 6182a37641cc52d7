//! The errors that the protocol itself gives, each with its status. [O] names, [I] most statuses.

use super::super::resource::SageError;

/// What a step of serving a request gives.
pub type Outcome<T> = Result<T, SageError>;

pub fn unauthorized() -> SageError {
    SageError::new(401, "Unauthorized", "The user id or the password is not valid.")
}

pub fn forbidden(what: &str) -> SageError {
    SageError::new(403, "Forbidden", format!("The user has no right to use {what}."))
}

/// What a request without `Content-Type: application/json` is answered. [O]
pub fn content_type_missing() -> SageError {
    SageError::new(500, "InternalServerError", "An unhandled error occurred.")
}

pub fn resource_not_found(what: &str) -> SageError {
    SageError::new(404, "ResourceNotFound", format!("There is no resource {what}."))
}

pub fn record_not_found() -> SageError {
    let text = "A Record cannot be found for the specified entity key";
    SageError::new(404, "RecordNotFound", text)
}

pub fn method_not_allowed(method: &str, resource: &str) -> SageError {
    let text = format!("{resource} does not offer {method}.");
    SageError::new(405, "MethodNotAllowed", text)
}

pub fn invalid_action(action: &str) -> SageError {
    SageError::new(400, "InvalidAction", format!("{action} is no action of this resource."))
}

pub fn invalid_entity_key(why: impl Into<String>) -> SageError {
    SageError::new(400, "InvalidEntityKey", why)
}

pub fn invalid_parameters(why: impl Into<String>) -> SageError {
    SageError::new(400, "InvalidParameters", why)
}

/// The server's own text for a name it does not know, as recorded. [C]
pub fn unknown_property(name: &str, type_name: &str) -> SageError {
    let text = format!("Could not find a property named '{name}' on type '{type_name}'.");
    invalid_parameters(text)
}

pub fn invalid_payload(why: impl Into<String>) -> SageError {
    SageError::new(400, "InvalidPayload", why)
}

pub fn field_invalid(why: impl Into<String>) -> SageError {
    SageError::new(409, "FieldInvalid", why)
}
