//! A receipt or adjustment entry as the bookkeeper reads it, defaults filled in.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::super::resource::Row;
use super::Books;
use super::batch::Kind;
use super::calendar::Period;
use super::cell::{amount, date, filled, lines, nonzero, rounded, text};
use super::document::Class;
use super::refusal::{self, Outcome};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Receipt,
    Prepayment,
    UnappliedCash,
    ApplyDocument,
    Miscellaneous,
    Adjustment,
}

impl Purpose {
    fn of(kind: Kind, member: &str) -> Self {
        match member {
            _ if kind == Kind::Adjustments => Self::Adjustment,
            "Prepayment" => Self::Prepayment,
            "UnappliedCash" => Self::UnappliedCash,
            "ApplyDocument" => Self::ApplyDocument,
            "MiscellaneousReceipt" => Self::Miscellaneous,
            "Adjustment" | "WriteOff" => Self::Adjustment,
            _ => Self::Receipt,
        }
    }

    #[must_use]
    pub fn brings_cash(self) -> bool {
        !matches!(self, Self::ApplyDocument | Self::Adjustment)
    }

    /// How the numbers of documents begin. [V]
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Prepayment => "PP",
            Self::UnappliedCash => "UC",
            Self::Adjustment => "AD",
            _ => "PY",
        }
    }

    /// The class and transaction type of the posted document.
    #[must_use]
    pub fn document(self) -> Option<(Class, &'static str)> {
        match self {
            Self::Receipt => Some((Class::Receipt, "ReceiptPosted")),
            Self::Prepayment => Some((Class::Prepayment, "PrepaymentPosted")),
            Self::UnappliedCash => Some((Class::UnappliedCash, "UnappliedCashPosted")),
            _ => None,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Receipt {
    pub purpose: Purpose,
    pub customer: String,
    pub customer_name: String,
    pub account_set: String,
    pub check: String,
    pub date: Date,
    pub posting_date: Date,
    pub period: Period,
    pub bank: String,
    pub bank_currency: String,
    pub bank_amount: Decimal,
    pub bank_rate: Decimal,
    pub currency: String,
    pub amount: Decimal,
    pub rate: Decimal,
    pub payment_code: String,
    pub payment_type: String,
    /// Of an `ApplyDocument`: the credit to be applied. Of others: their own number.
    pub document: String,
    pub applied: Vec<Applied>,
    pub shares: Vec<Share>,
}

/// A line on a customer's document.
#[derive(Debug, Clone)]
pub struct Applied {
    pub customer: String,
    pub document: String,
    pub amount: Decimal,
    pub discount: Decimal,
    /// What adjustments take off the amount due.
    pub adjustment: Decimal,
    /// Accounts of the adjustments, each with its part.
    pub accounts: Vec<(String, Decimal)>,
}

impl Applied {
    /// What the line takes off the document's amount due.
    #[must_use]
    pub fn reduction(&self) -> Decimal {
        self.amount + self.discount + self.adjustment
    }
}

/// A line of a miscellaneous receipt.
#[derive(Debug, Clone)]
pub struct Share {
    pub account: String,
    pub amount: Decimal,
}

impl Receipt {
    #[must_use]
    pub fn total_applied(&self) -> Decimal {
        self.applied.iter().map(|line| line.amount).sum()
    }

    #[must_use]
    pub fn unapplied(&self) -> Decimal {
        match self.purpose {
            Purpose::Receipt | Purpose::UnappliedCash => self.amount - self.total_applied(),
            _ => Decimal::ZERO,
        }
    }
}

impl Books {
    /// # Errors
    /// When a code does not exist, or a needed value is missing.
    pub(super) fn read_receipt(&self, kind: Kind, header: &Row, entry: &Row) -> Outcome<Receipt> {
        let purpose = Purpose::of(kind, text(entry, "ReceiptTransactionType"));
        let batch_date = self.batch_date(header);
        let day = date(entry, "ReceiptDateAdjustmentDate").unwrap_or(batch_date);
        let posting_date = date(entry, "PostingDate").unwrap_or(batch_date);
        let period = self.calendar.period(posting_date);
        let period = period.ok_or_else(|| refusal::no_period("Posting Date"))?;
        let bank = self.bank_of(header, entry)?;
        let bank_currency = bank.1;
        let customer = text(entry, "CustomerNumber").to_owned();
        let record = match purpose {
            Purpose::Miscellaneous => None,
            _ => Some(self.active_customer(&customer)?),
        };
        let of = |name: &str| record.map(|row| text(row, name)).unwrap_or_default().to_owned();
        let currency = if record.is_some() { of("CurrencyCode") } else { bank_currency.clone() };
        let rate = match nonzero(entry, "CustomerExchangeRate") {
            Some(rate) if currency != self.functional_currency() => rate,
            _ => self.rate(&currency, posting_date)?,
        };
        let same = currency == bank_currency;
        let bank_rate = match nonzero(header, "BankExchangeRate") {
            Some(bank_rate) if !same && bank_currency != self.functional_currency() => bank_rate,
            _ if same => rate,
            _ => self.rate(&bank_currency, posting_date)?,
        };
        let payment_code = self.payment_code_of(purpose, record, entry);
        let payment_type = match self.masters.find("ARPaymentCodes", &payment_code) {
            Some(code) => text(code, "PaymentType").to_owned(),
            None if purpose.brings_cash() => {
                return Err(refusal::unknown("Payment code", &payment_code));
            }
            None => String::new(),
        };
        let mut receipt = Receipt {
            purpose,
            customer,
            customer_name: of("CustomerName"),
            account_set: filled(entry, "AccountSet").map_or_else(|| of("AccountSet"), Into::into),
            check: text(entry, "CheckReceiptNumber").to_owned(),
            date: day,
            posting_date,
            period,
            bank: bank.0,
            bank_currency,
            bank_amount: Decimal::ZERO,
            bank_rate,
            currency,
            amount: Decimal::ZERO,
            rate,
            payment_code,
            payment_type,
            document: text(entry, "DocumentNumber").to_owned(),
            applied: Vec::new(),
            shares: Vec::new(),
        };
        receipt.applied = self.applied_lines(&receipt, entry)?;
        receipt.shares = self.shares(&receipt, entry)?;
        self.read_amounts(&mut receipt, entry)?;
        Ok(receipt)
    }

    fn bank_of(&self, header: &Row, entry: &Row) -> Outcome<(String, String)> {
        let code = filled(entry, "BankCode").or(filled(header, "BankCode")).unwrap_or_default();
        let row = self.masters.find("BKBanks", code);
        let row = row.ok_or_else(|| refusal::unknown("Bank code", code))?;
        let statement = text(row, "StatementCurrency");
        let currency = filled(entry, "BankCurrencyCode")
            .or(filled(header, "DefaultBankCurrency"))
            .unwrap_or(statement);
        let held = lines(row, "BankCurrencies").any(|line| text(line, "CurrencyCode") == currency);
        if currency != statement && !held {
            return Err(refusal::field(format!("Bank {code} has no currency {currency}.")));
        }
        Ok((code.to_owned(), currency.to_owned()))
    }

    fn payment_code_of(&self, purpose: Purpose, record: Option<&Row>, entry: &Row) -> String {
        if !purpose.brings_cash() {
            return text(entry, "PaymentCode").to_owned();
        }
        let customers = record.and_then(|row| filled(row, "PaymentCode"));
        filled(entry, "PaymentCode").or(customers).unwrap_or(super::DEFAULT_PAYMENT_CODE).to_owned()
    }

    /// In one currency, what was assigned last is the amount. [O: order of properties]
    fn read_amounts(&self, receipt: &mut Receipt, entry: &Row) -> Outcome<()> {
        let bank = amount(entry, "BankReceiptAmount");
        let customer = amount(entry, "CustomerReceiptAmount");
        let place = |name: &str| entry.keys().position(|key| key == name);
        let applied = receipt.total_applied();
        let shared: Decimal = receipt.shares.iter().map(|share| share.amount).sum();
        if receipt.currency == receipt.bank_currency {
            let customer_last = place("CustomerReceiptAmount") > place("BankReceiptAmount");
            let said = if customer_last { customer.or(bank) } else { bank.or(customer) };
            let amount = match receipt.purpose {
                Purpose::ApplyDocument => applied,
                Purpose::Adjustment => Decimal::ZERO,
                Purpose::Miscellaneous => said.unwrap_or(shared),
                _ => said.unwrap_or(applied),
            };
            receipt.amount = rounded(amount, self.places(&receipt.currency));
            receipt.bank_amount =
                if receipt.purpose.brings_cash() { receipt.amount } else { Decimal::ZERO };
            return Ok(());
        }
        match receipt.purpose {
            Purpose::ApplyDocument => receipt.amount = applied,
            Purpose::Adjustment => {}
            _ => {
                let (Some(bank), Some(customer)) = (bank, customer) else {
                    return Err(refusal::invalid(format!(
                        "The receipt is in {} and customer {} in {}.\nEnter the bank receipt \
                         amount and the customer receipt amount.",
                        receipt.bank_currency, receipt.customer, receipt.currency
                    )));
                };
                receipt.bank_amount = rounded(bank, self.places(&receipt.bank_currency));
                receipt.amount = rounded(customer, self.places(&receipt.currency));
            }
        }
        Ok(())
    }

    fn applied_lines(&self, receipt: &Receipt, entry: &Row) -> Outcome<Vec<Applied>> {
        use Purpose::{Adjustment, ApplyDocument, Receipt as Cash};
        if !matches!(receipt.purpose, Cash | ApplyDocument | Adjustment) {
            return Ok(Vec::new());
        }
        let places = self.places(&receipt.currency);
        let read = |line: &Row| {
            let money = |name: &str| rounded(amount(line, name).unwrap_or_default(), places);
            let accounts = self.adjustment_accounts(receipt, line)?;
            Ok(Applied {
                customer: filled(line, "CustomerNumber").unwrap_or(&receipt.customer).to_owned(),
                document: text(line, "DocumentNumber").to_owned(),
                amount: match receipt.purpose {
                    Adjustment => Decimal::ZERO,
                    _ => money("CustomerReceiptAmount"),
                },
                discount: money("CustomerDiscountAmountTaken"),
                adjustment: accounts.iter().map(|(_, part)| *part).sum(),
                accounts,
            })
        };
        lines(entry, "AppliedReceiptsAdjustments").map(read).collect()
    }

    /// Accounts of a line's adjustments, with what each takes off the amount due.
    fn adjustment_accounts(
        &self,
        receipt: &Receipt,
        line: &Row,
    ) -> Outcome<Vec<(String, Decimal)>> {
        let sign =
            if self.options.positive_adjustment_credits { Decimal::ONE } else { -Decimal::ONE };
        let places = self.places(&receipt.currency);
        let mut accounts = Vec::new();
        for share in lines(line, "AdjustmentGLDistributions") {
            let part = rounded(amount(share, "DistributionAmount").unwrap_or_default(), places);
            let account = match filled(share, "DistributionGLAccount") {
                Some(account) => self.known_account(account)?,
                None => self.distribution_account(text(share, "DistributionCode"))?,
            };
            accounts.push((account, part * sign));
        }
        if accounts.is_empty()
            && let Some(total) = nonzero(line, "CustomerAdjustmentTotal")
        {
            let account = self.set_account(&receipt.account_set, "WriteOffsAccount");
            accounts.push((account, rounded(total, places) * sign));
        }
        Ok(accounts)
    }

    fn shares(&self, receipt: &Receipt, entry: &Row) -> Outcome<Vec<Share>> {
        if receipt.purpose != Purpose::Miscellaneous {
            return Ok(Vec::new());
        }
        let places = self.places(&receipt.currency);
        let read = |line: &Row| {
            let account = match filled(line, "AccountNumber") {
                Some(account) => self.known_account(account)?,
                None => self.distribution_account(text(line, "DistributionCode"))?,
            };
            let amount = amount(line, "DistributionAmount").unwrap_or_default();
            Ok(Share { account, amount: rounded(amount, places) })
        };
        lines(entry, "MiscellaneousReceipts").map(read).collect()
    }

    /// # Errors
    /// When there is no such account.
    pub(super) fn known_account(&self, account: &str) -> Outcome<String> {
        match self.masters.find("GLAccounts", account) {
            Some(_) => Ok(account.to_owned()),
            None => Err(refusal::unknown("Account", account)),
        }
    }

    /// # Errors
    /// When there is no such distribution code.
    pub(super) fn distribution_account(&self, code: &str) -> Outcome<String> {
        let row = self.masters.find("ARDistributionCodes", code);
        let row = row.ok_or_else(|| refusal::unknown("Distribution code", code))?;
        Ok(text(row, "RevenueAccount").to_owned())
    }

    /// An account of an account set.
    pub(super) fn set_account(&self, set: &str, name: &str) -> String {
        let row = self.masters.find("ARAccountSets", set);
        row.map(|row| text(row, name).to_owned()).unwrap_or_default()
    }
}
