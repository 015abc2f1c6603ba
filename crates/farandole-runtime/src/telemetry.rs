//! Logs: one subscriber per process, to standard error, as text or as JSON lines.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line, for log collectors.
    Json,
}

/// librdkafka is talkative at `info` about brokers that come and go.
const QUIET: &str = "librdkafka=warn,rdkafka=warn";

/// Installs the process's log subscriber. `RUST_LOG` decides what is shown; without it `default_level`
/// (`"info"`, or any `RUST_LOG`-like directives). A second call in one process does nothing.
pub fn init(format: LogFormat, default_level: &str) {
    let (filter, complaint) = filter(std::env::var("RUST_LOG").ok(), default_level);
    let base = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    let installed = match format {
        LogFormat::Text => base.with_ansi(io::stderr().is_terminal()).try_init(),
        LogFormat::Json => base.json().flatten_event(true).try_init(),
    };
    if let (Ok(()), Some(complaint)) = (installed, complaint) {
        tracing::warn!("{complaint}");
    }
}

fn filter(rust_log: Option<String>, default_level: &str) -> (EnvFilter, Option<String>) {
    let usual = || {
        EnvFilter::try_new(format!("{default_level},{QUIET}"))
            .unwrap_or_else(|_| EnvFilter::new(format!("info,{QUIET}")))
    };
    match rust_log.filter(|text| !text.trim().is_empty()) {
        None => (usual(), None),
        Some(text) => match EnvFilter::try_new(&text) {
            Ok(filter) => (filter, None),
            Err(error) => (
                usual(),
                Some(format!("RUST_LOG={text:?} is ignored: {error}")),
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_rust_log_is_reported_and_the_default_used() {
        let (filter, complaint) = filter(Some("farandole=notalevel=x".into()), "debug");
        assert!(
            complaint
                .expect("a complaint")
                .contains("farandole=notalevel=x")
        );
        assert!(filter.to_string().contains("debug"), "{filter}");
    }

    #[test]
    fn without_rust_log_the_default_applies_and_librdkafka_is_quiet() {
        let (filter, complaint) = filter(None, "info");
        assert_eq!(complaint, None);
        assert!(filter.to_string().contains("librdkafka=warn"), "{filter}");
    }
}
