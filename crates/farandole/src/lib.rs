//! Write services that take part in a choreography on Kafka.
