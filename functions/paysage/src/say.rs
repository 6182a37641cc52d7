//! What the program tells the person who ran it.

/// One line to standard output.
#[expect(clippy::print_stdout, reason = "this is what the person who ran the program reads")]
pub fn line(text: impl AsRef<str>) {
    println!("{}", text.as_ref());
}

/// One line to standard error.
#[expect(clippy::print_stderr, reason = "why the program could not do what it was asked")]
pub fn problem(text: impl AsRef<str>) {
    eprintln!("paysage: {}", text.as_ref());
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
