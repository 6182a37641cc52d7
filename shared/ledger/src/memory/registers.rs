//! The operations on company leases, watermarks, links and exceptions, with their conditions.

use domain::exception::Exception;
use domain::id::{CompanyId, CustomerNumber, MerchantId, ProfileId};
use jiff::Timestamp;

use super::manifests::is_free;
use super::tables::{Fallible, Tables};
use crate::store::Lease;

/// # Errors
/// When a row cannot be read or written.
pub fn lease_company(
    tables: &mut dyn Tables,
    company: &CompanyId,
    lease: &Lease,
) -> Fallible<bool> {
    let stands = tables.company_lease(company)?;
    if stands.is_some_and(|(owner, until)| !is_free(&owner, until, lease)) {
        return Ok(false);
    }
    tables.put_company_lease(company, lease)?;
    Ok(true)
}

/// # Errors
/// When a row cannot be read or written.
pub fn advance_watermark(tables: &mut dyn Tables, name: &str, to: Timestamp) -> Fallible<()> {
    match tables.watermark(name)? {
        Some(at) if at >= to => Ok(()),
        Some(_) | None => tables.put_watermark(name, to),
    }
}

/// # Errors
/// When a row cannot be read or written.
pub fn put_link(
    tables: &mut dyn Tables,
    merchant: &MerchantId,
    profile: &ProfileId,
    customer: &CustomerNumber,
) -> Fallible<CustomerNumber> {
    if let Some(stands) = tables.link(merchant, profile)? {
        return Ok(stands);
    }
    tables.add_link(merchant, profile, customer)?;
    Ok(customer.clone())
}

/// # Errors
/// When a row cannot be read or written.
pub fn raise(tables: &mut dyn Tables, exception: &Exception) -> Fallible<bool> {
    let stands = tables.exception(&exception.id)?;
    if stands.is_some_and(|stands| stands.closed.is_none()) {
        return Ok(false);
    }
    tables.put_exception(exception)?;
    Ok(true)
}

/// # Errors
/// When a row cannot be read or written.
pub fn close_exception(tables: &mut dyn Tables, id: &str, now: Timestamp) -> Fallible<()> {
    match tables.exception(id)? {
        Some(open) if open.closed.is_none() => {
            tables.put_exception(&Exception { closed: Some(now), ..open })
        }
        Some(_) | None => Ok(()),
    }
}
