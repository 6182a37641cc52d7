//! A line of Order Entry, be it ordered, invoiced or taken back: item or charge, price and tax.

use rust_decimal::Decimal;

use super::super::resource::Row;
use super::Books;
use super::calendar::Period;
use super::cell::{amount, date, filled, nonzero, number, put, rounded, text};
use super::refusal::{self, Outcome};
use super::stock;
use super::tax::{self, Tax};

/// Where sales of items and charges are booked.
const ITEM_SALES: &str = "4030";
const CHARGE_SALES: &str = "4100";

#[derive(Debug, Clone)]
pub struct SaleLine {
    /// Unformatted number; none for a charge.
    pub item: Option<String>,
    pub location: String,
    pub account: &'static str,
    pub description: String,
    pub price: Decimal,
    pub taxes: Vec<Tax>,
    /// The line's `TaxClass1` to `TaxClass5`, as far as it says them.
    pub tax_classes: Row,
    pub extended: Decimal,
}

/// What a document says of all its lines.
#[derive(Debug, Clone)]
pub struct Terms {
    pub customer: String,
    pub currency: String,
    pub rate: Decimal,
    pub tax_group: String,
    pub location: String,
    pub date: jiff::civil::Date,
    pub period: Period,
}

/// Which properties of a line hold its quantity, its price and a charge's amount.
#[derive(Debug, Clone, Copy)]
pub struct Names {
    pub price: &'static str,
    pub charge: &'static str,
}

impl Books {
    /// # Errors
    /// When the customer cannot buy, or the date is in no fiscal period.
    pub(super) fn sale_terms(&self, row: &Row, date_name: &str) -> Outcome<Terms> {
        let customer = text(row, "CustomerNumber");
        let record = self.active_customer(customer)?;
        let on = date(row, date_name).unwrap_or(self.today);
        let what = if date_name == "OrderDate" { "Order Date" } else { "Credit/Debit Note Date" };
        let period = self.calendar.period(on).ok_or_else(|| refusal::no_period(what))?;
        let currency = text(record, "CurrencyCode").to_owned();
        let location = filled(row, "DefaultLocationCode").or(filled(record, "InventoryLocation"));
        Ok(Terms {
            customer: customer.to_owned(),
            rate: self.rate(&currency, on)?,
            currency,
            tax_group: filled(row, "TaxGroup").unwrap_or(text(record, "TaxGroup")).to_owned(),
            location: self.location(location.unwrap_or("1"))?,
            date: on,
            period,
        })
    }

    /// Prices a line of that quantity.
    ///
    /// # Errors
    /// When item, charge or location does not exist.
    pub(super) fn sale_line(
        &self,
        terms: &Terms,
        line: &Row,
        quantity: Decimal,
        names: Names,
    ) -> Outcome<SaleLine> {
        let places = self.places(&terms.currency);
        let location = match filled(line, "Location") {
            Some(code) => self.location(code)?,
            None => terms.location.clone(),
        };
        let (item, description, price, extended, account) =
            if text(line, "LineType") == "Miscellaneous" {
                let (description, usual) = stock::charge(text(line, "MiscellaneousChargesCode"))?;
                let amount = amount(line, names.charge).unwrap_or(usual);
                (None, description.to_owned(), amount, amount, CHARGE_SALES)
            } else {
                let item = self.item(text(line, "Item"))?;
                let number = text(item, "UnformattedItemNumber").to_owned();
                let price = nonzero(line, names.price);
                let price = price.unwrap_or_else(|| stock::list_price(&number));
                let description = text(item, "Description").to_owned();
                (Some(number), description, price, price * quantity, ITEM_SALES)
            };
        let extended = rounded(extended, places);
        let (_, taxes) = self.taxes(&terms.tax_group, line, extended, places)?;
        let description = filled(line, "Description").map_or(description, str::to_owned);
        let mut tax_classes = line.clone();
        tax_classes.retain(|name, _| name.starts_with("TaxClass"));
        Ok(SaleLine { item, location, account, description, price, taxes, tax_classes, extended })
    }
}

impl SaleLine {
    /// Writes what all kinds of lines have in common.
    pub fn write(&self, line: &mut Row, tax_total: Option<&str>) {
        put(line, "Description", self.description.as_str());
        put(line, "Location", self.location.as_str());
        put(line, "ExtendedAmount", number(self.extended));
        for (tax, place) in self.taxes.iter().zip(1_u8..) {
            put(line, &format!("TaxAmount{place}"), number(tax.amount));
        }
        if let Some(name) = tax_total {
            put(line, name, number(tax::sum(&self.taxes)));
        }
    }
}

/// Amount without tax, and tax, of all lines.
#[must_use]
pub fn totals(lines: &[SaleLine]) -> (Decimal, Decimal) {
    let net = lines.iter().map(|line| line.extended).sum();
    (net, lines.iter().map(|line| tax::sum(&line.taxes)).sum())
}
