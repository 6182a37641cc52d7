//! Company leases, watermarks, links and exceptions.

use domain::exception::Exception;
use domain::id::{CompanyId, CustomerNumber, MerchantId, ProfileId};
use jiff::Timestamp;
use ledger::memory::tables::Fallible;
use ledger::store::Lease;

use super::expression::{Change, Condition, Put};
use super::index::{self, STATE, STATE_SORT};
use super::item::{Item, text, time, word};
use super::key::{self, Key};
use super::manifests::may_take;
use super::table::{Table, Written};

const OPEN: &str = "EXC#OPEN";

pub(super) async fn lease_company(
    table: &Table,
    company: &CompanyId,
    lease: &Lease,
) -> Fallible<bool> {
    let change = Change::of(Key::company_lease(company))
        .require(may_take(lease))
        .set("owner", text(&lease.owner))
        .set("lease_until", time(lease.until));
    Ok(matches!(table.change(&change).await?, Written::Done(_)))
}

pub(super) async fn watermark(table: &Table, name: &str) -> Fallible<Option<Timestamp>> {
    let found = table.get(&Key::watermark(name)).await?;
    found.map(|item| item.time("at")).transpose()
}

pub(super) async fn advance_watermark(table: &Table, name: &str, to: Timestamp) -> Fallible<()> {
    let later = vec![Condition::absent("at"), Condition::below("at", time(to))];
    let change = Change::of(Key::watermark(name)).require(Condition::Any(later));
    table.change(&change.set("at", time(to))).await?;
    Ok(())
}

pub(super) async fn link(
    table: &Table,
    merchant: &MerchantId,
    profile: &ProfileId,
) -> Fallible<Option<CustomerNumber>> {
    let found = table.get(&Key::link(merchant, profile)).await?;
    found.map(|item| item.text("customer").map(CustomerNumber)).transpose()
}

pub(super) async fn put_link(
    table: &Table,
    merchant: &MerchantId,
    profile: &ProfileId,
    customer: &CustomerNumber,
) -> Fallible<CustomerNumber> {
    let item = Item::at(&Key::link(merchant, profile))
        .with("merchant", text(merchant.as_str()))
        .with("profile", text(profile.as_str()))
        .with("customer", text(customer.as_str()));
    match table.put(&Put::new(item, Condition::new_item())).await? {
        Written::Done(_) => Ok(customer.clone()),
        Written::Refused(found) => {
            let found = found.ok_or("a link is there and cannot be read")?;
            found.text("customer").map(CustomerNumber)
        }
    }
}

/// One that stands exactly as raised was raised by this very call, sent twice.
pub(super) async fn raise(table: &Table, exception: &Exception) -> Fallible<bool> {
    let free = Condition::Any(vec![Condition::new_item(), Condition::present("closed")]);
    match table.put(&Put::new(item_of(exception)?, free)).await? {
        Written::Done(_) => Ok(true),
        Written::Refused(Some(found)) => Ok(exception_of(&found)? == *exception),
        Written::Refused(None) => Ok(false),
    }
}

pub(super) async fn close(table: &Table, id: &str, now: Timestamp) -> Fallible<()> {
    let change = Change::of(Key::exception(id))
        .require(Condition::existing_item())
        .require(Condition::absent("closed"))
        .set("closed", time(now))
        .remove(STATE)
        .remove(STATE_SORT);
    table.change(&change).await?;
    Ok(())
}

pub(super) async fn open(table: &Table, limit: usize) -> Fallible<Vec<Exception>> {
    index::list(table, &index::by_state(OPEN.to_owned()), limit, |item| {
        Ok(Some(exception_of(&item)?).filter(|exception| exception.closed.is_none()))
    })
    .await
}

fn item_of(exception: &Exception) -> Fallible<Item> {
    let item = Item::at(&Key::exception(&exception.id))
        .with("id", text(&exception.id))
        .with_some("merchant", exception.merchant.as_ref().map(|id| text(id.as_str())))
        .with("reason", text(&word(&exception.reason)?))
        .with("subject", text(&exception.subject))
        .with("evidence", text(&exception.evidence))
        .with("raised", time(exception.raised))
        .with_some("closed", exception.closed.map(time));
    if exception.closed.is_some() {
        return Ok(item);
    }
    let sort = key::by_time(exception.raised, &[&exception.id]);
    Ok(item.with(STATE, text(OPEN)).with(STATE_SORT, text(&sort)))
}

fn exception_of(item: &Item) -> Fallible<Exception> {
    Ok(Exception {
        id: item.text("id")?,
        merchant: item.optional_text("merchant")?.map(MerchantId),
        reason: item.word("reason")?,
        subject: item.text("subject")?,
        evidence: item.text("evidence")?,
        raised: item.time("raised")?,
        closed: item.optional_time("closed")?,
    })
}
