//! Documents that are made from the code: `docs/configuration.md`, `docs/ERRORS.md` and
//! `docs/FLOWS.md`.

use std::fmt::Write;

use domain::exception::ReasonCode;

use crate::shell;

/// A document and the text it must have.
pub struct Document {
    /// Below the root.
    pub path: String,
    pub text: String,
}

/// Every document made from the code.
#[must_use]
pub fn documents() -> Vec<Document> {
    let pages = [
        ("docs/configuration.md", runtime::config::reference::markdown()),
        ("docs/ERRORS.md", errors()),
        ("docs/FLOWS.md", flows::reference::markdown()),
    ];
    let schemas = flows::schema::files().into_iter();
    let schemas = schemas.map(|(name, text)| (format!("shared/flows/schemas/{name}"), text));
    let all = pages.into_iter().map(|(path, text)| (path.to_owned(), text)).chain(schemas);
    all.map(|(path, text)| Document { path, text }).collect()
}

/// Writes those that are stale; true when all could be written.
#[must_use]
pub fn run() -> bool {
    let mut written = true;
    for document in documents() {
        let path = shell::root().join(&document.path);
        if std::fs::read_to_string(&path).is_ok_and(|kept| kept == document.text) {
            shell::say(&format!("{} is fresh", document.path));
        } else if let Err(error) = std::fs::write(&path, document.text) {
            written = false;
            shell::say(&format!("cannot write {}: {error}", document.path));
        } else {
            shell::say(&format!("{} is written", document.path));
        }
    }
    written
}

fn errors() -> String {
    let mut page = ERRORS_HEAD.to_owned();
    for reason in ReasonCode::ALL {
        // Writing to a String cannot fail.
        let _ = writeln!(page, "| `{reason}` | {} | {} |", meaning(*reason), reason.fix());
    }
    page.push_str(CODES_HEAD);
    for (code, meaning, fix) in flows::codes::CODES {
        let _ = writeln!(page, "| `{code}` | {meaning} | {fix} |");
    }
    page
}

const CODES_HEAD: &str = "
# Problems of documents

What `paysage flow check` and `promote` find wrong with flows, maps, tables and checks. Nothing that
has a problem comes into force.

| code | meaning | what to do |
|---|---|---|
";

const ERRORS_HEAD: &str = "\
# Reasons an item is held

What a person must decide is put before them with one of these codes, the evidence and what to do.
The codes are stable: they may be used in alarms and scripts. This page is made from
`domain::exception::ReasonCode`; run `cargo xtask docs` after a change.

A held item is never lost. Where its cause can be put right in Sage or in the configuration, it is
looked at again every `polling.recheck_held_ms` and goes on by itself; what Sage itself refused is
tried a few times only. Deciding an item again to the same end changes nothing.

| code | meaning | what to do |
|---|---|---|
";

fn meaning(reason: ReasonCode) -> &'static str {
    match reason {
        ReasonCode::CustomerAmbiguous => "Two or more Sage customers fit the payment equally well.",
        ReasonCode::CustomerNotFound => "No Sage customer fits, and none may be created.",
        ReasonCode::CustomerInactive => "The customer found is inactive in Sage.",
        ReasonCode::CustomerCurrency => "The customer found is kept in another currency.",
        ReasonCode::DocumentNotOpen => "A document the payment names has nothing due.",
        ReasonCode::BankUnknown => "Sage has no bank of the merchant's bank code.",
        ReasonCode::PaymentCodeUnknown => "Sage has no payment code of that name.",
        ReasonCode::PeriodLocked => "The posting date is in a locked fiscal period.",
        ReasonCode::PostingRefused => "Sage posted the batch without this entry.",
        ReasonCode::SageRefused => "Sage answered and refused what was sent.",
        ReasonCode::SageDenied => "Sage refuses the user, the password or a right.",
        ReasonCode::PayTraceDenied => "PayTrace refuses the API user or its password.",
        ReasonCode::BatchChanged => "A committed batch is not what was committed any more.",
        ReasonCode::PostedOutside => "A batch of ours was posted that was not committed.",
        ReasonCode::PostStuck => "A batch stays in progress in Sage beyond the alarm time.",
        ReasonCode::RefundByHand => "A refund was seen whose receipt is posted already.",
        ReasonCode::VoidedAfterPosting => "A payment was voided after its receipt was posted.",
        ReasonCode::FactChanged => "PayTrace contradicts what it stated earlier.",
        ReasonCode::PayloadChanged => "A repeated event differs from its first delivery.",
        ReasonCode::TransactionUnknown => "An event names a transaction PayTrace does not know.",
        ReasonCode::StatusUnknown => "PayTrace reports a status with no known meaning.",
        ReasonCode::CardDataBlocked => "A message with a card number was refused unread.",
        ReasonCode::MessageUndecodable => "A queued message is not of a known form.",
        ReasonCode::AmountInvalid => "An amount cannot be posted as it stands.",
        ReasonCode::AccountUnknown => "No G/L account is bound for an entry.",
        ReasonCode::FormatUncertain => "A value is not written so that it has one reading.",
        ReasonCode::FlowFailed => "A flow, map, table or check could not give what it must.",
        ReasonCode::HeldByPerson => "A person asked for it.",
        ReasonCode::Unexpected => "Processing failed again and again for no known reason.",
    }
}
