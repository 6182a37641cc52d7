//! Who asks, and what they may use.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::sim::SimRequest;

use super::config::{Sage300Config, User};
use super::refusal::{self, Outcome};

/// The user whom the Basic credential names. User ids and passwords are upper case in Sage. [O]
pub fn user<'c>(config: &'c Sage300Config, request: &SimRequest) -> Outcome<&'c User> {
    let (name, password) = credential(request).ok_or_else(refusal::unauthorized)?;
    if name == "ADMIN" && !config.allow_admin {
        return Err(refusal::unauthorized());
    }
    let same = |stored: &str, given: &str| stored.to_uppercase() == given;
    config
        .users
        .iter()
        .find(|user| same(&user.user, &name) && same(&user.password, &password))
        .ok_or_else(refusal::unauthorized)
}

/// `Content-Type: application/json` is required of every request, GET included. [O]
pub fn json_declared(request: &SimRequest) -> Outcome<()> {
    let declared = request.header("content-type").unwrap_or_default();
    let media_type = declared.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(refusal::content_type_missing())
}

pub fn module_right(user: &User, module: &str) -> Outcome<()> {
    match &user.modules {
        Some(modules) if !modules.iter().any(|granted| granted == module) => {
            Err(refusal::forbidden(module))
        }
        _ => Ok(()),
    }
}

pub fn record_right(user: &User, resource: &str) -> Outcome<()> {
    if user.denied.iter().any(|denied| denied == resource) {
        return Err(refusal::forbidden(resource));
    }
    Ok(())
}

/// User id and password, in upper case.
fn credential(request: &SimRequest) -> Option<(String, String)> {
    let (scheme, encoded) = request.header("authorization")?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let plain = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, password) = plain.split_once(':')?;
    Some((name.to_uppercase(), password.to_uppercase()))
}
