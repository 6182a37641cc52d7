//! Items: their list prices and how many there are where.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::super::resource::{Key, Row};
use super::Books;
use super::cell::{day, filled, flag, number, put, text};
use super::refusal::{self, Outcome};

/// List prices, by unformatted item number. Price lists have no part in this company. [I]
const PRICES: [(&str, Decimal); 5] = [
    ("A11030", Decimal::from_parts(2495, 0, 0, false, 2)),
    ("A11050", Decimal::from_parts(3595, 0, 0, false, 2)),
    ("A14000", Decimal::from_parts(18900, 0, 0, false, 2)),
    ("A14500", Decimal::from_parts(12950, 0, 0, false, 2)),
    ("A16550", Decimal::from_parts(24900, 0, 0, false, 2)),
];

/// Miscellaneous charges: code, description, usual amount.
const CHARGES: [(&str, &str, Decimal); 2] = [
    ("HC", "Handling charge", Decimal::from_parts(1000, 0, 0, false, 2)),
    ("FREIGH", "Freight", Decimal::from_parts(2500, 0, 0, false, 2)),
];

/// Quantities on hand, by unformatted item and location.
#[derive(Debug, Clone)]
pub struct Stock(BTreeMap<(String, String), Decimal>);

impl Default for Stock {
    /// A hundred of each at the three places that sell.
    fn default() -> Self {
        let places = ["1", "2", "3"];
        let each = PRICES.iter().flat_map(|(item, _)| places.map(|place| (*item, place)));
        Self(each.map(|(i, p)| ((i.to_owned(), p.to_owned()), Decimal::ONE_HUNDRED)).collect())
    }
}

impl Stock {
    #[must_use]
    pub fn on_hand(&self, item: &str, location: &str) -> Decimal {
        self.0.get(&(item.to_owned(), location.to_owned())).copied().unwrap_or_default()
    }

    pub fn change(&mut self, item: &str, location: &str, by: Decimal) {
        *self.0.entry((item.to_owned(), location.to_owned())).or_default() += by;
    }
}

impl Books {
    /// The item of that formatted or unformatted number.
    ///
    /// # Errors
    /// When there is none, or it is inactive.
    pub(super) fn item(&self, number: &str) -> Outcome<&Row> {
        let unformatted = self.masters.find("ICItems", number);
        let formatted =
            || self.masters.rows("ICItems").find(|row| text(row, "ItemNumber") == number);
        let Some(row) = unformatted.or_else(formatted) else {
            return Err(refusal::field(format!(
                "Item number {number} does not exist.\nEnter the number of an existing item."
            )));
        };
        if flag(row, "Inactive") {
            return Err(refusal::inactive("Item", number));
        }
        Ok(row)
    }

    /// # Errors
    /// When there is no such location.
    pub(super) fn location(&self, code: &str) -> Outcome<String> {
        match self.masters.find("ICLocations", code) {
            Some(_) => Ok(code.to_owned()),
            None => Err(refusal::unknown("Location", code)),
        }
    }

    /// `ICLocationDetails`, which only partners offer.
    pub(super) fn location_details(&self, near: &Key) -> Vec<Row> {
        let given = |name: &str| near.get(name).and_then(|value| value.as_str());
        let wanted = |name: &str, value: &str| given(name).is_none_or(|given| given == value);
        let mut rows = Vec::new();
        for item in self.masters.rows("ICItems") {
            let item_number = text(item, "UnformattedItemNumber");
            if !wanted("ItemNumber", item_number) {
                continue;
            }
            for location in self.masters.rows("ICLocations") {
                let code = text(location, "LocationCode");
                if wanted("Location", code) {
                    rows.push(self.location_detail(item, code));
                }
            }
        }
        rows
    }

    fn location_detail(&self, item: &Row, location: &str) -> Row {
        let item_number = text(item, "UnformattedItemNumber");
        let on_hand = self.stock.on_hand(item_number, location);
        let mut row = Row::new();
        put(&mut row, "ItemNumber", item_number);
        put(&mut row, "Location", location);
        put(&mut row, "ItemDescription", text(item, "Description"));
        put(&mut row, "Allowed", true);
        put(&mut row, "InUse", true);
        put(&mut row, "QuantityOnHand", number(on_hand));
        put(&mut row, "QuantityAvailableToShip", number(on_hand));
        let unit = filled(item, "StockingUnitOfMeasure").unwrap_or("Ea.");
        put(&mut row, "StockingUnitOfMeasure", unit);
        put(&mut row, "DateLastMaintained", day(self.today));
        row
    }
}

#[must_use]
pub fn list_price(item: &str) -> Decimal {
    let found = PRICES.iter().find(|(number, _)| *number == item);
    found.map(|(_, price)| *price).unwrap_or_default()
}

/// Description and usual amount of a charge.
///
/// # Errors
/// When there is no such charge.
pub fn charge(code: &str) -> Outcome<(&'static str, Decimal)> {
    let found = CHARGES.iter().find(|(known, ..)| *known == code);
    let found = found.map(|(_, description, amount)| (*description, *amount));
    found.ok_or_else(|| refusal::unknown("Miscellaneous charge", code))
}
