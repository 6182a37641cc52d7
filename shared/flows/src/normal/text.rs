//! White space, invisible characters, and text that was decoded with the wrong encoding.

use super::Normal;

/// One line without what cannot be seen. UTF-8 that was once read as Windows-1252 is read anew.
pub(super) fn clean(value: &str) -> Normal {
    let mended = redecoded(value);
    let seen = mended.as_deref().unwrap_or(value);
    let visible: String = seen.chars().filter(|c| !is_invisible(*c)).collect();
    let joined = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    match mended {
        Some(_) => Normal::new(joined, 95, "read again as UTF-8"),
        None => Normal::new(joined, 100, "blanks and invisible characters taken away"),
    }
}

fn is_invisible(c: char) -> bool {
    let zero_width = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}');
    zero_width || (c.is_control() && !c.is_whitespace())
}

/// The text its bytes were before somebody took them for Windows-1252; only when every character is
/// one such byte and the bytes are UTF-8 with something beyond ASCII.
fn redecoded(value: &str) -> Option<String> {
    if value.is_ascii() {
        return None;
    }
    let bytes: Option<Vec<u8>> = value.chars().map(byte_of).collect();
    let text = String::from_utf8(bytes?).ok()?;
    (text.chars().count() < value.chars().count()).then_some(text)
}

/// The byte that Windows-1252 shows as this character.
fn byte_of(c: char) -> Option<u8> {
    let high = WINDOWS_1252.iter().find(|(_, shown)| *shown == c).map(|(byte, _)| *byte);
    high.or_else(|| u8::try_from(u32::from(c)).ok())
}

/// Where Windows-1252 differs from Latin-1.
const WINDOWS_1252: [(u8, char); 27] = [
    (0x80, '€'),
    (0x82, '‚'),
    (0x83, 'ƒ'),
    (0x84, '„'),
    (0x85, '…'),
    (0x86, '†'),
    (0x87, '‡'),
    (0x88, 'ˆ'),
    (0x89, '‰'),
    (0x8a, 'Š'),
    (0x8b, '‹'),
    (0x8c, 'Œ'),
    (0x8e, 'Ž'),
    (0x91, '‘'),
    (0x92, '’'),
    (0x93, '“'),
    (0x94, '”'),
    (0x95, '•'),
    (0x96, '–'),
    (0x97, '—'),
    (0x98, '˜'),
    (0x99, '™'),
    (0x9a, 'š'),
    (0x9b, '›'),
    (0x9c, 'œ'),
    (0x9e, 'ž'),
    (0x9f, 'Ÿ'),
];

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn blanks_and_what_cannot_be_seen_go() {
        for value in
            ["  Ada\u{a0} Example\t", "Ada\u{200b} \r\n Exam\u{ad}ple", "\u{feff}Ada Example"]
        {
            let normal = clean(value);
            assert_eq!((normal.value.as_str(), normal.certainty), ("Ada Example", 100));
        }
    }

    #[test]
    fn text_read_with_the_wrong_encoding_is_read_again() {
        for (value, meant) in
            [("JosÃ©", "José"), ("MÃ¼ller", "Müller"), ("Oâ€™Neil", "O’Neil"), ("â‚¬ 5", "€ 5")]
        {
            let normal = clean(value);
            assert_eq!((normal.value.as_str(), normal.certainty), (meant, 95), "{value}");
        }
    }

    #[test]
    fn text_that_is_right_is_left_alone() {
        for value in ["José", "Müller & Söhne", "Łódź", "東京", "Ã la carte", "50 €"] {
            let normal = clean(value);
            assert_eq!((normal.value.as_str(), normal.certainty), (value, 100));
        }
    }
}
