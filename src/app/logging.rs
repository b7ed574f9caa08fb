//! The operator's log: the journal with its fields when systemd runs the box, readable lines on standard
//! error otherwise. What is logged holds ids of nobody, no names and no secrets; that is for the callers
//! to keep, and here for panics, whose text may quote anything and is not logged.

use std::fmt::{self, Write};
use std::io::IsTerminal;

use systemd_journal_logger::JournalLog;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging for the whole process. Called once; a second call changes nothing.
pub fn start(level: Level) {
    let filter = LevelFilter::from_level(level);
    let journal = systemd_journal_logger::connected_to_journal().then(JournalLog::new).and_then(Result::ok);
    // A second subscriber is refused; the first one goes on.
    let _ = match journal {
        Some(journal) => {
            let journal = journal.with_syslog_identifier("chartbox".into());
            tracing_subscriber::registry().with(Journal(journal).with_filter(filter)).try_init()
        }
        None => {
            let lines = tracing_subscriber::fmt::layer()
                .with_writer(std::io::stderr)
                .with_ansi(std::io::stderr().is_terminal())
                .with_target(false)
                .with_filter(filter);
            tracing_subscriber::registry().with(lines).try_init()
        }
    };
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, ToString::to_string);
        tracing::error!(place, "a part of the program failed unexpectedly; this is a fault of Chartbox");
    }));
}

/// Sends events to the journal, each field as a field of its own.
struct Journal(JournalLog);

impl<S: Subscriber> Layer<S> for Journal {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let meta = event.metadata();
        let mut fields = Fields::default();
        event.record(&mut fields);
        let pairs: Vec<(&str, &str)> = fields.named.iter().map(|(name, value)| (*name, value.as_str())).collect();
        // The journal takes away nothing that the event had; if it is gone there is nowhere left to say so.
        let _ = self.0.journal_send(
            &log::Record::builder()
                .args(format_args!("{}", fields.message))
                .level(level(*meta.level()))
                .target(meta.target())
                .module_path_static(meta.module_path())
                .line(meta.line())
                .key_values(&pairs)
                .build(),
        );
    }
}

const fn level(level: Level) -> log::Level {
    match level {
        Level::ERROR => log::Level::Error,
        Level::WARN => log::Level::Warn,
        Level::INFO => log::Level::Info,
        Level::DEBUG => log::Level::Debug,
        Level::TRACE => log::Level::Trace,
    }
}

/// An event's message and its other fields.
#[derive(Default)]
struct Fields {
    message: String,
    named: Vec<(&'static str, String)>,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // Writing to a string does not fail.
            let _ = write!(self.message, "{value:?}");
        } else {
            self.named.push((field.name(), format!("{value:?}")));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message.push_str(value);
        } else {
            self.named.push((field.name(), value.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    struct Keep(Arc<Mutex<Vec<Fields>>>);
    impl<S: Subscriber> Layer<S> for Keep {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            let mut fields = Fields::default();
            event.record(&mut fields);
            self.0.lock().unwrap().push(fields);
        }
    }

    #[test]
    fn an_event_keeps_its_fields_and_strings_are_not_quoted() {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let subscriber = tracing_subscriber::registry().with(Keep(kept.clone()));
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(route = "/fhir/{kind}", status = 200u16, error = %"it is", "answered {}", 1);
        });
        let kept = kept.lock().unwrap();
        assert_eq!(kept[0].message, "answered 1");
        let named: Vec<(&str, &str)> = kept[0].named.iter().map(|(n, v)| (*n, v.as_str())).collect();
        assert_eq!(named, [("route", "/fhir/{kind}"), ("status", "200"), ("error", "it is")]);
    }
}
