//! Exact amounts: integer minor units with their currency. There is no float in here or near here.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An ISO 4217 currency with a known number of decimal places.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    pub const USD: Self = Self(*b"USD");
    pub const CAD: Self = Self(*b"CAD");

    /// Digits after the decimal point, per ISO 4217.
    #[must_use]
    pub fn places(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG"
            | b"RWF" | b"UGX" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }

    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl FromStr for Currency {
    type Err = MoneyError;
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        match text.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|l| l.is_ascii_uppercase()) => Ok(Self([*a, *b, *c])),
            _ => Err(MoneyError::NotACurrency(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;
    fn try_from(text: String) -> Result<Self, MoneyError> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount in minor units (cents for USD) of one currency. May be negative or zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

/// Why an amount was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MoneyError {
    #[error("`{0}` is not a currency: give three capital letters such as USD")]
    NotACurrency(String),
    #[error("{amount} has more decimal places than {currency} allows ({places})")]
    TooManyPlaces { amount: Decimal, currency: Currency, places: u32 },
    #[error("{0} is too large an amount")]
    TooLarge(Decimal),
    #[error("cannot combine {0} with {1}")]
    CurrencyMismatch(Currency, Currency),
}

impl Money {
    #[must_use]
    pub fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    #[must_use]
    pub fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// The exact amount, or a refusal: nothing is ever rounded here.
    ///
    /// # Errors
    /// When the value has more places than the currency, or does not fit 64 bits of minor units.
    pub fn from_decimal(amount: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        let places = currency.places();
        let mut scaled = amount.normalize();
        if scaled.scale() > places {
            return Err(MoneyError::TooManyPlaces { amount, currency, places });
        }
        scaled.rescale(places);
        if scaled.scale() != places {
            return Err(MoneyError::TooLarge(amount));
        }
        let minor = i64::try_from(scaled.mantissa()).map_err(|_| MoneyError::TooLarge(amount))?;
        Ok(Self { minor, currency })
    }

    #[must_use]
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.minor, self.currency.places())
    }

    #[must_use]
    pub fn is_positive(self) -> bool {
        self.minor > 0
    }

    /// # Errors
    /// When the currencies differ or the sum overflows.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_add(other.minor);
        minor
            .map(|m| Self::new(m, self.currency))
            .ok_or_else(|| MoneyError::TooLarge(self.to_decimal()))
    }

    /// # Errors
    /// When the currencies differ or the difference overflows.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        let minor = other.minor.checked_neg();
        let negated = minor.ok_or_else(|| MoneyError::TooLarge(other.to_decimal()))?;
        self.plus(Self::new(negated, other.currency))
    }

    /// # Errors
    /// When the items are of several currencies or the sum overflows.
    pub fn sum(
        items: impl IntoIterator<Item = Self>,
        currency: Currency,
    ) -> Result<Self, MoneyError> {
        items.into_iter().try_fold(Self::zero(currency), Self::plus)
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            return Ok(());
        }
        Err(MoneyError::CurrencyMismatch(self.currency, other.currency))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.to_decimal(), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn exact_or_refused() {
        assert_eq!(Money::from_decimal(dec("51.88"), Currency::USD).unwrap().minor, 5188);
        assert_eq!(Money::from_decimal(dec("110"), Currency::USD).unwrap().minor, 11000);
        assert_eq!(Money::from_decimal(dec("1.100"), Currency::USD).unwrap().minor, 110);
        assert!(Money::from_decimal(dec("0.001"), Currency::USD).is_err());
        assert!(Money::from_decimal(dec("1.5"), "JPY".parse().unwrap()).is_err());
        assert_eq!(Money::from_decimal(dec("1.125"), "KWD".parse().unwrap()).unwrap().minor, 1125);
        assert!(Money::from_decimal(Decimal::MAX, Currency::USD).is_err());
    }

    #[test]
    fn currencies_do_not_mix() {
        let usd = Money::new(1, Currency::USD);
        assert!(usd.plus(Money::new(1, Currency::CAD)).is_err());
        assert!("usd".parse::<Currency>().is_err());
    }

    proptest! {
        #[test]
        fn decimal_and_back(minor in any::<i64>()) {
            let money = Money::new(minor, Currency::USD);
            prop_assert_eq!(Money::from_decimal(money.to_decimal(), Currency::USD).unwrap(), money);
        }
    }
}
