//! The price table, and what quantities cost. Whole picodollars, no floats.

use serde_json::{Map, Value, json};

use crate::shell;

/// Decimals of a dollar that are reckoned with.
const DECIMALS: usize = 12;
const PICO_PER_CENT: u128 = 10_000_000_000;

pub(super) struct Prices(Vec<Price>);

struct Price {
    name: String,
    pico: u128,
    per: u128,
}

/// What each line costs for a million payments, in picodollars.
pub(super) struct Costs(Vec<(String, u128)>);

impl Prices {
    pub(super) fn read() -> Result<Self, String> {
        let path = shell::root().join("tests/aws/prices.json");
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let table: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let prices = table.get("prices").and_then(Value::as_array).ok_or("there are no prices")?;
        prices.iter().map(price_of).collect::<Result<_, _>>().map(Self)
    }

    /// `quantities` of `payments` payments: name, numerator and denominator.
    pub(super) fn costs(
        &self,
        quantities: &[(&str, u128, u128)],
        payments: u128,
    ) -> Result<Costs, String> {
        let line = |(name, quantity, of): &(&str, u128, u128)| {
            let price = self.0.iter().find(|price| price.name == *name);
            let price = price.ok_or_else(|| format!("{name} has no price"))?;
            let whole =
                price.pico.checked_mul(*quantity).and_then(|sum| sum.checked_mul(1_000_000));
            let divisor = of.checked_mul(price.per).and_then(|some| some.checked_mul(payments));
            let pico = whole.zip(divisor).and_then(|(whole, by)| whole.checked_div(by));
            Ok(((*name).to_owned(), pico.ok_or_else(|| format!("{name} cannot be reckoned"))?))
        };
        quantities.iter().map(line).collect::<Result<_, String>>().map(Costs)
    }
}

impl Costs {
    /// For a person.
    pub(super) fn lines(&self) -> Vec<String> {
        let line = |(name, pico): &(String, u128)| format!("{name:<24} ${:>7}", dollars(*pico));
        let mut lines: Vec<String> = self.0.iter().map(line).collect();
        lines.push(format!("{:<24} ${:>7} for a million payments", "total", self.total()));
        lines
    }

    pub(super) fn by_line(&self) -> Value {
        let lines = self.0.iter().map(|(name, pico)| (name.clone(), json!(dollars(*pico))));
        Value::Object(lines.collect::<Map<_, _>>())
    }

    pub(super) fn total(&self) -> String {
        dollars(self.0.iter().map(|(_, pico)| pico).sum())
    }
}

/// A number of hundredths with two decimals.
pub(super) fn hundredths(count: u128) -> String {
    format!("{}.{:02}", count / 100, count % 100)
}

/// To the nearest cent.
fn dollars(pico: u128) -> String {
    hundredths(pico.saturating_add(PICO_PER_CENT / 2) / PICO_PER_CENT)
}

fn price_of(row: &Value) -> Result<Price, String> {
    let text = |name: &str| {
        let found = row.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        found.ok_or_else(|| format!("a price has no `{name}`: {row}"))
    };
    let (name, dollars) = (text("name")?.to_owned(), text("dollars")?);
    for stated in ["unit", "source", "read_at"] {
        text(stated)?;
    }
    let per = row.get("per").and_then(Value::as_u64).filter(|per| *per > 0);
    let per = u128::from(per.ok_or_else(|| format!("{name} is for no number of units"))?);
    Ok(Price { pico: pico(dollars).ok_or_else(|| format!("{dollars} is no price"))?, name, per })
}

fn pico(dollars: &str) -> Option<u128> {
    let (whole, part) = dollars.split_once('.').unwrap_or((dollars, ""));
    let digits = format!("{whole}{part}");
    let scale = DECIMALS.checked_sub(part.len())?;
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: u128 = digits.parse().ok().filter(|_| plain)?;
    number.checked_mul(10_u128.checked_pow(u32::try_from(scale).ok()?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_exact() {
        assert_eq!(pico("0.625"), Some(625_000_000_000));
        assert_eq!(pico("1"), Some(1_000_000_000_000));
        assert_eq!(pico("0.00001667"), Some(16_670_000));
        for wrong in ["", ".", "1e3", "-1", "+1", "0.0000000000001"] {
            assert_eq!(pico(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn costs_are_for_a_million_payments() {
        let prices = Prices::read().unwrap();
        let quantities = [("dynamodb_write_units", 40, 1), ("dynamodb_read_units", 5, 2)];
        let costs = prices.costs(&quantities, 10).unwrap();
        // 4 units at 0.625 and a quarter of one at 0.125 for each payment.
        assert_eq!(costs.total(), "2.53");
        assert_eq!(costs.by_line()["dynamodb_write_units"], "2.50");
        assert!(prices.costs(&[("gold", 1, 1)], 10).is_err(), "no price is invented");
        assert!(prices.costs(&quantities, 0).is_err());
    }

    #[test]
    fn a_price_says_where_it_is_from() {
        let row = r#"{"name": "x", "dollars": "1", "per": 1, "unit": "u", "source": ""}"#;
        assert!(Prices::parse(&format!("{{\"prices\": [{row}]}}")).is_err());
        assert!(Prices::parse("{}").is_err());
    }
}
