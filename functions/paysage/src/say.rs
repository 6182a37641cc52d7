//! What the program tells the person who ran it.

use std::io::Write;

/// One line to standard output. Nobody reading it any more is no reason to stop.
pub fn line(text: impl AsRef<str>) {
    let _ = writeln!(std::io::stdout(), "{}", text.as_ref());
}

/// One line to standard error.
pub fn problem(text: impl AsRef<str>) {
    let _ = writeln!(std::io::stderr(), "paysage: {}", text.as_ref());
}

/// How far long work has come, to standard error.
pub fn progress(text: impl AsRef<str>) {
    let _ = writeln!(std::io::stderr(), "{}", text.as_ref());
}

/// An error with its causes, in one line.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        let words = source.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = source.source();
    }
    text
}
