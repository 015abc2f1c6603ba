//! Tests without a broker.
