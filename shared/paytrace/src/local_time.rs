use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Text that is not one of PayTrace's times.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a PayTrace time")]
pub struct TimeError;

/// Reads `1/9/2026 4:06:30 PM` (leading zeros or not) \[O\] or `01/09/2026 16:06:30` \[O, docs\]
/// as local time in a zone. In the hour that a clock change repeats, the earlier instant is taken.
pub fn parse_local(text: &str, zone: &TimeZone) -> Result<Timestamp, TimeError> {
    let text = text.trim();
    let parsed = DateTime::strptime("%m/%d/%Y %I:%M:%S %p", text)
        .or_else(|_| DateTime::strptime("%m/%d/%Y %H:%M:%S", text))
        .map_err(|_| TimeError)?;
    let zoned = zone.to_ambiguous_zoned(parsed).earlier().map_err(|_| TimeError)?;
    Ok(zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_with_and_without_leading_zeros() {
        let zone = TimeZone::get("America/Los_Angeles").unwrap();
        for text in ["1/9/2026 4:06:30 PM", "01/09/2026 04:06:30 PM", "01/09/2026 16:06:30"] {
            let at = parse_local(text, &zone).unwrap();
            assert_eq!(at.to_string(), "2026-01-10T00:06:30Z", "{text}");
        }
        let midnight = parse_local("7/1/2026 12:00:00 AM", &zone).unwrap();
        assert_eq!(midnight.to_string(), "2026-07-01T07:00:00Z");
        for text in ["", "2026-01-09", "13/1/2026 1:00:00 AM", "1/9/2026 13:00:00 PM"] {
            assert_eq!(parse_local(text, &zone), Err(TimeError), "{text}");
        }
    }
}
