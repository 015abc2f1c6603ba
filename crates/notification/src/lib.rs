//! The notification service: tells rider and driver at each stage, each once.
