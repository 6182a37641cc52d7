//! The payment gateway's port on PayTrace: its records to domain words.

mod adapter;
mod card;
mod failure;
mod record;
mod status;

pub use adapter::{MerchantSettings, PayTraceGateway, UnknownZone};
pub use status::{Code, Row, StatusTable};
