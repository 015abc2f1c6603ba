//! The read side of Kafka: consume, assign, groups, offsets, lag, watermarks, catalog. Cannot publish.
