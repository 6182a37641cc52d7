//! Sums to the last digit. The evaluator's decimals hold 28 digits and round what has more, without a
//! word; a sum that could have more is refused before it is made.

use rust_decimal::Decimal;

use crate::value::Value;

const DIGITS: u32 = 28;
/// Room for what a sum of a thousand numbers gains before its point.
const GAIN: u32 = 3;

/// The most digits before and after the point, over some numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Digits {
    whole: u32,
    places: u32,
}

impl Digits {
    pub(super) fn widen(&mut self, number: Decimal) {
        let digits = number.mantissa().unsigned_abs().checked_ilog10().map_or(0, |log| log + 1);
        self.whole = self.whole.max(digits.saturating_sub(number.scale()));
        self.places = self.places.max(number.scale());
    }

    pub(super) fn widen_all(&mut self, value: &Value) {
        match value {
            Value::Number(number) => self.widen(*number),
            Value::List(items) => items.iter().for_each(|item| self.widen_all(item)),
            Value::Object(fields) => fields.values().for_each(|field| self.widen_all(field)),
            _ => {}
        }
    }

    pub(super) fn may_be_added(self) -> bool {
        self.whole + GAIN + self.places <= DIGITS
    }
}
