use std::net::SocketAddr;
use std::path::PathBuf;

use crate::{KafkaSettings, LogFormat, SettingsError};

/// Flags that every process takes. Flatten them into a clap parser; see [`CommonArgs::kafka`].
#[derive(Clone, Debug, Default, clap::Args)]
pub struct CommonArgs {
    /// Kafka brokers, host:port separated by commas [default: 127.0.0.1:9092]
    #[arg(
        long,
        env = "KAFKA_BOOTSTRAP_SERVERS",
        value_name = "HOST:PORT",
        global = true
    )]
    pub bootstrap_servers: Option<String>,
    /// A client.properties file with Kafka's own property names
    #[arg(
        long,
        env = "FARANDOLE_COMMAND_CONFIG",
        value_name = "FILE",
        global = true
    )]
    pub command_config: Option<PathBuf>,
    /// One Kafka property; may be given again. Stronger than the file and the KAFKA_* variables
    #[arg(short = 'X', long = "kafka", value_name = "KEY=VALUE", global = true)]
    pub properties: Vec<String>,
    /// How log lines look (RUST_LOG says which are shown)
    #[arg(
        long,
        env = "FARANDOLE_LOG_FORMAT",
        value_enum,
        default_value_t,
        global = true
    )]
    pub log_format: LogFormat,
    /// Serve /livez and /readyz here; port 0 takes any free one
    #[arg(
        long,
        env = "FARANDOLE_PROBE_LISTEN",
        value_name = "ADDRESS",
        global = true
    )]
    pub probe_listen: Option<SocketAddr>,
}

impl CommonArgs {
    /// The Kafka settings: `client.properties`, then `KAFKA_*` variables, then flags; the last one wins.
    ///
    /// # Errors
    /// A file that can't be read, an unknown, refused or malformed property.
    pub fn kafka(&self) -> Result<KafkaSettings, SettingsError> {
        let mut overrides = Vec::new();
        if let Some(servers) = &self.bootstrap_servers {
            overrides.push(("bootstrap.servers".to_owned(), servers.clone()));
        }
        for pair in &self.properties {
            let (key, value) = pair
                .split_once('=')
                .ok_or_else(|| SettingsError::NotAPair { text: pair.clone() })?;
            overrides.push((key.trim().to_owned(), value.trim().to_owned()));
        }
        KafkaSettings::load(
            self.command_config.as_deref(),
            std::env::vars_os().filter_map(text_pair),
            &overrides,
        )
    }
}

// std::env::vars() panics on a variable that is not UTF-8.
fn text_pair((name, value): (std::ffi::OsString, std::ffi::OsString)) -> Option<(String, String)> {
    Some((name.into_string().ok()?, value.into_string().ok()?))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Main {
        #[command(flatten)]
        common: CommonArgs,
    }

    #[test]
    fn flags_become_kafka_settings() {
        let main = Main::parse_from(["x", "--bootstrap-servers", "k1:9092", "-X", "linger.ms=7"]);
        let kafka = main.common.kafka().expect("settings");
        assert_eq!(kafka.bootstrap_servers(), "k1:9092");
        assert_eq!(kafka.get("linger.ms"), Some("7"));
    }

    #[test]
    fn a_property_without_a_value_is_refused() {
        let main = Main::parse_from(["x", "-X", "linger.ms"]);
        let message = main.common.kafka().expect_err("no value").to_string();
        assert!(
            message.contains("linger.ms") && message.contains("KEY=VALUE"),
            "{message}"
        );
    }
}
