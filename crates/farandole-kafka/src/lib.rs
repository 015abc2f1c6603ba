//! The write side of Kafka: publish, administer, and drive the engine.
