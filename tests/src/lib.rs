//! End-to-end, conformance, fault and compatibility tests.
