//! The rides example: event types and participant traits, generated from schemas/.
