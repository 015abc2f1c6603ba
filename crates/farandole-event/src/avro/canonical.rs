//! Avro's parsing canonical form and its CRC-64 fingerprint, from the vetted schema: `apache-avro`'s form keeps some
//! attributes of logical types, so its fingerprints of decimals are not those of other languages.

use super::shape::{Id, Kind, Named, Shape};

/// CRC-64-AVRO of the empty text; also the polynomial.
const EMPTY: u64 = 0xc15d_213a_a4d7_a795;

/// The fingerprint that single-object encoding carries.
pub(crate) fn fingerprint(shape: &Shape) -> u64 {
    let mut text = String::new();
    let mut defined = Vec::new();
    write(shape, 0, &mut defined, &mut text);
    crc64(text.as_bytes())
}

fn crc64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(EMPTY, |crc, byte| {
        let mixed = (0..8).fold((crc ^ u64::from(*byte)) & 0xFF, |bits, _| {
            (bits >> 1) ^ (EMPTY & (bits & 1).wrapping_neg())
        });
        (crc >> 8) ^ mixed
    })
}

/// A named type is written in full where it first occurs and by its name after that.
fn write(shape: &Shape, id: Id, defined: &mut Vec<Id>, text: &mut String) {
    let kind = shape.kind(id);
    if let Kind::Record(named, _) | Kind::Enum(named, ..) | Kind::Fixed(named, _) = kind {
        if defined.contains(&id) {
            return quote(&named.full, text);
        }
        defined.push(id);
        head(named, kind.word(), text);
    }
    match kind {
        Kind::Record(_, fields) => {
            text.push_str(",\"fields\":");
            list(text, fields, |field, text| {
                text.push_str("{\"name\":");
                quote(&field.name, text);
                text.push_str(",\"type\":");
                write(shape, field.node, defined, text);
                text.push('}');
            });
            text.push('}');
        }
        Kind::Enum(_, symbols, _) => {
            text.push_str(",\"symbols\":");
            list(text, symbols, |symbol, text| quote(symbol, text));
            text.push('}');
        }
        Kind::Fixed(_, size) => text.push_str(&format!(",\"size\":{size}}}")),
        Kind::Union(branches) => list(text, branches, |branch, text| {
            write(shape, *branch, defined, text)
        }),
        Kind::Array(items) => {
            text.push_str("{\"type\":\"array\",\"items\":");
            write(shape, *items, defined, text);
            text.push('}');
        }
        Kind::Map(values) => {
            text.push_str("{\"type\":\"map\",\"values\":");
            write(shape, *values, defined, text);
            text.push('}');
        }
        primitive => quote(primitive.word(), text),
    }
}

fn head(named: &Named, word: &str, text: &mut String) {
    text.push_str("{\"name\":");
    quote(&named.full, text);
    text.push_str(",\"type\":");
    quote(word, text);
}

fn list<T>(text: &mut String, items: &[T], mut item: impl FnMut(&T, &mut String)) {
    text.push('[');
    for (index, one) in items.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        item(one, text);
    }
    text.push(']');
}

/// Avro's names hold nothing that JSON would escape.
fn quote(name: &str, text: &mut String) {
    text.push('"');
    text.push_str(name);
    text.push('"');
}

#[cfg(test)]
mod tests {
    use apache_avro::Schema;
    use serde_json::Value;

    use super::{Shape, crc64, fingerprint};

    #[test]
    fn fingerprints_are_those_of_avro_for_java() {
        let vectors: Value =
            serde_json::from_str(include_str!("../../vectors/compatibility.json")).expect("JSON");
        for case in vectors["cases"].as_array().expect("a list") {
            let schema = Schema::parse(&case["reader"]).expect("a schema");
            let ours = format!(
                "{:016x}",
                fingerprint(&Shape::of(&schema).expect("a vetted schema"))
            );
            assert_eq!(
                Some(ours.as_str()),
                case["fingerprint"].as_str(),
                "{}",
                case["reader"]
            );
        }
    }

    /// From the Avro project's own list of fingerprints.
    #[test]
    fn published_fingerprints() {
        assert_eq!(crc64(b"\"null\""), 0x63dd_24e7_cc25_8f8a);
        assert_eq!(crc64(b"\"int\""), 0x7275_d51a_3f39_5c8f);
    }
}
