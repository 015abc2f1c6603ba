//! Transactional outbox and inbox for services with a database.
