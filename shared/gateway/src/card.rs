//! What may be known of a card: its last four digits, and its brand.

/// The last four digits of a mask such as `************5439` or `xxxxxxxxxxxx5439`; empty when the
/// mask does not end in four digits.
#[must_use]
pub fn last4(mask: &str) -> String {
    let mut end: Vec<char> = mask.trim().chars().rev().take(4).collect();
    end.reverse();
    if end.len() == 4 && end.iter().all(char::is_ascii_digit) {
        end.into_iter().collect()
    } else {
        String::new()
    }
}

/// The brand the first digits of a card number belong to, in lower case; `unknown` otherwise.
#[must_use]
pub fn brand(bin: &str) -> &'static str {
    let digits: String = bin.trim().chars().take_while(char::is_ascii_digit).take(4).collect();
    let four = if digits.len() == 4 { digits.parse::<u16>().ok() } else { None };
    match four {
        Some(4000..=4999) => "visa",
        Some(2221..=2720 | 5100..=5599) => "mastercard",
        Some(3400..=3499 | 3700..=3799) => "amex",
        Some(6011 | 6440..=6599) => "discover",
        Some(3000..=3059 | 3095 | 3600..=3699 | 3800..=3999) => "diners",
        Some(3528..=3589) => "jcb",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks() {
        assert_eq!(last4("************5439"), "5439");
        assert_eq!(last4(" xxxxxxxxxxxx5439 "), "5439");
        assert_eq!(last4("5439"), "5439");
        assert_eq!(last4("***43"), "");
        assert_eq!(last4("************543x"), "");
        assert_eq!(last4(""), "");
    }

    #[test]
    fn brands_of_published_test_numbers() {
        for (bin, name) in [
            ("401200", "visa"),
            ("549974", "mastercard"),
            ("222100", "mastercard"),
            ("272099", "mastercard"),
            ("601100", "discover"),
            ("650000", "discover"),
            ("371449", "amex"),
            ("300000", "diners"),
            ("361234", "diners"),
            ("352800", "jcb"),
            ("272100", "unknown"),
            ("", "unknown"),
            ("40", "unknown"),
            ("************", "unknown"),
        ] {
            assert_eq!(brand(bin), name, "{bin}");
        }
    }
}
