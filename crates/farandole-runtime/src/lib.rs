//! What every process shares: settings and the allow-list of Kafka properties, telemetry, probes, shutdown.
