//! Java's words, said in librdkafka's.

/// What a Java-only property turns into: librdkafka's properties, or the reason why it can't be.
pub(crate) fn java(name: &str, value: &str) -> Result<Vec<(&'static str, String)>, String> {
    match name {
        "sasl.jaas.config" => jaas(value),
        "ssl.truststore.location" if is_pem(value) => Ok(vec![("ssl.ca.location", value.to_owned())]),
        "ssl.truststore.location" => Err("librdkafka reads PEM files, not Java trust stores; convert it (keytool -exportcert -rfc) and set ssl.ca.location".into()),
        "ssl.truststore.type" if value.eq_ignore_ascii_case("PEM") => Ok(vec![]),
        "ssl.truststore.type" => Err("only PEM works; convert the store and set ssl.ca.location".into()),
        "ssl.keystore.type" if value.eq_ignore_ascii_case("PKCS12") => Ok(vec![]),
        "ssl.keystore.type" => Err("only PKCS12 works here; for PEM set ssl.certificate.location and ssl.key.location".into()),
        _ => Err("it is a Java property without a counterpart; remove it".into()),
    }
}

fn is_pem(path: &str) -> bool {
    [".pem", ".crt", ".cer"]
        .iter()
        .any(|ending| path.to_ascii_lowercase().ends_with(ending))
}

/// `…PlainLoginModule required username="u" password="p";`
fn jaas(value: &str) -> Result<Vec<(&'static str, String)>, String> {
    let module = value.split_whitespace().next().unwrap_or_default();
    if !(module.ends_with("PlainLoginModule") || module.ends_with("ScramLoginModule")) {
        return Err("only PlainLoginModule and ScramLoginModule can be translated; set sasl.mechanism and its sasl.* properties".into());
    }
    let field = |name: &str| {
        quoted(value, name).ok_or_else(|| {
            format!("no {name}=\"…\" in it; set sasl.username and sasl.password instead")
        })
    };
    Ok(vec![
        ("sasl.username", field("username")?),
        ("sasl.password", field("password")?),
    ])
}

fn quoted(text: &str, name: &str) -> Option<String> {
    let start = format!("{name}=\"");
    // The name must begin a word: `password` must not be found in `otherpassword`.
    let at = text
        .match_indices(&start)
        .map(|(at, _)| at)
        .find(|at| text[..*at].ends_with(char::is_whitespace))?;
    let mut value = String::new();
    let mut rest = text[at + start.len()..].chars();
    loop {
        match rest.next()? {
            '"' => return Some(value),
            '\\' => value.push(rest.next()?),
            other => value.push(other),
        }
    }
}

/// An assignor's Java class names as librdkafka spells them; other values as they are.
pub(crate) fn assignors(value: &str) -> String {
    let word = |class: &str| match class.trim().rsplit('.').next().unwrap_or_default() {
        "RangeAssignor" => "range".to_owned(),
        "RoundRobinAssignor" => "roundrobin".to_owned(),
        "CooperativeStickyAssignor" => "cooperative-sticky".to_owned(),
        _ => class.trim().to_owned(),
    };
    value.split(',').map(word).collect::<Vec<_>>().join(",")
}
