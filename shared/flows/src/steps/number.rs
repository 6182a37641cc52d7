//! Steps on numbers. Exact, or refused.

use rust_decimal::{Decimal, RoundingStrategy};

use super::Plan;
use crate::document::StepOfField;
use crate::normal::{Hints, Meaning, normalize};
use crate::value::Value;

const PLACES_MAX: u32 = 10;
const PARTS_MAX: usize = 100;

pub(super) fn apply(plan: &Plan, number: Decimal) -> Result<Value, String> {
    match plan {
        Plan::Round { scale, mode } => {
            Ok(Value::Number(number.round_dp_with_strategy(*scale, *mode)))
        }
        Plan::Negate => Ok(Value::Number(-number)),
        Plan::Abs => Ok(Value::Number(number.abs())),
        Plan::Allocate { weights, scale } => parted(number, weights, *scale),
        other => Err(format!("`{number}` is no value for the step `{}`", other.name())),
    }
}

/// A number as people write it.
pub(super) fn read(text: &str) -> Result<Value, String> {
    let read = normalize(Meaning::Amount, text, &Hints::default());
    let normal = read.ok_or_else(|| format!("`{text}` is no number"))?;
    if normal.value.is_empty() {
        return Ok(Value::Null);
    }
    if !normal.is_certain() {
        let (value, rule) = (&normal.value, normal.rule);
        return Err(format!("`{text}` may be {value} ({rule}); write it so if that is meant"));
    }
    normal.value.parse().map(Value::Number).map_err(|_| format!("`{text}` is too long a number"))
}

pub(super) fn round(step: &StepOfField) -> Result<Plan, String> {
    let scale = step.scale.filter(|scale| *scale <= PLACES_MAX);
    let scale =
        scale.ok_or_else(|| format!("the step `round` needs `scale`, 0 to {PLACES_MAX}"))?;
    let mode = match step.mode.as_deref() {
        None | Some("half_up") => RoundingStrategy::MidpointAwayFromZero,
        Some("half_even") => RoundingStrategy::MidpointNearestEven,
        Some("up") => RoundingStrategy::AwayFromZero,
        Some("down") => RoundingStrategy::ToZero,
        Some(other) => {
            return Err(format!("`mode` is `half_up`, `half_even`, `up` or `down`, not `{other}`"));
        }
    };
    Ok(Plan::Round { scale, mode })
}

pub(super) fn allocate(step: &StepOfField) -> Result<Plan, String> {
    let text = step.weights.as_deref().unwrap_or_default();
    let weights: Result<Vec<u32>, _> = text.split(',').map(|part| part.trim().parse()).collect();
    let weights = weights.map_err(|_| "`weights` are whole numbers, as in `1,1,2`".to_owned())?;
    let scale = step.scale.unwrap_or(2);
    let sum: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
    if sum == 0 || weights.len() > PARTS_MAX || scale > PLACES_MAX {
        return Err(format!("`weights` has 1 to {PARTS_MAX} numbers, not all of them 0"));
    }
    Ok(Plan::Allocate { weights, scale })
}

/// Whole units by weight, rounded down; what is left goes to the largest remainders, first ones first.
fn parted(number: Decimal, weights: &[u32], scale: u32) -> Result<Value, String> {
    let mut units = number.normalize();
    if units.scale() > scale {
        return Err(format!("`{number}` has more than {scale} places: add a `round` step before"));
    }
    units.rescale(scale);
    let units = units.mantissa();
    let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    let shares: Vec<(i128, i128)> = weights
        .iter()
        .map(|weight| units.saturating_mul(i128::from(*weight)))
        .map(|share| (share.div_euclid(total), share.rem_euclid(total)))
        .collect();
    let mut left = units - shares.iter().map(|(whole, _)| whole).sum::<i128>();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by_key(|index| {
        std::cmp::Reverse(shares.get(*index).map_or(0, |(_, remainder)| *remainder))
    });
    let mut parts: Vec<i128> = shares.into_iter().map(|(whole, _)| whole).collect();
    for index in order {
        if left == 0 {
            break;
        }
        if let Some(part) = parts.get_mut(index) {
            *part += 1;
            left -= 1;
        }
    }
    let part = |units: i128| {
        Decimal::try_from_i128_with_scale(units, scale)
            .map(Value::Number)
            .map_err(|e| e.to_string())
    };
    parts.into_iter().map(part).collect::<Result<_, _>>().map(Value::List)
}
