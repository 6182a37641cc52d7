//! The function on AWS: an HTTP API's events.

use assembly::deployed::Making;
use axum::Router;
use runtime::config::Purpose;

use crate::{Deps, router};

pub const MAKING: Making<Router> = Making {
    purposes: &[Purpose::Webhooks],
    make: |parts, secrets| Ok(router(Deps::new(parts, secrets)?)),
};
