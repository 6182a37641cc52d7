//! Posting an invoice, debit note, credit note or interest charge.

use rust_decimal::Decimal;

use super::super::resource::Row;
use super::Books;
use super::cell::{filled, put, text};
use super::document::{Class, Document, Name};
use super::general_ledger::Journal;
use super::invoice::Invoice;
use super::posting::Run;
use super::refusal::{self, Outcome};
use super::tax;

impl Books {
    /// Posts the entry, or leaves everything as it was.
    ///
    /// # Errors
    /// When the entry is no longer in order.
    pub(super) fn post_invoice(&mut self, run: &mut Run, entry: &mut Row) -> Outcome<()> {
        let invoice = self.read_invoice(&run.header, entry)?;
        if self.calendar.is_locked("AR", invoice.period) {
            return Err(refusal::locked_period(invoice.period.year, invoice.period.number));
        }
        if self.documents.find(&invoice.customer, &invoice.number).is_some() {
            return Err(self.number_taken(&invoice));
        }
        let target = filled(entry, "ApplytoDocument");
        if let Some(target) = target {
            self.document_of(&invoice.customer, target)?;
        }
        let mut journal = self.invoice_journal(&invoice, entry);
        let document = self.invoice_document(run, &invoice, entry);
        let name = document.name();
        self.add_document(document);
        if let Some(target) = target
            && invoice.class == Class::CreditNote
        {
            let target = (invoice.customer.clone(), target.to_owned());
            self.offset(&name, &target, &invoice, &mut journal);
        }
        if invoice.class == Class::Invoice {
            self.use_prepayments(&name, &invoice, entry, &mut journal);
        }
        let gains = self.set_account(&invoice.account_set, "ExchangeGainAccount");
        let losses = self.set_account(&invoice.account_set, "ExchangeLossAccount");
        journal.close(&gains, &losses);
        run.journals.push(journal);
        Ok(())
    }

    fn invoice_journal(&self, invoice: &Invoice, entry: &Row) -> Journal {
        let sign = sign(invoice);
        let mut journal = Journal {
            source_type: match invoice.class {
                Class::CreditNote => "CN",
                Class::DebitNote => "DN",
                Class::Interest => "IT",
                _ => "IN",
            },
            date: invoice.posting_date,
            period: invoice.period,
            currency: invoice.currency.clone(),
            rate: invoice.rate,
            description: text(entry, "InvoiceDescription").to_owned(),
            reference: invoice.number.clone(),
            lines: Vec::new(),
        };
        let functional = |amount: Decimal| self.functional(amount, invoice.rate);
        let control = self.set_account(&invoice.account_set, "ReceivablesControlAccount");
        let total = invoice.total() * sign;
        journal.line(&control, functional(total), total);
        for line in &invoice.lines {
            let net = -line.net * sign;
            journal.line(&line.account, functional(net), net);
        }
        for tax in &invoice.taxes {
            let amount = -tax.amount * sign;
            journal.line(&tax.account, functional(amount), amount);
        }
        journal
    }

    fn invoice_document(&self, run: &Run, invoice: &Invoice, entry: &Row) -> Document {
        let total = invoice.total() * sign(invoice);
        let functional = self.functional(total, invoice.rate);
        Document {
            customer: invoice.customer.clone(),
            number: invoice.number.clone(),
            class: invoice.class,
            transaction_type: invoice.transaction_type.clone(),
            date: invoice.date,
            due_date: Some(invoice.due_date),
            posting_date: invoice.posting_date,
            period: invoice.period,
            currency: invoice.currency.clone(),
            rate: invoice.rate,
            amount: total,
            due: total,
            functional_amount: functional,
            functional_due: functional,
            tax: tax::sum(&invoice.taxes) * sign(invoice),
            paid_on: total.is_zero().then_some(invoice.date),
            last_activity: Some(invoice.date),
            batch: run.batch,
            entry: run.entry,
            sequence: run.sequence,
            batch_date: Some(run.batch_date),
            said: self.said_of_invoice(invoice, run, entry),
        }
    }

    fn said_of_invoice(&self, invoice: &Invoice, run: &Run, entry: &Row) -> Row {
        let mut said = Row::new();
        for name in ["OrderNumber", "PONumber", "ShipmentNumber"] {
            if let Some(text) = filled(entry, name) {
                put(&mut said, name, text);
            }
        }
        for (name, from) in [
            ("DocumentDescription", "InvoiceDescription"),
            ("OriginalDocumentNumber", "ApplytoDocument"),
            ("InvoiceType", "InvoiceType"),
        ] {
            if let Some(text) = filled(entry, from) {
                put(&mut said, name, text);
            }
        }
        let source = filled(&run.header, "SourceApplication").unwrap_or("AR");
        put(&mut said, "SourceApplication", source);
        put(&mut said, "Terms", invoice.terms.as_str());
        put(&mut said, "TaxGroup", invoice.tax_group.as_str());
        put(&mut said, "AccountSet", invoice.account_set.as_str());
        if let Some(customer) = self.masters.find("ARCustomers", &invoice.customer) {
            put(&mut said, "GroupCode", text(customer, "GroupCode"));
            put(&mut said, "NationalAccountNumber", text(customer, "NationalAccount"));
        }
        said
    }

    /// Prepayments that name the invoice, its order or that the invoice names are used up. [V]
    fn use_prepayments(
        &mut self,
        invoice_name: &Name,
        invoice: &Invoice,
        entry: &Row,
        journal: &mut Journal,
    ) {
        if !self.options.matched_prepayments_apply {
            return;
        }
        let order = text(entry, "OrderNumber");
        let named = text(entry, "PrepaymentNumber");
        let fits = |document: &&Document| {
            let matching = text(&document.said, "PrepaymentApplytoDocumentNumber");
            document.class == Class::Prepayment
                && (document.number == named
                    || (!matching.is_empty() && (matching == order || matching == invoice.number)))
        };
        let matched: Vec<Name> =
            self.documents.open_of(&invoice.customer).filter(fits).map(Document::name).collect();
        for credit in matched {
            self.offset(&credit, invoice_name, invoice, journal);
        }
    }

    /// Sets a credit off against a debt, as far as both go.
    fn offset(&mut self, credit: &Name, debt: &Name, invoice: &Invoice, journal: &mut Journal) {
        let find = |name: &Name| self.documents.find(&name.0, &name.1);
        let (Some(from), Some(to)) = (find(credit), find(debt)) else { return };
        let amount = (-from.due).min(to.due);
        if amount <= Decimal::ZERO {
            return;
        }
        let account = self.credit_account(&invoice.account_set, Some(from.class));
        let control = self.credit_account(&invoice.account_set, None);
        let used = self.settle(credit, amount, invoice.date);
        journal.line(&account, used, amount);
        let paid = self.settle(debt, -amount, invoice.date);
        journal.line(&control, paid, -amount);
    }
}

fn sign(invoice: &Invoice) -> Decimal {
    if invoice.class.is_credit() { -Decimal::ONE } else { Decimal::ONE }
}
