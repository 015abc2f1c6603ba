use super::*;

fn load(overrides: &[(&str, &str)]) -> Result<KafkaSettings, SettingsError> {
    let overrides: Vec<_> = overrides
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    KafkaSettings::load(None, std::iter::empty(), &overrides)
}

#[track_caller]
fn complaint(overrides: &[(&str, &str)]) -> String {
    load(overrides).expect_err("must be refused").to_string()
}

#[test]
fn the_table_is_sorted_each_name_once_and_aliases_lead_to_a_row() {
    for pair in OPTIONS.windows(2) {
        assert!(
            pair[0].name < pair[1].name,
            "{} must stand before {}",
            pair[1].name,
            pair[0].name
        );
    }
    for option in OPTIONS {
        assert!(!option.doc.is_empty(), "{} has no text", option.name);
        if let Rule::Alias(real) = option.rule {
            let rule = options::find(real)
                .unwrap_or_else(|| panic!("{} leads nowhere", option.name))
                .rule;
            assert!(
                matches!(rule, Rule::Accept | Rule::Secret),
                "{} leads to {real}",
                option.name
            );
        }
    }
}

#[test]
fn without_any_setting_the_local_broker_is_meant() {
    assert_eq!(
        load(&[]).expect("defaults").bootstrap_servers(),
        "127.0.0.1:9092"
    );
}

#[test]
fn what_stands_later_wins() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("client.properties");
    std::fs::write(
        &file,
        "bootstrap.servers=file:1\nlinger.ms=1\nclient.rack=a\n",
    )
    .expect("file");
    let env = [
        ("KAFKA_BOOTSTRAP_SERVERS".to_owned(), "env:1".to_owned()),
        ("KAFKA_LINGER_MS".to_owned(), "2".to_owned()),
    ];
    let settings = KafkaSettings::load(
        Some(&file),
        env.into_iter(),
        &[("linger.ms".into(), "3".into())],
    )
    .expect("settings");
    let all: Vec<_> = settings.entries().collect();
    assert_eq!(
        all,
        [
            ("bootstrap.servers", "env:1"),
            ("client.rack", "a"),
            ("linger.ms", "3")
        ]
    );
}

#[test]
fn an_unknown_property_is_an_error_with_place_and_suggestion() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("client.properties");
    std::fs::write(&file, "# x\nbootstrap.server=k:1\n").expect("file");
    let message = KafkaSettings::load(Some(&file), std::iter::empty(), &[])
        .expect_err("misspelt")
        .to_string();
    assert!(message.contains("client.properties line 2"), "{message}");
    assert!(
        message.contains("Did you mean \"bootstrap.servers\"?"),
        "{message}"
    );
}

#[test]
fn what_the_framework_owns_is_refused_with_the_reason() {
    for (name, value, reason) in [
        ("enable.auto.commit", "true", "committed only when"),
        ("enable.auto.offset.store", "true", "committed only when"),
        ("acks", "1", "all in-sync replicas"),
        ("enable.idempotence", "false", "duplicate or reorder"),
        (
            "partition.assignment.strategy",
            "cooperative-sticky",
            "stay together",
        ),
        ("group.id", "mine", "names it"),
        ("group.protocol", "consumer", "stalls"),
        ("partitioner", "consistent", "Java clients"),
    ] {
        let message = complaint(&[(name, value)]);
        assert!(
            message.contains(name) && message.contains(reason),
            "{message}"
        );
    }
}

#[test]
fn saying_what_the_framework_does_anyway_is_fine() {
    for (name, value) in [
        ("enable.auto.commit", "false"),
        ("acks", "-1"),
        ("acks", "all"),
        (
            "partition.assignment.strategy",
            "org.apache.kafka.clients.consumer.RangeAssignor",
        ),
    ] {
        let settings = load(&[(name, value)]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(settings.get(name), None, "{name} is the framework's to set");
    }
}

#[test]
fn properties_that_run_code_never_pass() {
    for name in [
        "sasl.kerberos.kinit.cmd",
        "plugin.library.paths",
        "ssl.engine.location",
        "ssl.providers",
    ] {
        assert!(
            complaint(&[(name, "x")]).contains("run a program or load a library"),
            "{name}"
        );
    }
}

#[test]
fn every_accepted_value_is_of_its_kind() {
    for (name, value, wanted) in [
        ("linger.ms", "soon", "whole number from 0 to 900000"),
        ("linger.ms", "-1", "whole number"),
        ("check.crcs", "yes", "true or false"),
        ("security.protocol", "TLS", "SASL_SSL"),
        ("bootstrap.servers", "", "host:port"),
        ("client.rack", "a\0b", "NUL"),
    ] {
        let message = complaint(&[(name, value)]);
        assert!(
            message.contains(name) && message.contains(wanted),
            "{message}"
        );
    }
    assert_eq!(
        load(&[("security.protocol", "sasl_ssl")])
            .expect("any case")
            .get("security.protocol"),
        Some("SASL_SSL")
    );
}

#[test]
fn java_words_are_translated() {
    let module = "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"me\" password=\"a\\\"b\";";
    let settings = load(&[
        ("sasl.jaas.config", module),
        ("ssl.truststore.location", "/ca.pem"),
        ("sasl.mechanisms", "plain"),
    ])
    .expect("translated");
    assert_eq!(settings.get("sasl.username"), Some("me"));
    assert_eq!(settings.get("sasl.password"), Some("a\"b"));
    assert_eq!(settings.get("ssl.ca.location"), Some("/ca.pem"));
    assert_eq!(settings.get("sasl.mechanism"), Some("PLAIN"));
}

#[test]
fn java_words_without_a_counterpart_come_with_a_hint() {
    assert!(complaint(&[("ssl.truststore.location", "/ca.jks")]).contains("ssl.ca.location"));
    assert!(complaint(&[("value.deserializer", "x")]).contains("Avro"));
    assert!(
        complaint(&[("sasl.jaas.config", "com.sun.Krb5LoginModule required;")])
            .contains("sasl.mechanism")
    );
}

#[test]
fn verification_is_switched_off_only_by_an_explicit_word() {
    assert!(
        complaint(&[("enable.ssl.certificate.verification", "false")])
            .contains("farandole.allow.insecure")
    );
    assert!(
        complaint(&[("ssl.endpoint.identification.algorithm", "none")])
            .contains("farandole.allow.insecure")
    );
    let settings = load(&[
        ("farandole.allow.insecure", "true"),
        ("enable.ssl.certificate.verification", "false"),
    ])
    .expect("explicit");
    assert!(
        settings
            .entries()
            .all(|(key, _)| key != "farandole.allow.insecure"),
        "librdkafka does not know the word"
    );
}

#[test]
fn secrets_come_from_files_and_are_never_shown() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("password");
    std::fs::write(&file, "hunter2\n").expect("file");
    let env = [(
        "KAFKA_SASL_PASSWORD_FILE".to_owned(),
        file.to_string_lossy().into_owned(),
    )];
    let settings = KafkaSettings::load(None, env.into_iter(), &[]).expect("settings");
    assert_eq!(settings.get("sasl.password"), Some("hunter2"));
    let shown = format!("{settings:?}");
    assert!(
        !shown.contains("hunter2") && shown.contains("(hidden)"),
        "{shown}"
    );
    let message = complaint(&[("sasl.password", "se\0cret")]);
    assert!(!message.contains("cret"), "{message}");
}

#[test]
fn timeouts_that_contradict_each_other_are_refused() {
    assert!(complaint(&[("session.timeout.ms", "5000")]).contains("three heartbeats"));
    assert!(complaint(&[("max.poll.interval.ms", "1000")]).contains("max.poll.interval.ms"));
}

#[test]
fn each_kind_of_client_gets_its_own_properties() {
    let settings = load(&[
        ("linger.ms", "5"),
        ("fetch.min.bytes", "1"),
        ("client.rack", "a"),
    ])
    .expect("settings");
    let keys = |scope| {
        settings
            .entries_for(scope)
            .map(|(key, _)| key.to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        keys(Scope::Consumer),
        ["bootstrap.servers", "client.rack", "fetch.min.bytes"]
    );
    assert_eq!(
        keys(Scope::Producer),
        ["bootstrap.servers", "client.rack", "linger.ms"]
    );
}
