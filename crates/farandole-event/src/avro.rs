//! Avro on our own terms: a vetted schema as a flat graph ([`shape`]), and the passes over bytes that it drives.
//! `apache-avro` parses schemas and moves values between bytes and Rust types; it only ever sees bytes that
//! [`guard`] has walked.

pub(crate) mod canonical;
pub(crate) mod guard;
pub(crate) mod input;
pub(crate) mod json;
pub(crate) mod output;
pub(crate) mod resolve;
pub(crate) mod shape;
