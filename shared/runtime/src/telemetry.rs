//! What the program writes about itself: one line per decision, to standard error, redacted.
//!
//! Messages are readable; fields have dotted names with their unit, such as `post.elapsed_ms`.
//! Every line passes the redactor as a whole, so nothing reaches the log around it.

use std::io::{self, Write};
use std::sync::Arc;

use thiserror::Error;
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::{Log, LogFormat};

/// Replaces what must not be written.
pub type Redactor = fn(&str) -> String;

/// Why nothing can be logged.
#[derive(Debug, Error)]
pub enum TelemetryError {
    #[error("give a log level such as info, or directives such as info,engine=debug: {0}")]
    Level(String),
    #[error("a logger is installed already")]
    Installed,
}

/// Installs the logger of this process.
///
/// # Errors
/// When the level cannot be read or a logger is installed already.
pub fn install(log: &Log, redact: Redactor) -> Result<(), TelemetryError> {
    let subscriber = subscriber(log, redact, io::stderr)?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| TelemetryError::Installed)
}

/// For a process that ends because it could not start, perhaps without a logger.
pub fn last_words(words: &str) {
    let line = serde_json::json!({ "level": "ERROR", "message": crate::card::redact(words) });
    // Where this cannot be written there is nobody to tell.
    let _ = writeln!(io::stderr(), "{line}");
}

/// The same logger over any writer.
///
/// # Errors
/// When the level cannot be read.
pub fn subscriber<W>(
    log: &Log,
    redact: Redactor,
    out: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, TelemetryError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let bad_level = |_| TelemetryError::Level(log.level.clone());
    let filter = EnvFilter::builder().parse(&log.level).map_err(bad_level)?;
    let out = Redacting { out: Arc::new(out), redact };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(out);
    Ok(match log.format {
        LogFormat::Json => Box::new(builder.json().flatten_event(true).finish()),
        LogFormat::Human => Box::new(builder.with_ansi(false).finish()),
    })
}

/// Makes writers that redact each line before it is written.
struct Redacting<W> {
    out: Arc<W>,
    redact: Redactor,
}

impl<'a, W: MakeWriter<'a> + 'a> MakeWriter<'a> for Redacting<W> {
    type Writer = Line<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Line { held: Vec::new(), out: self.out.make_writer(), redact: self.redact }
    }
}

/// One event, held until it is whole: a number split over two writes is still found.
struct Line<W: Write> {
    held: Vec<u8>,
    out: W,
    redact: Redactor,
}

impl<W: Write> Write for Line<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<W: Write> Drop for Line<W> {
    fn drop(&mut self) {
        let text = (self.redact)(&String::from_utf8_lossy(&self.held));
        // A log that cannot be written has nowhere to say so; the work goes on.
        let _ = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(format: LogFormat, level: &str) -> String {
        let out = Shared::default();
        let kept = out.clone();
        let log = Log { level: level.to_owned(), format };
        let redact = |text: &str| text.replace("4111", "[card]");
        let made = subscriber(&log, redact, move || kept.clone()).unwrap();
        tracing::subscriber::with_default(made, || {
            tracing::info!(transaction.id = "77", post.elapsed_ms = 12, "posted card 4111");
            tracing::debug!("not at this level");
        });
        let bytes = out.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn json_lines_have_dotted_fields_and_are_redacted() {
        let text = written(LogFormat::Json, "info");
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["transaction.id"], "77");
        assert_eq!(line["post.elapsed_ms"].to_string(), "12");
        assert_eq!(line["message"], "posted card [card]");
        assert_eq!(text.lines().count(), 1);
    }

    #[test]
    fn the_human_form_is_redacted_too() {
        let text = written(LogFormat::Human, "runtime=debug");
        assert!(text.contains("posted card [card]") && text.contains("not at this level"));
        assert!(!text.contains("4111"));
    }

    #[test]
    fn no_card_number_passes_in_field_or_message() {
        let out = Shared::default();
        let kept = out.clone();
        let made = subscriber(&Log::default(), crate::card::redact, move || kept.clone()).unwrap();
        tracing::subscriber::with_default(made, || {
            tracing::info!(card.seen = "4111 1111 1111 1111", "card 5454545454545454");
        });
        let text = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["card.seen"], "**** **** **** 1111");
        assert_eq!(line["message"], "card ************5454");
    }

    #[test]
    fn an_unreadable_level_is_refused() {
        let log = Log { level: "runtime=loud".to_owned(), format: LogFormat::Json };
        assert!(subscriber(&log, str::to_owned, io::sink).is_err());
    }
}
