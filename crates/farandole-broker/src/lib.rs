//! An in-process Kafka-protocol broker for development and tests.
