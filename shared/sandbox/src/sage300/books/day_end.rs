//! Day end: what Order Entry invoiced and credited since the last one goes to A/R as one invoice
//! batch, which still has to be posted unless the options say otherwise. [O]

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::resource::{Key, Row};
use super::Books;
use super::batch::Kind;
use super::cell::{filled, number, put, text};
use super::refusal::Outcome;
use super::sale::SaleLine;

/// A document of Order Entry that A/R has not seen.
#[derive(Debug, Clone)]
pub struct Unsent {
    resource: &'static str,
    uniquifier: i64,
    lines: Vec<SaleLine>,
}

impl Books {
    pub(super) fn queue_for_day_end(
        &mut self,
        resource: &'static str,
        uniquifier: i64,
        lines: Vec<SaleLine>,
    ) {
        self.unsent.push(Unsent { resource, uniquifier, lines });
    }

    /// # Errors
    /// When A/R does not take a document; nothing is sent then.
    pub(super) fn day_end(&mut self, now: Timestamp) -> Outcome<()> {
        if self.unsent.is_empty() {
            return Ok(());
        }
        let entries: Vec<Value> =
            self.unsent.iter().filter_map(|unsent| self.receivable(unsent)).collect();
        let run = self.counters.take("day end");
        let mut payload = Row::new();
        put(&mut payload, "Description", format!("Order Entry day end {run}"));
        put(&mut payload, "SourceApplication", "OE");
        put(&mut payload, "BatchType", "Generated");
        payload.insert("Invoices".into(), json!(entries));
        let batch = self.create_batch(Kind::Invoices, &payload)?;
        for unsent in std::mem::take(&mut self.unsent) {
            self.mark_sent(&unsent, run);
        }
        if self.options.day_end_posts_invoices {
            let key = Key::from([("BatchNumber".to_owned(), Value::from(batch))]);
            let mut ready = Row::new();
            put(&mut ready, "BatchStatus", "ReadyToPost");
            self.change_batch(Kind::Invoices, &key, &ready)?;
            self.post_ready(now, Kind::Invoices, batch, batch)?;
        }
        Ok(())
    }

    /// The document as an entry of an A/R invoice batch.
    fn receivable(&self, unsent: &Unsent) -> Option<Value> {
        let row = self.sequences.of(unsent.resource)?.find(unsent.uniquifier)?;
        let mut entry = Row::new();
        let names: &[(&str, &str)] = match unsent.resource {
            "OEInvoices" => &[
                ("DocumentNumber", "InvoiceNumber"),
                ("DocumentDate", "InvoiceDate"),
                ("DueDate", "DueDate"),
                ("ShipmentNumber", "ShipmentNumber"),
            ],
            _ => &[
                ("DocumentNumber", "CreditDebitNoteNumber"),
                ("DocumentDate", "CreditDebitNoteDate"),
                ("DueDate", "CreditDebitNoteDate"),
                ("DocumentType", "CreditDebitNoteType"),
                ("ApplytoDocument", "InvoiceNumber"),
            ],
        };
        let shared = [
            ("CustomerNumber", "CustomerNumber"),
            ("PostingDate", "PostingDate"),
            ("OrderNumber", "OrderNumber"),
            ("PONumber", "PurchaseOrderNumber"),
            ("TaxGroup", "TaxGroup"),
        ];
        for (name, from) in names.iter().chain(&shared) {
            if let Some(value) = row.get(*from).filter(|value| *value != "") {
                entry.insert((*name).to_owned(), value.clone());
            }
        }
        if let Some(order) = filled(row, "PurchaseOrderNumber") {
            put(&mut entry, "PONumber", order.to_uppercase());
        }
        if filled(&entry, "DocumentType").is_none() {
            put(&mut entry, "DocumentType", "Invoice");
        }
        put(&mut entry, "InvoiceType", "Summary");
        put(&mut entry, "SourceApplication", "OE");
        let about = filled(row, "Description").unwrap_or(text(row, "OrderReference"));
        put(&mut entry, "InvoiceDescription", about);
        let sold = unsent.lines.iter().filter(|line| !line.extended.is_zero());
        let details: Vec<Row> = sold
            .map(|line| {
                let mut detail = line.tax_classes.clone();
                put(&mut detail, "RevenueAccount", line.account);
                put(&mut detail, "Description", line.description.as_str());
                put(&mut detail, "ExtendedAmountWithTIP", number(line.extended));
                detail
            })
            .collect();
        entry.insert("InvoiceDetails".into(), json!(details));
        Some(Value::Object(entry))
    }

    fn mark_sent(&mut self, unsent: &Unsent, run: i64) {
        if unsent.resource == "OECreditDebitNotes" {
            if let Some(note) = self.sequences.notes.find_mut(unsent.uniquifier) {
                put(note, "DayEndNumber", run);
            }
            return;
        }
        let Some(invoice) = self.sequences.invoices.find_mut(unsent.uniquifier) else { return };
        put(invoice, "DayEndNumber", run);
        put(invoice, "InvoiceStatus", "Documentcosted");
        let order = text(invoice, "OrderNumber").to_owned();
        if let Some(order) = self.sequences.orders.named_mut(&order)
            && text(order, "OrderCompleted") == "CompleteNotIncluded"
        {
            put(order, "OrderCompleted", "CompleteDayEnd");
        }
    }
}
