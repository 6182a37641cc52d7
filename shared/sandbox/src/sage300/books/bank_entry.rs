//! Bank entries: charges and deposits that are no receipts. They post as they are entered: no post
//! process is listed for them. [O]

use rust_decimal::Decimal;
use serde_json::Value;

use super::super::resource::Row;
use super::Books;
use super::batch::Kind;
use super::cell::{amount, date, day, filled, flag, lines, number, put, rounded, text};
use super::general_ledger::Journal;
use super::masters::shape_of;
use super::merge;
use super::refusal::{self, Outcome};

impl Books {
    /// # Errors
    /// When the entry is not in order.
    pub(super) fn insert_bank_entry(&mut self, payload: &Row) -> Outcome<Row> {
        let shape = shape_of("BKBankEntries")?;
        let mut row = Row::new();
        merge::apply(shape, &mut row, payload)?;
        let code = text(&row, "BankCode").to_owned();
        let bank = self.masters.find("BKBanks", &code);
        let bank = bank.ok_or_else(|| refusal::unknown("Bank code", &code))?;
        if flag(bank, "Inactive") {
            return Err(refusal::inactive("Bank", &code));
        }
        let account = text(bank, "BankAccount").to_owned();
        let currency = text(bank, "StatementCurrency").to_owned();
        let on = date(&row, "BankEntryDate").unwrap_or(self.today);
        let posting_date = date(&row, "PostingDate").unwrap_or(on);
        let period = self.calendar.period(posting_date);
        let period = period.ok_or_else(|| refusal::no_period("Bank Entry Date"))?;
        if self.calendar.is_locked("BK", period) {
            return Err(refusal::locked_period(period.year, period.number));
        }
        let rate = self.rate(&currency, posting_date)?;
        let deposits = text(&row, "BankEntryType") == "Deposits";
        let sign = if deposits { Decimal::ONE } else { -Decimal::ONE };
        let mut journal = Journal {
            source_type: "BK",
            date: posting_date,
            period,
            currency: currency.clone(),
            rate,
            description: text(&row, "EntryDescription").to_owned(),
            reference: text(&row, "EntryReference").to_owned(),
            lines: Vec::new(),
        };
        let total = self.bank_details(&row, sign, &mut journal)?;
        journal.line(&account, journal.gap(), total * sign);
        *self.bank_balances.entry(code).or_default() += total * sign;
        put(&mut row, "BankEntryDate", day(on));
        put(&mut row, "PostingDate", day(posting_date));
        put(&mut row, "SourceCurrency", currency);
        put(&mut row, "ExchangeRate", number(rate));
        put(&mut row, "SourceAmount", number(total));
        put(&mut row, "FunctionalAmount", number(self.functional(total, rate)));
        put(&mut row, "Posted", true);
        period.write(&mut row);
        if filled(&row, "BankEntryNumber").is_none() {
            put(&mut row, "BankEntryNumber", self.counters.number("BE", 10));
        }
        let sequence = self.counters.take("BK");
        put(&mut row, "PostingSequence", sequence);
        self.hand_to_ledger(Kind::Receipts, sequence, vec![journal]);
        let number = self.sequences.bank_entries.add(row);
        let stored = self.sequences.bank_entries.find_mut(number);
        let stored = stored.ok_or_else(refusal::not_found)?;
        merge::hand_down(shape, stored);
        Ok(stored.clone())
    }

    fn bank_details(&self, row: &Row, sign: Decimal, journal: &mut Journal) -> Outcome<Decimal> {
        let mut total = Decimal::ZERO;
        for detail in lines(row, "BankEntryDetail") {
            let account = match filled(detail, "GLAccount") {
                Some(account) => self.known_account(account)?,
                None => self.bank_distribution(text(detail, "DistributionCode"))?,
            };
            let part = amount(detail, "SourceAmount").unwrap_or_default();
            let part = rounded(part, self.places(&journal.currency));
            let functional = self.functional(part, journal.rate);
            journal.line(&account, -functional * sign, -part * sign);
            total += part;
        }
        if total.is_zero() {
            return Err(refusal::invalid("The bank entry has no amount."));
        }
        Ok(total)
    }

    fn bank_distribution(&self, code: &str) -> Outcome<String> {
        let row = self.masters.find("BKBankDistributionCodes", code);
        let row = row.ok_or_else(|| refusal::unknown("Distribution code", code))?;
        Ok(row.get("GLAccount").and_then(Value::as_str).unwrap_or_default().to_owned())
    }
}
