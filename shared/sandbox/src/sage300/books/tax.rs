//! Sales tax: a group's authorities, each with a rate by item class.

use rust_decimal::Decimal;

use super::super::resource::Row;
use super::Books;
use super::cell::{amount, flag, integer, number, put, rounded, text};
use super::refusal::{self, Outcome};

/// One authority's tax on one line.
#[derive(Debug, Clone)]
pub struct Tax {
    pub authority: String,
    /// Where the liability is booked.
    pub account: String,
    pub base: Decimal,
    pub amount: Decimal,
}

impl Books {
    /// The taxes on a line of that amount, and what of it is not tax.
    ///
    /// # Errors
    /// When there is no such tax group.
    pub(super) fn taxes(
        &self,
        group: &str,
        line: &Row,
        extended: Decimal,
        places: u32,
    ) -> Outcome<(Decimal, Vec<Tax>)> {
        if group.is_empty() {
            return Ok((extended, Vec::new()));
        }
        let row = self.masters.find("TXTaxGroups", &format!("{group}\u{1}Sales"));
        let row = row.ok_or_else(|| refusal::unknown("Tax group", group))?;
        let mut rates = Vec::new();
        for place in 1..=5_u8 {
            let authority = text(row, &format!("TaxAuthority{place}"));
            if authority.is_empty() {
                continue;
            }
            let class = integer(line, &format!("TaxClass{place}")).filter(|class| *class > 0);
            rates.push((authority.to_owned(), self.tax_rate(authority, class.unwrap_or(1))));
        }
        let whole: Decimal = rates.iter().map(|(_, rate)| *rate).sum();
        let base = match flag(line, "TaxIncluded1") {
            true => rounded(extended / (Decimal::ONE + whole), places),
            false => extended,
        };
        let tax = |(authority, rate): (String, Decimal)| {
            let account = self.masters.find("TXTaxAuthorities", &authority);
            let account = account.map(|row| text(row, "TaxLiabilityAccount").to_owned());
            Tax {
                authority,
                account: account.unwrap_or_default(),
                base,
                amount: rounded(base * rate, places),
            }
        };
        Ok((base, rates.into_iter().map(tax).collect()))
    }

    /// A fraction: 0.05 for five percent.
    fn tax_rate(&self, authority: &str, class: i64) -> Decimal {
        let key = format!("{authority}\u{1}Sales\u{1}{:0>10}", 1);
        let row = self.masters.find("TXTaxRates", &key);
        let percent = row.and_then(|row| amount(row, &format!("ItemRate{class}")));
        percent.unwrap_or_default() / Decimal::ONE_HUNDRED
    }
}

/// Writes taxes as `TaxAuthority1`, `TaxBase1`, `TaxAmount1`, ...
pub fn write(taxes: &[Tax], row: &mut Row, total: &str) {
    for (tax, place) in taxes.iter().zip(1_u8..) {
        put(row, &format!("TaxAuthority{place}"), tax.authority.as_str());
        put(row, &format!("TaxBase{place}"), number(tax.base));
        put(row, &format!("TaxAmount{place}"), number(tax.amount));
    }
    put(row, total, number(sum(taxes)));
}

#[must_use]
pub fn sum(taxes: &[Tax]) -> Decimal {
    taxes.iter().map(|tax| tax.amount).sum()
}

/// Adds a line's taxes to a document's.
pub fn add(document: &mut Vec<Tax>, line: &[Tax]) {
    for tax in line {
        match document.iter_mut().find(|known| known.authority == tax.authority) {
            Some(known) => {
                known.base += tax.base;
                known.amount += tax.amount;
            }
            None => document.push(tax.clone()),
        }
    }
}
