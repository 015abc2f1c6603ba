//! What the end-to-end tests share: a broker (embedded, or Apache Kafka), the services as real processes that can be
//! killed, and an oracle that knows only the topics.

pub mod binaries;
pub mod broker;
pub mod line;
pub mod oracle;
pub mod process;
pub mod wait;
