//! The payment gateway's port on PayTrace: its records to domain words.

pub mod card;
pub mod moment;
pub mod status;
