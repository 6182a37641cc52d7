//! Customers: what a group supplies, and what posted documents make of a customer's account.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::super::resource::{Key, Row};
use super::Books;
use super::cell::{amount, day, day_or_null, filled, number, put, text};
use super::document::{Class, Document};
use super::refusal::{self, Outcome};

/// What the posted documents of a customer come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    pub balance: Decimal,
    pub functional_balance: Decimal,
    pub prepaid: Decimal,
    pub functional_prepaid: Decimal,
    pub open_documents: i64,
    pub paid_documents: i64,
    pub open_prepayments: i64,
    pub last_activity: Option<Date>,
    /// The latest document of each class: its date and amount.
    pub latest: BTreeMap<Class, (Date, Decimal)>,
    pub last_adjustment: Option<Date>,
}

/// What a group supplies to its customers. [O]
const FROM_GROUP: [&str; 6] =
    ["AccountSet", "BillingCycle", "InterestProfile", "AccountType", "Terms", "TaxGroup"];

const CHECKED: [(&str, &str, &str); 4] = [
    ("AccountSet", "ARAccountSets", "Account set"),
    ("Terms", "ARTerms", "Terms code"),
    ("CurrencyCode", "CSCurrencyCodes", "Currency code"),
    ("PaymentCode", "ARPaymentCodes", "Payment code"),
];

impl Books {
    /// Fills in what the group supplies and checks the codes.
    ///
    /// # Errors
    /// When a code does not exist.
    pub(super) fn settle_customer(&self, row: &mut Row) -> Outcome<()> {
        let group = text(row, "GroupCode");
        if group.is_empty() {
            return Err(refusal::field("Customer group code cannot be blank."));
        }
        let Some(group) = self.masters.find("ARCustomerGroups", group) else {
            return Err(refusal::unknown("Customer group code", group));
        };
        for name in FROM_GROUP {
            if filled(row, name).is_none()
                && let Some(value) = group.get(name)
            {
                row.insert(name.to_owned(), value.clone());
            }
        }
        let account_set = self.masters.find("ARAccountSets", text(row, "AccountSet"));
        if filled(row, "CurrencyCode").is_none()
            && let Some(set) = account_set
        {
            let currency = text(set, "CurrencyCode").to_owned();
            put(row, "CurrencyCode", currency);
        }
        for (name, resource, what) in CHECKED {
            let code = text(row, name);
            if !code.is_empty() && self.masters.find(resource, code).is_none() {
                return Err(refusal::unknown(what, code));
            }
        }
        for (name, value) in [("Status", "Active"), ("OnHold", "No"), ("RateType", "SP")] {
            if filled(row, name).is_none() {
                put(row, name, value);
            }
        }
        Ok(())
    }

    /// # Errors
    /// When the customer has a balance or documents.
    pub(super) fn may_delete_customer(&self, key: &Key) -> Outcome<()> {
        let number = key.get("CustomerNumber").and_then(|value| value.as_str()).unwrap_or_default();
        match self.standings.get(number) {
            Some(standing) if !standing.balance.is_zero() => Err(refusal::invalid(format!(
                "Customer {number} cannot be deleted. The customer has an outstanding balance."
            ))),
            Some(_) => Err(refusal::invalid(format!(
                "Customer {number} cannot be deleted. There are posted documents."
            ))),
            None => Ok(()),
        }
    }

    /// The customer's record, when there is one.
    ///
    /// # Errors
    /// When there is none, or it is inactive.
    pub(super) fn active_customer(&self, number: &str) -> Outcome<&Row> {
        let found = self.masters.find("ARCustomers", number);
        let row = found.ok_or_else(|| refusal::unknown("Customer number", number))?;
        if text(row, "Status") == "Inactive" {
            return Err(refusal::inactive("Customer", number));
        }
        Ok(row)
    }

    /// The record as it is read: set-up and the figures of the account.
    pub(super) fn customer_row(&self, stored: &Row, past_due: bool) -> Row {
        let mut row = stored.clone();
        let customer = text(stored, "CustomerNumber");
        if past_due {
            put(&mut row, "AmountPastDue", number(self.past_due(customer)));
        }
        let Some(standing) = self.standings.get(customer) else { return row };
        standing.write(&mut row);
        row
    }

    fn past_due(&self, customer: &str) -> Decimal {
        let late = |document: &&Document| document.due_date.is_some_and(|due| due < self.today);
        self.documents.open_of(customer).filter(late).map(|document| document.due).sum()
    }

    /// Takes a change of a document's amount due into its customer's figures. `before` is the due
    /// amount that was there, nothing for a new document.
    pub(super) fn restate(&mut self, document: &Document, before: Option<(Decimal, Decimal)>) {
        let standing = self.standings.entry(document.customer.clone()).or_default();
        let (due, functional) = before.unwrap_or_default();
        let (change, functional_change) =
            (document.due - due, document.functional_due - functional);
        standing.balance += change;
        standing.functional_balance += functional_change;
        let opened = i64::from(!document.due.is_zero()) - i64::from(!due.is_zero());
        standing.open_documents += opened;
        standing.paid_documents += match before {
            Some(_) => -opened,
            None => i64::from(document.due.is_zero()),
        };
        if document.class == Class::Prepayment {
            standing.prepaid -= change;
            standing.functional_prepaid -= functional_change;
            standing.open_prepayments += opened;
        }
        let activity = document.last_activity.max(Some(document.date));
        standing.last_activity = standing.last_activity.max(activity);
        if before.is_none() {
            let latest = (document.date, document.amount.abs());
            let known = standing.latest.entry(document.class).or_insert(latest);
            if known.0 <= document.date {
                *known = latest;
            }
        }
    }
}

impl Standing {
    fn write(&self, row: &mut Row) {
        put(row, "BalanceDueInCustomerCurrency", number(self.balance));
        put(row, "BalanceDueInFunctionalCurrency", number(self.functional_balance));
        put(row, "NumberOfOpenDocuments", self.open_documents);
        put(row, "NumberOfPaidDocuments", self.paid_documents);
        put(row, "AmountPrepaidCustomerCurrency", number(self.prepaid));
        put(row, "AmountPrepaidFunctionalCurrency", number(self.functional_prepaid));
        put(row, "NumberOfOpenPrepayments", self.open_prepayments);
        put(row, "DateOfLastActivity", day_or_null(self.last_activity));
        put(row, "DateOfLastAdjustment", day_or_null(self.last_adjustment));
        for (name, amount_name, classes) in [
            ("DateOfLastInvoice", "LastInvoiceCustomerCurrency", &[Class::Invoice][..]),
            ("DateOfLastCreditNote", "", &[Class::CreditNote]),
            ("DateOfLastDebitNote", "", &[Class::DebitNote]),
            ("DateOfLastRefund", "LastRefundCustomerCurrency", &[Class::Refund]),
            (
                "DateOfLastReceipt",
                "LastReceiptCustomerCurrency",
                &[Class::Receipt, Class::Prepayment, Class::UnappliedCash],
            ),
        ] {
            let found = classes.iter().filter_map(|class| self.latest.get(class)).max();
            let Some((date, amount)) = found else { continue };
            put(row, name, day(*date));
            if !amount_name.is_empty() {
                put(row, amount_name, number(*amount));
            }
        }
    }
}

impl Books {
    /// Bank codes are the A/R payer's own; their accounts must be in the general ledger.
    ///
    /// # Errors
    /// When a general ledger account does not exist.
    pub(super) fn settle_bank(&self, row: &mut Row) -> Outcome<()> {
        for name in ["BankAccount", "WriteOffAccount", "CreditCardChargesAccount"] {
            let account = text(row, name);
            if !account.is_empty() && self.masters.find("GLAccounts", account).is_none() {
                return Err(refusal::unknown("Account", account));
            }
        }
        if filled(row, "StatementCurrency").is_none() {
            put(row, "StatementCurrency", self.functional_currency());
        }
        Ok(())
    }

    pub(super) fn bank_row(&self, stored: &Row) -> Row {
        let mut row = stored.clone();
        let balance = self.bank_balances.get(text(stored, "BankCode")).copied().unwrap_or_default();
        put(&mut row, "CurrentBalance", number(balance));
        row
    }

    pub(super) fn functional_currency(&self) -> String {
        let profile = self.masters.rows("CSCompanyProfile").next();
        profile.map(|row| text(row, "FunctionalCurrency").to_owned()).unwrap_or_default()
    }

    /// Decimals of a currency. [O]
    pub(super) fn places(&self, currency: &str) -> u32 {
        let row = self.masters.find("CSCurrencyCodes", currency);
        match row.map_or("", |row| text(row, "DecimalPlaces")) {
            "Num0" => 0,
            "Num1" => 1,
            "Num3" => 3,
            _ => 2,
        }
    }

    /// The rate of a currency into the functional one on a day: the latest not after it.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn rate(&self, currency: &str, on: Date) -> Outcome<Decimal> {
        let functional = self.functional_currency();
        if currency == functional {
            return Ok(Decimal::ONE);
        }
        let table = self.masters.find("CSCurrencyRates", &format!("{functional}\u{1}SP"));
        let details = table.into_iter().flat_map(|t| super::cell::lines(t, "CurrencyRateDetail"));
        details
            .filter(|line| text(line, "FromCurrency") == currency)
            .filter_map(|line| Some((super::cell::date(line, "RateDate")?, amount(line, "Rate")?)))
            .filter(|(date, _)| *date <= on)
            .max()
            .map(|(_, rate)| rate)
            .ok_or_else(|| refusal::field(format!("There is no rate for {currency} on {on}.")))
    }

    /// In functional currency.
    pub(super) fn functional(&self, amount: Decimal, rate: Decimal) -> Decimal {
        super::cell::rounded(amount * rate, self.places(&self.functional_currency()))
    }
}
