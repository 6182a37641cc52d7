//! PayTrace's times: local to a zone it does not name, `M/D/YYYY h:mm:ss AM/PM`.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// The instant a PayTrace time names in that zone. A time the clocks skip is taken as the hour after
/// the gap; one they repeat, as the first of the two. `None` when the text is no time.
#[must_use]
pub fn instant(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let local = local(text)?;
    let zoned = zone.to_ambiguous_zoned(local).compatible().ok()?;
    Some(zoned.timestamp())
}

/// As requests want it: `MM/DD/YYYY`. [O]
#[must_use]
pub fn request_date(date: Date) -> String {
    format!("{:02}/{:02}/{:04}", date.month(), date.day(), date.year())
}

/// `1/9/2026 4:06:30 PM`, or with 24 hours and no half. [O]
fn local(text: &str) -> Option<DateTime> {
    let mut words = text.split_whitespace();
    let date = date(words.next()?)?;
    let clock = words.next()?;
    let half = words.next();
    if words.next().is_some() {
        return None;
    }
    Some(date.to_datetime(time(clock, half)?))
}

fn date(text: &str) -> Option<Date> {
    let [month, day, year] = parts(text, '/')?;
    if year < 1000 {
        return None;
    }
    Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()
}

fn time(text: &str, half: Option<&str>) -> Option<Time> {
    let [hour, minute, second] = parts(text, ':')?;
    let hour = match half.map(str::to_uppercase).as_deref() {
        None => hour,
        Some("AM") if (1..=12).contains(&hour) => hour % 12,
        Some("PM") if (1..=12).contains(&hour) => hour % 12 + 12,
        Some(_) => return None,
    };
    let small = |number: i16| i8::try_from(number).ok();
    Time::new(small(hour)?, small(minute)?, small(second)?, 0).ok()
}

fn parts(text: &str, separator: char) -> Option<[i16; 3]> {
    let mut numbers = text.split(separator).map(|part| {
        let digits = !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
        digits.then(|| part.parse::<i16>().ok()).flatten()
    });
    let three = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some(three)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pacific() -> TimeZone {
        TimeZone::get("America/Los_Angeles").unwrap()
    }

    fn utc(text: &str) -> Option<String> {
        instant(text, &pacific()).map(|at| at.to_string())
    }

    #[test]
    fn reference_times() {
        assert_eq!(utc("1/9/2026 4:06:30 PM").unwrap(), "2026-01-10T00:06:30Z");
        assert_eq!(utc("1/9/2026 10:11:12 AM").unwrap(), "2026-01-09T18:11:12Z");
        assert_eq!(utc("07/04/2026 12:00:00 AM").unwrap(), "2026-07-04T07:00:00Z");
        assert_eq!(utc("07/04/2026 12:00:00 PM").unwrap(), "2026-07-04T19:00:00Z");
        assert_eq!(utc("01/09/2026 16:06:30").unwrap(), "2026-01-10T00:06:30Z");
    }

    #[test]
    fn skipped_and_repeated_hours() {
        assert_eq!(utc("3/8/2026 2:30:00 AM").unwrap(), "2026-03-08T10:30:00Z");
        assert_eq!(utc("11/1/2026 1:30:00 AM").unwrap(), "2026-11-01T08:30:00Z");
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "1/9/2026",
            "13/1/2026 1:00:00 PM",
            "2/30/2026 1:00:00 PM",
            "1/9/26 1:00:00 PM",
            "1/9/2026 13:00:00 PM",
            "1/9/2026 0:00:00 AM",
            "1/9/2026 1:00 PM",
            "1/9/2026 1:00:00 PM EST",
            "1/9/2026 1:00:00 XM",
            "-1/9/2026 1:00:00 PM",
            "2026-01-09T10:00:00Z",
        ] {
            assert_eq!(utc(text), None, "{text}");
        }
    }

    #[test]
    fn request_dates() {
        assert_eq!(request_date(Date::constant(2026, 3, 2)), "03/02/2026");
    }
}
