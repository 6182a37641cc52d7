//! Amounts with currency signs, thousands separators and either decimal mark.

use super::Normal;

/// A plain decimal number with a point, a minus sign in front when negative.
pub(super) fn read(value: &str) -> Option<Normal> {
    let (negative, body) = signed(value)?;
    let compact: String = body.chars().filter(|c| !c.is_whitespace() && *c != '\'').collect();
    if compact.is_empty() || !compact.chars().all(|c| c.is_ascii_digit() || c == ',' || c == '.') {
        return None;
    }
    let (digits, certainty, rule) = decimal(&compact)?;
    let sign = if negative && digits.chars().any(|c| matches!(c, '1'..='9')) { "-" } else { "" };
    Some(Normal::new(format!("{sign}{digits}"), certainty, rule))
}

/// The amount without its sign and currency: `-5`, `5-`, `(5)`, `$5`, `5 USD`, `CA$5`.
fn signed(value: &str) -> Option<(bool, &str)> {
    let is_currency =
        |c: char| c.is_alphabetic() || matches!(c, '$' | '€' | '£' | '¥' | '₹' | '¢' | ' ');
    let mut body = value.trim_matches(is_currency);
    let mut signs = 0_u8;
    if let Some(inner) = body.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        (signs, body) = (signs + 1, inner.trim_matches(is_currency));
    }
    for minus in ['-', '\u{2212}'] {
        if let Some(rest) = body.strip_prefix(minus) {
            (signs, body) = (signs + 1, rest.trim_matches(is_currency));
        } else if let Some(rest) = body.strip_suffix(minus) {
            (signs, body) = (signs + 1, rest.trim_matches(is_currency));
        }
    }
    let body = body.strip_prefix('+').unwrap_or(body);
    (signs < 2).then_some((signs == 1, body))
}

fn decimal(text: &str) -> Option<(String, u8, &'static str)> {
    let marks: Vec<char> = text.chars().filter(|c| !c.is_ascii_digit()).collect();
    let (Some(first), Some(last)) = (marks.first(), marks.last()) else {
        return Some((whole(text), 100, "a whole number"));
    };
    let (head, tail) = text.rsplit_once(*last)?;
    let grouped = |separator: char| groups(head, separator);
    match (marks.len(), tail.len()) {
        _ if first != last => {
            let once = marks.iter().filter(|mark| *mark == last).count() == 1;
            let whole = grouped(*first).filter(|_| once && !tail.is_empty())?;
            Some((point(&whole, tail), 100, "the last mark is the decimal mark"))
        }
        (1, 3) if *last == ',' => {
            Some((whole(&format!("{head}{tail}")), 60, "one comma before three digits"))
        }
        (1, 3) => Some((point(head, tail), 70, "one point before three digits")),
        (1, 1 | 2) => Some((point(head, tail), 100, "one mark before the last digits")),
        (1, _) if *last == '.' && !tail.is_empty() => {
            Some((point(head, tail), 95, "one point before the last digits"))
        }
        (1, _) => None,
        _ => {
            let whole_number = groups(text, *last)?;
            Some((whole(&whole_number), 95, "marks every three digits"))
        }
    }
}

/// Digits in groups of three, the first shorter at will, joined.
fn groups(text: &str, separator: char) -> Option<String> {
    let mut parts = text.split(separator);
    let first = parts.next()?;
    let in_order = !first.is_empty()
        && first.len() <= 3
        && first.chars().all(|c| c.is_ascii_digit())
        && parts.all(|part| part.len() == 3 && part.chars().all(|c| c.is_ascii_digit()));
    in_order.then(|| text.chars().filter(char::is_ascii_digit).collect())
}

fn whole(digits: &str) -> String {
    let trimmed = digits.trim_start_matches('0');
    if trimmed.is_empty() { "0".to_owned() } else { trimmed.to_owned() }
}

fn point(head: &str, tail: &str) -> String {
    format!("{}.{tail}", whole(head))
}

#[cfg(test)]
mod tests {
    use super::read;

    fn amount(value: &str) -> Option<(String, u8)> {
        read(value).map(|normal| (normal.value, normal.certainty))
    }

    #[test]
    fn signs_and_separators() {
        for (value, expected) in [
            ("1234", "1234"),
            ("$1,234.50", "1234.50"),
            ("1.234,50 €", "1234.50"),
            ("CA$ 12.5", "12.5"),
            ("USD 1 234.00", "1234.00"),
            ("1'234'567.89", "1234567.89"),
            ("12,99", "12.99"),
            ("(12.00)", "-12.00"),
            ("-$5.00", "-5.00"),
            ("$-5.00", "-5.00"),
            ("5.00-", "-5.00"),
            ("\u{2212}7", "-7"),
            ("+3.10", "3.10"),
            (".50", "0.50"),
            ("000.10", "0.10"),
            ("-0.00", "0.00"),
        ] {
            assert_eq!(amount(value), Some((expected.to_owned(), 100)), "{value}");
        }
    }

    #[test]
    fn what_may_be_read_two_ways_is_not_certain() {
        assert_eq!(amount("1,234"), Some(("1234".to_owned(), 60)));
        assert_eq!(amount("1.234"), Some(("1.234".to_owned(), 70)));
        assert_eq!(amount("1,234,567"), Some(("1234567".to_owned(), 95)));
    }

    #[test]
    fn what_is_no_amount() {
        for value in ["", "$", "1.2.3", "1,23,456", "12a4", "1,2345", "--5", "(-5)", "1.234,5,6"] {
            assert_eq!(amount(value), None, "{value}");
        }
    }
}
