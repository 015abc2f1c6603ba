//! The read side of Kafka: consume, assign, groups, offsets, lag, watermarks, catalog. Cannot publish.
//!
//! No function here writes to a topic, joins a group, commits an offset or creates a topic, so whoever depends on this crate
//! alone is passive by construction. The requests made are ApiVersions, Metadata (without creation), Fetch, ListOffsets,
//! OffsetFetch, FindCoordinator, ListGroups and DescribeGroups.

pub mod catalog;
mod client;
mod config;
mod convert;
mod end;
mod error;
mod inspector;
mod reader;

pub use config::client_config;
pub use convert::to_record;
pub use end::read_to_end;
pub use error::ReadError;
pub use inspector::{GroupInfo, Inspector, Member, Partition, TopicInfo, Watermarks};
pub use reader::{Notice, Reader, Start, TopicPartitionOffset};
