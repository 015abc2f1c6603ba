use std::fmt;

/// Where a page of instances ends: opaque to callers, checked when it comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The last row's first append time.
    pub started_ms: i64,
    /// The last row's correlation id.
    pub correlation: String,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self
            .started_ms
            .to_be_bytes()
            .iter()
            .chain(self.correlation.as_bytes())
        {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl Cursor {
    /// Reads a cursor; `None` for text that no page has given out.
    pub fn parse(text: &str) -> Option<Self> {
        if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let bytes: Option<Vec<u8>> = (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
            .collect();
        let bytes = bytes?;
        let (started, correlation) = bytes.split_first_chunk::<8>()?;
        let correlation = String::from_utf8(correlation.to_vec()).ok()?;
        Some(Self {
            started_ms: i64::from_be_bytes(*started),
            correlation,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_comes_back_as_it_went(started_ms: i64, correlation in ".{0,20}") {
            let cursor = Cursor { started_ms, correlation };
            prop_assert_eq!(Cursor::parse(&cursor.to_string()), Some(cursor));
        }

        #[test]
        fn any_other_text_is_refused_without_harm(text in ".{0,40}") {
            let _ = Cursor::parse(&text);
        }
    }
}
