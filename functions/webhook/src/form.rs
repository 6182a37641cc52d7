//! The silent post's form: `parmList=NAME~value|NAME~value|`, URL-encoded or raw.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use runtime::card;
use runtime::json::{KEYS_MAX, Problem, Refused};

/// The transaction's id, from a form that is within bounds and free of card data.
pub(crate) fn transaction(body: &[u8]) -> Result<Option<String>, Refused> {
    let text = std::str::from_utf8(body)
        .map_err(|error| Refused { problem: Problem::NotUtf8, position: error.valid_up_to() })?;
    let mut found = None;
    let mut names = 0;
    for field in text.trim().split('&') {
        let (name, value) = field.split_once('=').unwrap_or(("parmList", field));
        let position = place(text, field);
        let name = check(&decoded(name, position)?, position, &mut names)?.into_owned();
        let value = decoded(value, position)?;
        refuse_card(&value, position)?;
        if name.eq_ignore_ascii_case("parmList") {
            found = in_list(&value, position, &mut names)?.or(found);
        }
    }
    Ok(found)
}

fn in_list(list: &str, position: usize, names: &mut usize) -> Result<Option<String>, Refused> {
    let mut found = None;
    for entry in list.split('|').filter(|entry| !entry.trim().is_empty()) {
        let Some((name, value)) = entry.split_once('~') else {
            return Err(Refused { problem: Problem::Malformed, position });
        };
        let name = check(name, position, names)?;
        if name.eq_ignore_ascii_case("TRANSACTIONID") {
            if found.is_some() {
                return Err(Refused { problem: Problem::DuplicateKey, position });
            }
            found = Some(value.trim().to_owned());
        }
    }
    Ok(found)
}

/// A name that may be sent.
fn check<'n>(name: &'n str, position: usize, names: &mut usize) -> Result<Cow<'n, str>, Refused> {
    *names += 1;
    if *names > KEYS_MAX {
        return Err(Refused { problem: Problem::TooManyKeys, position });
    }
    refuse_card(name, position)?;
    match card::forbidden_name(name.trim()) {
        Some(name) => Err(Refused { problem: Problem::ForbiddenName(name), position }),
        None => Ok(Cow::Borrowed(name.trim())),
    }
}

fn refuse_card(text: &str, position: usize) -> Result<(), Refused> {
    match card::find(text.as_bytes()) {
        Some(found) => Err(Refused { problem: Problem::CardNumber(found.last4), position }),
        None => Ok(()),
    }
}

fn decoded(text: &str, position: usize) -> Result<String, Refused> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced)
        .decode_utf8()
        .map(Cow::into_owned)
        .map_err(|_| Refused { problem: Problem::NotUtf8, position })
}

/// Where a part of the text begins.
fn place(text: &str, part: &str) -> usize {
    part.as_ptr().addr().saturating_sub(text.as_ptr().addr())
}
