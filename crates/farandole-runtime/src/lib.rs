//! What every process shares: settings and the allow-list of Kafka properties, telemetry, probes, shutdown.
//!
//! Nothing here knows of events or workflows. A `main` reads [`CommonArgs`], calls [`telemetry::init`], makes one
//! [`Shutdown`], and hands [`KafkaSettings`] to whoever opens a client.

mod args;
mod clock;
pub mod http;
mod kafka;
mod probes;
mod shutdown;
pub mod suggest;
pub mod telemetry;

pub use args::CommonArgs;
pub use clock::now_ms;
pub use kafka::{KafkaOption, KafkaSettings, Kind, OPTIONS, Rule, Scope, SettingsError};
pub use probes::Probes;
pub use shutdown::{Shutdown, Trigger};
pub use telemetry::LogFormat;
