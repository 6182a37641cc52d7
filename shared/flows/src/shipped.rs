//! The documents that come with the program: in force until somebody promotes others, and what
//! `paysage flow init` writes.

use std::collections::BTreeMap;

use crate::{action, entity, release};

/// Their texts by path.
#[must_use]
pub fn files() -> BTreeMap<String, String> {
    let file = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
    FILES.iter().map(file).collect()
}

/// What names the entities and actions documents are checked against.
#[must_use]
pub fn catalogue_hash() -> String {
    let all = entity::FILES.iter().chain(action::FILES);
    let text = all.fold(String::new(), |text, (name, content)| text + name + "\n" + content + "\0");
    release::hash(&text)
}

const FILES: &[(&str, &str)] = &[
    ("checks/amount-positive.yaml", include_str!("../documents/checks/amount-positive.yaml")),
    ("checks/batch-proven.yaml", include_str!("../documents/checks/batch-proven.yaml")),
    ("checks/capture-authorized.yaml", include_str!("../documents/checks/capture-authorized.yaml")),
    ("checks/customer-payable.yaml", include_str!("../documents/checks/customer-payable.yaml")),
    ("flows/authorization-watch.yaml", include_str!("../documents/flows/authorization-watch.yaml")),
    ("flows/autopay.yaml", include_str!("../documents/flows/autopay.yaml")),
    ("flows/capture-on-shipment.yaml", include_str!("../documents/flows/capture-on-shipment.yaml")),
    ("flows/chargeback.yaml", include_str!("../documents/flows/chargeback.yaml")),
    ("flows/check-payment.yaml", include_str!("../documents/flows/check-payment.yaml")),
    ("flows/customer-sync.yaml", include_str!("../documents/flows/customer-sync.yaml")),
    ("flows/decline.yaml", include_str!("../documents/flows/decline.yaml")),
    ("flows/order-to-cash.yaml", include_str!("../documents/flows/order-to-cash.yaml")),
    ("flows/payment-posting.yaml", include_str!("../documents/flows/payment-posting.yaml")),
    ("flows/profile-sync.yaml", include_str!("../documents/flows/profile-sync.yaml")),
    ("flows/refund.yaml", include_str!("../documents/flows/refund.yaml")),
    ("flows/settlement.yaml", include_str!("../documents/flows/settlement.yaml")),
    ("flows/void.yaml", include_str!("../documents/flows/void.yaml")),
    ("maps/batch-to-journal.yaml", include_str!("../documents/maps/batch-to-journal.yaml")),
    (
        "maps/chargeback-fee-to-journal.yaml",
        include_str!("../documents/maps/chargeback-fee-to-journal.yaml"),
    ),
    (
        "maps/chargeback-to-debit-note.yaml",
        include_str!("../documents/maps/chargeback-to-debit-note.yaml"),
    ),
    ("maps/check-to-place.yaml", include_str!("../documents/maps/check-to-place.yaml")),
    ("maps/check-to-receipt.yaml", include_str!("../documents/maps/check-to-receipt.yaml")),
    ("maps/customer-to-profile.yaml", include_str!("../documents/maps/customer-to-profile.yaml")),
    ("maps/invoice-to-sale.yaml", include_str!("../documents/maps/invoice-to-sale.yaml")),
    ("maps/order-to-order.yaml", include_str!("../documents/maps/order-to-order.yaml")),
    ("maps/payment-to-place.yaml", include_str!("../documents/maps/payment-to-place.yaml")),
    ("maps/payment-to-receipt.yaml", include_str!("../documents/maps/payment-to-receipt.yaml")),
    ("maps/payment-to-status.yaml", include_str!("../documents/maps/payment-to-status.yaml")),
    ("maps/profile-to-customer.yaml", include_str!("../documents/maps/profile-to-customer.yaml")),
    (
        "maps/refund-to-credit-note.yaml",
        include_str!("../documents/maps/refund-to-credit-note.yaml"),
    ),
    ("maps/refund-to-refund.yaml", include_str!("../documents/maps/refund-to-refund.yaml")),
    ("maps/shipment-to-capture.yaml", include_str!("../documents/maps/shipment-to-capture.yaml")),
    ("samples/approved-is-paid.yaml", include_str!("../documents/samples/approved-is-paid.yaml")),
    (
        "samples/authorized-a-week-ago.yaml",
        include_str!("../documents/samples/authorized-a-week-ago.yaml"),
    ),
    ("samples/authorized.yaml", include_str!("../documents/samples/authorized.yaml")),
    (
        "samples/bank-before-customer.yaml",
        include_str!("../documents/samples/bank-before-customer.yaml"),
    ),
    ("samples/bank-unknown.yaml", include_str!("../documents/samples/bank-unknown.yaml")),
    (
        "samples/charge-of-an-invoice.yaml",
        include_str!("../documents/samples/charge-of-an-invoice.yaml"),
    ),
    (
        "samples/chargeback-of-nothing-known.yaml",
        include_str!("../documents/samples/chargeback-of-nothing-known.yaml"),
    ),
    (
        "samples/chargeback-with-a-fee.yaml",
        include_str!("../documents/samples/chargeback-with-a-fee.yaml"),
    ),
    ("samples/check-funded.yaml", include_str!("../documents/samples/check-funded.yaml")),
    (
        "samples/check-without-a-code.yaml",
        include_str!("../documents/samples/check-without-a-code.yaml"),
    ),
    (
        "samples/credit-memo-of-a-refund.yaml",
        include_str!("../documents/samples/credit-memo-of-a-refund.yaml"),
    ),
    (
        "samples/credit-memo-without-an-account.yaml",
        include_str!("../documents/samples/credit-memo-without-an-account.yaml"),
    ),
    (
        "samples/customer-before-period.yaml",
        include_str!("../documents/samples/customer-before-period.yaml"),
    ),
    ("samples/customer-changed.yaml", include_str!("../documents/samples/customer-changed.yaml")),
    ("samples/customer-inactive.yaml", include_str!("../documents/samples/customer-inactive.yaml")),
    (
        "samples/customer-of-a-profile.yaml",
        include_str!("../documents/samples/customer-of-a-profile.yaml"),
    ),
    ("samples/declined.yaml", include_str!("../documents/samples/declined.yaml")),
    (
        "samples/invoice-above-the-limit.yaml",
        include_str!("../documents/samples/invoice-above-the-limit.yaml"),
    ),
    ("samples/invoice-due.yaml", include_str!("../documents/samples/invoice-due.yaml")),
    ("samples/invoice-not-due.yaml", include_str!("../documents/samples/invoice-not-due.yaml")),
    (
        "samples/journal-of-a-batch.yaml",
        include_str!("../documents/samples/journal-of-a-batch.yaml"),
    ),
    (
        "samples/journal-without-an-account.yaml",
        include_str!("../documents/samples/journal-without-an-account.yaml"),
    ),
    ("samples/no-payment-code.yaml", include_str!("../documents/samples/no-payment-code.yaml")),
    ("samples/nothing-paid.yaml", include_str!("../documents/samples/nothing-paid.yaml")),
    (
        "samples/order-of-an-item-and-a-charge.yaml",
        include_str!("../documents/samples/order-of-an-item-and-a-charge.yaml"),
    ),
    ("samples/order-of-nobody.yaml", include_str!("../documents/samples/order-of-nobody.yaml")),
    ("samples/order-placed.yaml", include_str!("../documents/samples/order-placed.yaml")),
    ("samples/payer-ambiguous.yaml", include_str!("../documents/samples/payer-ambiguous.yaml")),
    (
        "samples/payer-inactive-first.yaml",
        include_str!("../documents/samples/payer-inactive-first.yaml"),
    ),
    ("samples/payer-inactive.yaml", include_str!("../documents/samples/payer-inactive.yaml")),
    (
        "samples/payer-of-another-currency.yaml",
        include_str!("../documents/samples/payer-of-another-currency.yaml"),
    ),
    ("samples/payer-unknown.yaml", include_str!("../documents/samples/payer-unknown.yaml")),
    (
        "samples/period-before-code.yaml",
        include_str!("../documents/samples/period-before-code.yaml"),
    ),
    ("samples/period-locked.yaml", include_str!("../documents/samples/period-locked.yaml")),
    ("samples/place-of-a-check.yaml", include_str!("../documents/samples/place-of-a-check.yaml")),
    (
        "samples/place-of-a-visa-payment.yaml",
        include_str!("../documents/samples/place-of-a-visa-payment.yaml"),
    ),
    (
        "samples/place-of-another-brand.yaml",
        include_str!("../documents/samples/place-of-another-brand.yaml"),
    ),
    (
        "samples/place-without-a-code.yaml",
        include_str!("../documents/samples/place-without-a-code.yaml"),
    ),
    ("samples/posted-later.yaml", include_str!("../documents/samples/posted-later.yaml")),
    ("samples/prepayment.yaml", include_str!("../documents/samples/prepayment.yaml")),
    (
        "samples/profile-changed-twice.yaml",
        include_str!("../documents/samples/profile-changed-twice.yaml"),
    ),
    ("samples/profile-changed.yaml", include_str!("../documents/samples/profile-changed.yaml")),
    (
        "samples/profile-of-a-customer.yaml",
        include_str!("../documents/samples/profile-of-a-customer.yaml"),
    ),
    (
        "samples/receipt-for-an-order.yaml",
        include_str!("../documents/samples/receipt-for-an-order.yaml"),
    ),
    (
        "samples/receipt-of-nothing-open.yaml",
        include_str!("../documents/samples/receipt-of-nothing-open.yaml"),
    ),
    (
        "samples/receipt-of-two-invoices.yaml",
        include_str!("../documents/samples/receipt-of-two-invoices.yaml"),
    ),
    (
        "samples/receipt-with-a-long-text.yaml",
        include_str!("../documents/samples/receipt-with-a-long-text.yaml"),
    ),
    (
        "samples/receipt-without-a-code.yaml",
        include_str!("../documents/samples/receipt-without-a-code.yaml"),
    ),
    ("samples/refund-automatic.yaml", include_str!("../documents/samples/refund-automatic.yaml")),
    ("samples/refund-by-hand.yaml", include_str!("../documents/samples/refund-by-hand.yaml")),
    (
        "samples/refund-of-nothing-known.yaml",
        include_str!("../documents/samples/refund-of-nothing-known.yaml"),
    ),
    ("samples/refund-too-large.yaml", include_str!("../documents/samples/refund-too-large.yaml")),
    (
        "samples/refund-without-an-account.yaml",
        include_str!("../documents/samples/refund-without-an-account.yaml"),
    ),
    (
        "samples/refunded-is-a-credit-memo.yaml",
        include_str!("../documents/samples/refunded-is-a-credit-memo.yaml"),
    ),
    (
        "samples/settled-but-not-adding-up.yaml",
        include_str!("../documents/samples/settled-but-not-adding-up.yaml"),
    ),
    (
        "samples/settled-but-not-complete.yaml",
        include_str!("../documents/samples/settled-but-not-complete.yaml"),
    ),
    (
        "samples/settled-without-an-account.yaml",
        include_str!("../documents/samples/settled-without-an-account.yaml"),
    ),
    ("samples/settled.yaml", include_str!("../documents/samples/settled.yaml")),
    (
        "samples/shipped-more-than-authorized.yaml",
        include_str!("../documents/samples/shipped-more-than-authorized.yaml"),
    ),
    ("samples/shipped.yaml", include_str!("../documents/samples/shipped.yaml")),
    ("samples/two-invoices.yaml", include_str!("../documents/samples/two-invoices.yaml")),
    ("samples/unapplied-cash.yaml", include_str!("../documents/samples/unapplied-cash.yaml")),
    (
        "samples/voided-before-posting.yaml",
        include_str!("../documents/samples/voided-before-posting.yaml"),
    ),
    ("samples/voided-refund.yaml", include_str!("../documents/samples/voided-refund.yaml")),
    ("samples/voided.yaml", include_str!("../documents/samples/voided.yaml")),
    ("tables/gl-accounts.yaml", include_str!("../documents/tables/gl-accounts.yaml")),
    ("tables/payment-codes.yaml", include_str!("../documents/tables/payment-codes.yaml")),
    ("tables/status.yaml", include_str!("../documents/tables/status.yaml")),
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::document::{Document, MapTest, Sample};

    #[test]
    fn every_file_of_the_folder_is_embedded() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("documents");
        let mut there = BTreeMap::new();
        for kind in std::fs::read_dir(&folder).unwrap() {
            let kind = kind.unwrap().path();
            for file in std::fs::read_dir(&kind).unwrap() {
                let path = file.unwrap().path();
                let name = path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
                there.insert(name, std::fs::read_to_string(path).unwrap());
            }
        }
        assert_eq!(files(), there);
        assert!(FILES.is_sorted_by(|a, b| a.0 < b.0), "each once, in order");
    }

    /// The documents by kind and id, and the samples by id.
    fn read() -> (BTreeMap<String, Document>, BTreeMap<String, Sample>) {
        let (mut documents, mut samples) = (BTreeMap::new(), BTreeMap::new());
        for (path, text) in FILES {
            let (kind, id) = path.strip_suffix(".yaml").unwrap().split_once('/').unwrap();

            let document = match kind {
                "flows" => serde_saphyr::from_str(text).map(Document::Flow),
                "maps" => serde_saphyr::from_str(text).map(Document::Map),
                "tables" => serde_saphyr::from_str(text).map(Document::Table),
                "checks" => serde_saphyr::from_str(text).map(Document::Check),
                _ => {
                    let sample =
                        Sample::read(text).unwrap_or_else(|error| panic!("{path}: {error}"));
                    assert_eq!(sample.document.id, id);
                    samples.insert(id.to_owned(), sample);
                    continue;
                }
            };
            let document = document.unwrap_or_else(|error| panic!("{path}: {error}"));
            assert_eq!(document.head().id, id, "{path}");
            documents.insert(format!("{kind}/{id}"), document);
        }
        (documents, samples)
    }

    #[test]
    fn every_document_reads_and_every_flow_has_samples() {
        let (documents, samples) = read();
        for (id, sample) in &samples {
            let like = sample.like.as_ref();
            assert!(like.is_none_or(|like| samples.contains_key(like)), "{id}: like {like:?}");
            let of = sample.flow.as_ref().map(|flow| format!("flows/{flow}"));
            let of = of.or(sample.map.as_ref().map(|map| format!("maps/{map}"))).unwrap();
            assert!(documents.contains_key(&of), "{id}: there is no {of}");
        }
        for (path, document) in &documents {
            match document {
                Document::Map(map) => {
                    let known = |test: &MapTest| samples.contains_key(&test.0);
                    assert!(map.tests.iter().all(known), "{path}");
                }
                Document::Flow(flow) => {
                    let of = |sample: &Sample| sample.flow.as_deref() == Some(&flow.document.id);
                    assert!(samples.values().any(of), "{path} has no sample");
                }
                Document::Table(_) | Document::Check(_) => {}
            }
        }
    }

    #[test]
    fn what_is_posted_rests_on_what_is_known() {
        let (documents, _) = read();
        let texts = entity::texts();
        for document in documents.values() {
            let Document::Map(map) = document else { continue };
            let posted = action::find(&map.to).is_some_and(|action| action.available);
            let Some(text) = texts.iter().find(|text| text.entity == map.to && posted) else {
                continue;
            };
            for name in map.fields.keys().chain(map.each.keys()) {
                let known = text.fields[name].tag.as_ref().unwrap_or(&text.tag);
                assert!(["O", "R", "ours"].contains(&known.as_str()), "{}.{name}: {known}", map.to);
            }
        }
    }

    #[test]
    fn the_catalogue_is_named_by_its_content() {
        assert_eq!(catalogue_hash().len(), 64);
        assert_eq!(catalogue_hash(), catalogue_hash());
    }
}
