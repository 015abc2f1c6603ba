//! Standard base64 for `data_base64` of structured CloudEvents. Reading only.

/// Decodes RFC 4648 base64, padded or not. `None` for anything else.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').as_bytes();
    if text.len() % 4 == 1 {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    for chunk in text.chunks(4) {
        let mut bits = 0u32;
        for symbol in chunk {
            bits = bits << 6 | sextet(*symbol)?;
        }
        bits <<= 6 * (4 - chunk.len());
        let [_, triple @ ..] = bits.to_be_bytes();
        bytes.extend_from_slice(&triple[..chunk.len() - 1]);
    }
    Some(bytes)
}

fn sextet(symbol: u8) -> Option<u32> {
    let value = match symbol {
        b'A'..=b'Z' => symbol - b'A',
        b'a'..=b'z' => symbol - b'a' + 26,
        b'0'..=b'9' => symbol - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn rfc_4648_examples_decode_with_and_without_padding() {
        for (text, bytes) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zg", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYmFy", "foobar"),
        ] {
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["A", "Zm9v!", "Z g=", "AAAAA"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
