//! The `.properties` format, as far as Kafka's tools use it: `key=value`, `key: value`, `#` and `!` comments,
//! lines continued by a backslash, `\uXXXX`, `\n`, `\t` and `\=`.

/// A line number (from 1), a key and a value.
pub(crate) type Pair = (usize, String, String);

/// The pairs of a file, or the line that is none, with its number.
pub(crate) fn parse(text: &str) -> Result<Vec<Pair>, (usize, String)> {
    let mut pairs = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let mut line = line.trim_start().to_owned();
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        while continues(&line) {
            line.pop();
            let Some((_, next)) = lines.next() else { break };
            line.push_str(next.trim_start());
        }
        let (key, value) = split(&line).ok_or_else(|| (at + 1, line.clone()))?;
        pairs.push((at + 1, unescape(key), unescape(value)));
    }
    Ok(pairs)
}

fn continues(line: &str) -> bool {
    line.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1
}

fn split(line: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        match c {
            '\\' => escaped = !escaped,
            '=' | ':' if !escaped => return Some((line[..at].trim(), line[at + 1..].trim())),
            _ => escaped = false,
        }
    }
    None
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match (c, if c == '\\' { rest.next() } else { None }) {
            ('\\', Some('n')) => out.push('\n'),
            ('\\', Some('t')) => out.push('\t'),
            ('\\', Some('r')) => out.push('\r'),
            ('\\', Some('u')) => {
                let digits: String = rest.by_ref().take(4).collect();
                out.push(
                    u32::from_str_radix(&digits, 16)
                        .ok()
                        .and_then(char::from_u32)
                        .unwrap_or('\u{fffd}'),
                );
            }
            ('\\', Some(other)) => out.push(other),
            ('\\', None) => {}
            (other, _) => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_of_kafka_s_own_tools_is_read() {
        let text = "# a comment\n! another\n\nbootstrap.servers = k1:9092,\\\n   k2:9092\nlinger.ms:5\nsasl.password=a\\=b\\u0041\\\\\n";
        let pairs = parse(text).expect("pairs");
        let flat: Vec<_> = pairs
            .iter()
            .map(|(at, key, value)| (*at, key.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            flat,
            [
                (4, "bootstrap.servers", "k1:9092,k2:9092"),
                (6, "linger.ms", "5"),
                (7, "sasl.password", "a=bA\\")
            ]
        );
    }

    #[test]
    fn a_line_without_a_value_is_named() {
        assert_eq!(parse("a=1\nnonsense\n"), Err((2, "nonsense".to_owned())));
    }
}
