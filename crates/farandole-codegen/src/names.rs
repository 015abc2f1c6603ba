//! Names of files as names of Rust.

use std::collections::BTreeMap;

use crate::GenerateError;

const KEYWORDS: [&str; 52] = [
    "abstract",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "pub",
    "ref",
    "return",
    "static",
    "struct",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
    "union",
    "macro_rules",
    "raw",
    "safe",
];
/// Not even `r#` makes these identifiers.
const NEVER: [&str; 4] = ["crate", "self", "super", "Self"];

/// The words of a name in any case: `driver.picked-up`, `pickedUp`, `PICKED_UP`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut after_lower = false;
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() {
            words.push(String::new());
            after_lower = false;
            continue;
        }
        if words.is_empty() || (c.is_ascii_uppercase() && after_lower) {
            words.push(String::new());
        }
        after_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
        if let Some(word) = words.last_mut() {
            word.push(c.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// `driver.picked-up` → `DriverPickedUp`.
pub(crate) fn pascal(name: &str) -> String {
    let capital = |word: &String| word[..1].to_ascii_uppercase() + &word[1..];
    identifier(words(name).iter().map(capital).collect())
}

/// `driver.picked-up` → `driver_picked_up`.
pub(crate) fn snake(name: &str) -> String {
    identifier(words(name).join("_"))
}

/// `driver.picked-up` → `DRIVER_PICKED_UP`.
pub(crate) fn shout(name: &str) -> String {
    identifier(words(name).join("_").to_ascii_uppercase())
}

fn identifier(name: String) -> String {
    if KEYWORDS.contains(&name.as_str()) {
        format!("r#{name}")
    } else if NEVER.contains(&name.as_str()) || name.is_empty() {
        format!("{name}_")
    } else if name.starts_with(|first: char| first.is_ascii_digit()) {
        format!("_{name}")
    } else {
        name
    }
}

/// The names taken in one scope, and by what.
pub(crate) struct Taken {
    context: String,
    names: BTreeMap<String, String>,
}

impl Taken {
    pub(crate) fn new(context: impl Into<String>) -> Self {
        Taken {
            context: context.into(),
            names: BTreeMap::new(),
        }
    }

    /// Takes the name for `what`, or says who has it already.
    pub(crate) fn take(
        &mut self,
        name: &str,
        what: impl Into<String>,
    ) -> Result<(), GenerateError> {
        let what = what.into();
        match self.names.get(name) {
            None => {
                self.names.insert(name.into(), what);
                Ok(())
            }
            Some(first) => Err(GenerateError::Clash {
                context: self.context.clone(),
                first: first.clone(),
                second: what,
                name: name.into(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_become_names_of_rust() {
        let table = [
            (
                "driver.picked-up",
                "DriverPickedUp",
                "driver_picked_up",
                "DRIVER_PICKED_UP",
            ),
            ("pickedUp", "PickedUp", "picked_up", "PICKED_UP"),
            ("OFF_SHIFT", "OffShift", "off_shift", "OFF_SHIFT"),
            ("type", "Type", "r#type", "TYPE"),
            ("self", "Self_", "self_", "SELF"),
            ("v2", "V2", "v2", "V2"),
            ("2d", "_2d", "_2d", "_2D"),
        ];
        for (name, as_type, as_function, as_constant) in table {
            assert_eq!(
                (
                    pascal(name).as_str(),
                    snake(name).as_str(),
                    shout(name).as_str()
                ),
                (as_type, as_function, as_constant)
            );
        }
    }

    #[test]
    fn two_things_cannot_take_one_name() {
        let mut taken = Taken::new("workflow trip");
        taken.take("Offer", "step `offer`").unwrap();
        let said = taken
            .take("Offer", "participant `offer`")
            .unwrap_err()
            .to_string();
        assert_eq!(
            said,
            "workflow trip: step `offer` and participant `offer` would both be called `Offer` in Rust; rename one"
        );
    }
}
