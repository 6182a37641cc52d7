//! Card data that must never come in: numbers found by their digits, fields by their names.
//!
//! A card number is 13–19 digits, optionally parted by spaces, dashes or dots, that starts and ends
//! at the edge of a group of digits (leading zeros aside), has an issuer's prefix with a length that
//! issuer uses, and satisfies the Luhn check. A PAN glued to further digits is not looked for: every
//! long id would then be taken for one.

use std::fmt;

/// The most of a card number that may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastFour([u8; 4]);

impl fmt::Display for LastFour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|digit| write!(f, "{}", char::from(b'0' + digit % 10)))
    }
}

/// A card number in a text: where its first digit is (in bytes), and its last four digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CardNumberFound {
    pub position: usize,
    pub last4: LastFour,
}

/// The fewest digits a card number has.
pub const DIGITS_MIN: usize = 13;

/// The first card number in the text.
#[must_use]
pub fn find(text: &[u8]) -> Option<CardNumberFound> {
    next(text, 0).map(|hit| CardNumberFound { position: hit.start, last4: hit.last4 })
}

/// The text with all but the last four digits of every card number replaced by asterisks.
#[must_use]
pub fn redact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    while let Some(hit) = next(text.as_bytes(), done) {
        out.push_str(text.get(done..hit.start).unwrap_or_default());
        let number = text.get(hit.start..hit.end).unwrap_or_default();
        let mut hidden = number.bytes().filter(u8::is_ascii_digit).count().saturating_sub(4);
        for ch in number.chars() {
            let hide = ch.is_ascii_digit() && hidden > 0;
            hidden -= usize::from(hide);
            out.push(if hide { '*' } else { ch });
        }
        done = hit.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    // The four digits left may begin another number together with what follows them.
    if done == 0 { out } else { redact(&out) }
}

/// The forbidden field name that `name` is, if it is one: case, `_`, `-` and spaces do not count.
#[must_use]
#[inline]
pub fn forbidden_name(name: &str) -> Option<&'static str> {
    let mut bare = name.bytes().filter(|byte| !is_joint(*byte)).map(|byte| byte | 0x20);
    match (bare.next()?, bare.next()?) {
        (b'c', b'a' | b'c' | b'r' | b's' | b'v') | (b'p', b'a' | b'i') | (b't', b'r') => {}
        (b'e', b'n') => {
            let head = name.as_bytes().get(..ENCRYPTED.len())?;
            return head.eq_ignore_ascii_case(ENCRYPTED.as_bytes()).then_some("encrypted_*");
        }
        _ => return None,
    }
    NAMES.iter().find(|(bare, _)| same_name(name, bare)).map(|(_, shown)| *shown)
}

const ENCRYPTED: &str = "encrypted_";

/// Each name without joints, and as it is shown.
const NAMES: &[(&str, &str)] = &[
    ("csc", "csc"),
    ("cvv", "cvv"),
    ("cvv2", "cvv2"),
    ("cvc", "cvc"),
    ("cvc2", "cvc2"),
    ("track", "track"),
    ("track1", "track1"),
    ("track2", "track2"),
    ("trackdata", "track_data"),
    ("pin", "pin"),
    ("pinblock", "pin_block"),
    ("pan", "pan"),
    ("cardnumber", "card_number"),
    ("ccnumber", "cc_number"),
    ("creditcardnumber", "credit_card_number"),
];

fn is_joint(byte: u8) -> bool {
    matches!(byte, b'_' | b'-' | b' ')
}

fn same_name(name: &str, bare: &str) -> bool {
    name.len() >= bare.len()
        && name
            .bytes()
            .filter(|byte| !is_joint(*byte))
            .map(|byte| byte.to_ascii_lowercase())
            .eq(bare.bytes())
}

const DIGITS_MAX: usize = 19;
/// Separators in a row that still join two groups.
const JOINTS_MAX: usize = 3;

struct Hit {
    start: usize,
    end: usize,
    last4: LastFour,
}

/// The first card number at or after `from`.
fn next(text: &[u8], from: usize) -> Option<Hit> {
    let mut at = from;
    loop {
        at += text.get(at..)?.iter().position(u8::is_ascii_digit)?;
        let rest = text.get(at..)?;
        let group = digits_at(rest);
        let zeros = rest.iter().take(group).take_while(|digit| **digit == b'0').count();
        let skips = if zeros == 0 { [None, Some(0)] } else { [Some(zeros), Some(0)] };
        for skip in skips.into_iter().flatten() {
            if let Some(hit) = starting_at(text, at + skip) {
                return Some(hit);
            }
        }
        at += group;
    }
}

fn digits_at(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// The longest card number whose first digit is at `start`.
fn starting_at(text: &[u8], start: usize) -> Option<Hit> {
    let mut digits = [0_u8; DIGITS_MAX];
    let mut count = 0;
    let mut joints = 0;
    let mut hit = None;
    for (offset, byte) in text.get(start..)?.iter().enumerate() {
        if byte.is_ascii_digit() {
            let Some(slot) = digits.get_mut(count) else { break };
            *slot = byte - b'0';
            count += 1;
            joints = 0;
            let end = start + offset + 1;
            let closed = !text.get(end).is_some_and(u8::is_ascii_digit);
            let number = digits.get(..count).unwrap_or_default();
            if closed && is_card_number(number) {
                hit = last_four(number).map(|last4| Hit { start, end, last4 });
            }
        } else {
            joints += 1;
            let joins = matches!(byte, b' ' | b'-' | b'.') && joints <= JOINTS_MAX;
            if !joins {
                break;
            }
        }
    }
    hit
}

fn last_four(digits: &[u8]) -> Option<LastFour> {
    digits.last_chunk::<4>().map(|last| LastFour(*last))
}

fn is_card_number(digits: &[u8]) -> bool {
    digits.len() >= DIGITS_MIN && issued(digits) && luhn(digits)
}

/// First six digits from, to (inclusive), and the lengths used with them.
type Range = (u32, u32, std::ops::RangeInclusive<usize>);

const ISSUERS: &[Range] = &[
    // Visa
    (400_000, 499_999, 13..=13),
    (400_000, 499_999, 16..=16),
    (400_000, 499_999, 19..=19),
    // Mastercard
    (510_000, 559_999, 16..=16),
    (222_100, 272_099, 16..=16),
    // American Express
    (340_000, 349_999, 15..=15),
    (370_000, 379_999, 15..=15),
    // Discover, RuPay, UnionPay
    (601_100, 601_199, 16..=19),
    (644_000, 659_999, 16..=19),
    (620_000, 629_999, 16..=19),
    (810_000, 829_999, 16..=19),
    // Diners Club
    (300_000, 305_999, 14..=19),
    (309_500, 309_599, 14..=19),
    (360_000, 369_999, 14..=19),
    (380_000, 399_999, 14..=19),
    // JCB
    (352_800, 358_999, 16..=19),
    // Mir
    (220_000, 220_499, 16..=19),
    // Maestro
    (501_800, 501_899, 13..=19),
    (502_000, 502_099, 13..=19),
    (503_800, 503_899, 13..=19),
    (589_300, 589_399, 13..=19),
    (630_400, 630_499, 13..=19),
    (675_900, 675_999, 13..=19),
    (676_100, 676_399, 13..=19),
];

fn issued(digits: &[u8]) -> bool {
    let prefix = digits.iter().take(6).fold(0_u32, |sum, digit| sum * 10 + u32::from(*digit));
    let length = digits.len();
    ISSUERS.iter().any(|(first, last, lengths)| {
        (*first..=*last).contains(&prefix) && lengths.contains(&length)
    })
}

fn luhn(digits: &[u8]) -> bool {
    let sum = digits.iter().rev().enumerate().fold(0_u32, |sum, (place, digit)| {
        let digit = u32::from(*digit);
        let doubled = if digit > 4 { digit * 2 - 9 } else { digit * 2 };
        sum + if place % 2 == 1 { doubled } else { digit }
    });
    sum % 10 == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{find, forbidden_name, luhn, redact};

    /// Public test numbers of the brands.
    const NUMBERS: &[&str] = &[
        "4111111111111111",
        "4012888888881881",
        "4222222222222",
        "5555555555554444",
        "5454545454545454",
        "2223003122003222",
        "378282246310005",
        "371449635398431",
        "6011111111111117",
        "30569309025904",
        "38520000023237",
        "3530111333300000",
        "6200000000000005",
    ];

    #[test]
    fn every_brand_is_found_and_masked() {
        for number in NUMBERS {
            let text = format!("paid with {number}, thanks");
            let found = find(text.as_bytes()).unwrap();
            assert_eq!(found.position, 10, "{number}");
            let last4 = &number[number.len() - 4..];
            assert_eq!(found.last4.to_string(), last4);
            let shown = redact(&text);
            assert!(!shown.contains(&number[..number.len() - 4]), "{shown}");
            assert!(shown.contains(&format!("*{last4}, thanks")), "{shown}");
            assert_eq!(find(shown.as_bytes()), None);
        }
    }

    #[test]
    fn separators_padding_and_neighbours_do_not_hide_a_number() {
        for text in [
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "4111.1111.1111.1111",
            "4111 - 1111 - 1111 - 1111",
            "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
            "order 77 4111 1111 1111 1111 12 27",
            "4111111111111111.00",
            "0000004111111111111111",
            "card4111111111111111x",
            "%B4111111111111111^DOE/JANE^2712",
            ";4111111111111111=27121010000000000000?",
        ] {
            assert!(find(text.as_bytes()).is_some(), "{text}");
        }
    }

    #[test]
    fn ids_dates_and_telephone_numbers_are_not_card_numbers() {
        for text in [
            "105968532",
            "4111111111111112",
            "9999999999999995",
            "1234567890123456789012345678901234567890",
            "2026-11-23T03:45:37.123456Z",
            "2026-11-23 03.45.37.123",
            "+1 (425) 555-0100 ext. 12",
            "411111111111111",
            "41111111111111111227",
            "",
        ] {
            assert_eq!(find(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn two_numbers_are_both_masked() {
        let shown = redact("4111111111111111 and 3782 822463 10005.");
        assert_eq!(shown, "************1111 and **** ****** *0005.");
    }

    #[test]
    fn names_are_forbidden_whatever_their_spelling() {
        for name in [
            "csc",
            "CVV",
            "cvv2",
            "cvc",
            "Track",
            "track1",
            "track_2",
            "PIN",
            "pan",
            "card_number",
            "cardNumber",
            "Card-Number",
            "cc_number",
            "encrypted_csc",
            "ENCRYPTED_number",
        ] {
            assert!(forbidden_name(name).is_some(), "{name}");
        }
        for name in ["csc_response", "masked_number", "shipping", "panel", "tracking", "e", ""] {
            assert_eq!(forbidden_name(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn what_was_masked_is_not_found_again(text in "[0-9 .a-]{0,80}") {
            let shown = redact(&text);
            prop_assert_eq!(shown.len(), text.len());
            prop_assert!(find(shown.as_bytes()).is_none());
        }

        #[test]
        fn any_visa_number_is_found_in_any_text(
            body in "[0-9]{14}", before in "[a-z]{0,9}", after in "[a-z]{0,9}",
        ) {
            let check = (0..10)
                .find(|check| {
                    let digits: Vec<u8> =
                        format!("4{body}{check}").bytes().map(|byte| byte - b'0').collect();
                    luhn(&digits)
                })
                .unwrap();
            let text = format!("{before}4{body}{check}{after}");
            prop_assert_eq!(find(text.as_bytes()).unwrap().position, before.len());
        }
    }
}
