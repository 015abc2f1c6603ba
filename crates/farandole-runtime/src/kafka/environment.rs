//! `KAFKA_*` variables as property names: lower case, `_` is a dot, `__` an underscore, `___` a dash.

/// What Kafka's own scripts and Kubernetes (for a service called `kafka`) put into the environment.
const NOT_OURS: &[&str] = &[
    "KAFKA_HOME",
    "KAFKA_OPTS",
    "KAFKA_HEAP_OPTS",
    "KAFKA_JVM_PERFORMANCE_OPTS",
    "KAFKA_LOG4J_OPTS",
    "KAFKA_JMX_OPTS",
    "KAFKA_JMX_PORT",
    "KAFKA_GC_LOG_OPTS",
    "KAFKA_DEBUG",
    "KAFKA_VERSION",
    "KAFKA_PORT",
    "KAFKA_CLASSPATH",
];
const NOT_OURS_STARTS: &[&str] = &["KAFKA_SERVICE_", "KAFKA_PORT_"];

/// The property a variable names; `None` when the variable is not for us.
pub(crate) fn property(variable: &str) -> Option<String> {
    let name = variable
        .strip_prefix("KAFKA_")
        .filter(|name| !name.is_empty())?;
    if NOT_OURS.contains(&variable)
        || NOT_OURS_STARTS
            .iter()
            .any(|start| variable.starts_with(start))
    {
        return None;
    }
    Some(
        name.to_ascii_lowercase()
            .replace("___", "-")
            .replace("__", "\0")
            .replace('_', ".")
            .replace('\0', "_"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_name_properties() {
        assert_eq!(
            property("KAFKA_BOOTSTRAP_SERVERS").as_deref(),
            Some("bootstrap.servers")
        );
        assert_eq!(property("KAFKA_LOG__LEVEL").as_deref(), Some("log_level"));
        assert_eq!(property("PATH"), None);
    }

    #[test]
    fn variables_of_kafka_s_scripts_and_of_kubernetes_are_left_alone() {
        for foreign in [
            "KAFKA_HEAP_OPTS",
            "KAFKA_SERVICE_HOST",
            "KAFKA_PORT_9092_TCP_ADDR",
            "KAFKA_PORT",
        ] {
            assert_eq!(property(foreign), None, "{foreign}");
        }
    }
}
