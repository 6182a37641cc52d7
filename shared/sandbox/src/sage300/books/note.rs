//! Order Entry credit and debit notes.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::super::resource::Row;
use super::Books;
use super::cell::{amount, day, filled, number, put, text};
use super::masters::shape_of;
use super::merge;
use super::order::LINE_STEP;
use super::refusal::{self, Outcome};
use super::sale::{self, Names, SaleLine, Terms};

const NAMES: Names = Names { price: "UnitPrice", charge: "ExtendedAmountMiscellaneousCharge" };

impl Books {
    /// # Errors
    /// When the note is not in order.
    pub(super) fn insert_note(&mut self, payload: &Row) -> Outcome<Row> {
        let shape = shape_of("OECreditDebitNotes")?;
        let mut note = Row::new();
        merge::apply(shape, &mut note, payload)?;
        let terms = self.sale_terms(&note, "CreditDebitNoteDate")?;
        self.check_credited_invoice(&note, &terms)?;
        if let Some(number) = filled(&note, "CreditDebitNoteNumber")
            && self.sequences.notes.named(number).is_some()
        {
            return Err(refusal::duplicate(format!("Note number {number} already exists.")));
        }
        let mut lines = Vec::new();
        for detail in super::cell::lines(&note, "CreditDebitDetails") {
            let quantity = amount(detail, "QuantityReturned").unwrap_or_default();
            lines.push((self.sale_line(&terms, detail, quantity, NAMES)?, detail.clone()));
        }
        let sale_lines: Vec<SaleLine> = lines.iter().map(|(line, _)| line.clone()).collect();
        let (net, tax) = sale::totals(&sale_lines);
        if net <= Decimal::ZERO {
            return Err(refusal::invalid("The note has no amount."));
        }
        if filled(&note, "CreditDebitNoteType").is_none() {
            put(&mut note, "CreditDebitNoteType", "CreditNote");
        }
        self.take_back(&note, &lines);
        if filled(&note, "CreditDebitNoteNumber").is_none() {
            let prefix = if credits(&note) { "CN" } else { "DN" };
            let generated = self.counters.number(prefix, 13);
            put(&mut note, "CreditDebitNoteNumber", generated);
        }
        write(&mut note, &terms, &lines);
        put(&mut note, "CreditDebitNoteHomeCurrency", self.functional_currency());
        put(&mut note, "CreditDebitNoteSubtotal", number(net));
        put(&mut note, "CreditDebitNoteTotalTax", number(tax));
        put(&mut note, "CreditDebitNoteTotal", number(net + tax));
        let uniquifier = self.sequences.notes.add(note);
        self.queue_for_day_end("OECreditDebitNotes", uniquifier, sale_lines);
        let stored = self.sequences.notes.find_mut(uniquifier).ok_or_else(refusal::not_found)?;
        merge::hand_down(shape, stored);
        Ok(stored.clone())
    }

    fn check_credited_invoice(&self, note: &Row, terms: &Terms) -> Outcome<()> {
        let Some(number) = filled(note, "InvoiceNumber") else { return Ok(()) };
        match self.sequences.invoices.named(number) {
            Some(invoice) if text(invoice, "CustomerNumber") == terms.customer => Ok(()),
            Some(_) => Err(refusal::invalid(format!(
                "Invoice {number} does not belong to customer {}.",
                terms.customer
            ))),
            None => Err(refusal::unknown("Invoice number", number)),
        }
    }

    /// Items that come back to inventory are there again.
    fn take_back(&mut self, note: &Row, lines: &[(SaleLine, Row)]) {
        if !credits(note) {
            return;
        }
        for (line, detail) in lines {
            let returned = matches!(text(detail, "ReturnType"), "" | "ItemsReturnedToInventory");
            if let Some(item) = &line.item
                && returned
            {
                let quantity = amount(detail, "QuantityReturned").unwrap_or_default();
                self.stock.change(item, &line.location, quantity);
            }
        }
    }
}

fn credits(note: &Row) -> bool {
    text(note, "CreditDebitNoteType") != "DebitNote"
}

fn write(note: &mut Row, terms: &Terms, lines: &[(SaleLine, Row)]) {
    put(note, "CreditDebitNoteDate", day(terms.date));
    put(note, "PostingDate", day(terms.date));
    put(note, "CreditDebitNoteFiscalYear", terms.period.year.to_string());
    put(note, "CreditDebitNoteFiscalPeriod", terms.period.member());
    put(note, "CreditDebitNoteSourceCurrency", terms.currency.as_str());
    put(note, "CreditDebitNoteRate", number(terms.rate));
    put(note, "TaxGroup", terms.tax_group.as_str());
    put(note, "NumberOfDetails", lines.len());
    let details = lines.iter().zip(1_usize..).map(|((line, detail), at)| {
        let mut detail = detail.clone();
        put(&mut detail, "LineNumber", at.saturating_mul(LINE_STEP));
        line.write(&mut detail, Some("TaxTotal"));
        if line.item.is_some() {
            put(&mut detail, "UnitPrice", number(line.price));
        }
        Value::Object(detail)
    });
    let details: Vec<Value> = details.collect();
    note.insert("CreditDebitDetails".into(), json!(details));
}
