//! Where each item is in the table, and in its indexes.
//!
//! Parts of a key are separated by `#`. A `#` or `%` within a part is escaped, and a part that is
//! too long for a key is cut and carries its hash, so that two different names never share a key.

use domain::canon::Canon;
use domain::effect::{EffectKey, EffectKind};
use domain::id::{
    CompanyId, CustomerNumber, EventId, ManifestId, MerchantId, PaymentKey, ProfileId,
};
use jiff::Timestamp;

use super::layout;

/// The primary key's attributes.
pub(super) const PK: &str = layout::TABLE.0;
pub(super) const SK: &str = layout::TABLE.1;

/// A part longer than this, in bytes, is cut; a sort key may have 1,024.
const PART_BYTES_MAX: usize = 160;
/// Characters kept of a part that is cut.
const KEPT: usize = 24;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub pk: String,
    pub sk: String,
}

impl Key {
    fn new(pk: String, sk: &str) -> Self {
        Self { pk, sk: sk.to_owned() }
    }

    pub fn event(merchant: &MerchantId, id: &EventId) -> Self {
        Self::new(format!("EVT#{}#{}", part(merchant.as_str()), part(id.as_str())), "EVENT")
    }

    pub fn facts(payment: &PaymentKey) -> Self {
        Self::new(payment_partition(payment), "FACTS")
    }

    pub fn effect(key: &EffectKey) -> Self {
        let sk = format!("EFF#{}#{:010}", kind(key.kind), key.ordinal);
        Self { pk: payment_partition(&key.payment), sk }
    }

    pub fn account(company: &CompanyId, customer: &CustomerNumber) -> Self {
        let pk = format!("ACC#{}#{}", part(company.as_str()), part(customer.as_str()));
        Self::new(pk, "ACCOUNT")
    }

    /// What changes of a manifest. A manifest is there when this is.
    pub fn manifest(id: &ManifestId) -> Self {
        Self::new(manifest_partition(id), "HEAD")
    }

    /// What was sealed: group and entries. Never changes.
    pub fn sealed(id: &ManifestId) -> Self {
        Self::new(manifest_partition(id), "SEALED")
    }

    pub fn company_lease(company: &CompanyId) -> Self {
        Self::new(format!("CO#{}", part(company.as_str())), "LEASE")
    }

    pub fn watermark(name: &str) -> Self {
        Self::new(format!("WM#{}", part(name)), "WATERMARK")
    }

    pub fn link(merchant: &MerchantId, profile: &ProfileId) -> Self {
        let pk = format!("LNK#{}#{}", part(merchant.as_str()), part(profile.as_str()));
        Self::new(pk, "LINK")
    }

    pub fn exception(id: &str) -> Self {
        Self::new(format!("EXC#{}", part(id)), "EXCEPTION")
    }
}

/// Facts and effects of one payment are one partition.
pub(super) fn payment_partition(payment: &PaymentKey) -> String {
    format!("PAY#{}#{}", part(payment.merchant.as_str()), part(payment.transaction.as_str()))
}

pub(super) fn manifest_partition(id: &ManifestId) -> String {
    format!("MAN#{}", part(id.as_str()))
}

pub(super) fn kind(kind: EffectKind) -> &'static str {
    match kind {
        EffectKind::Receipt => "receipt",
        EffectKind::Refund => "refund",
    }
}

/// Sort key of an index: the time, then the name of the item.
pub(super) fn by_time(at: Timestamp, names: &[&str]) -> String {
    names.iter().fold(time(at), |key, name| format!("{key}#{}", part(name)))
}

/// In the order of time, however it is compared. What is before 1970 sorts as 1970.
pub(super) fn time(at: Timestamp) -> String {
    format!("{:020}", at.as_nanosecond().max(0))
}

fn part(text: &str) -> String {
    let escaped = text.replace('%', "%25").replace('#', "%23");
    if escaped.len() <= PART_BYTES_MAX {
        return escaped;
    }
    let kept: String = escaped.chars().take(KEPT).collect();
    format!("{kept}%~{}", Canon::default().text(text).hex())
}

#[cfg(test)]
mod tests {
    use domain::id::{EventId, MerchantId};
    use jiff::Timestamp;

    use super::{Key, by_time};

    fn event(merchant: &str, id: &str) -> String {
        Key::event(&MerchantId::from(merchant), &EventId::from(id)).pk
    }

    #[test]
    fn different_names_have_different_keys() {
        assert_ne!(event("a#b", "c"), event("a", "b#c"));
        assert_ne!(event("a%23b", "c"), event("a#b", "c"));
        let long = "x".repeat(5_000);
        assert_ne!(event("a", &long), event("a", &format!("{long}y")));
        assert!(event("a", &long).len() < 256);
        assert!(event("\u{1F4B3}".repeat(900).as_str(), &long).len() < 512);
    }

    #[test]
    fn an_index_sorts_by_time_first() {
        let at = |ms| Timestamp::from_millisecond(ms).unwrap();
        let sorted = [by_time(at(5), &["z"]), by_time(at(900), &["a"]), by_time(at(900), &["b"])];
        assert!(sorted.is_sorted());
    }
}
