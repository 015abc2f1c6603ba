//! Names in workflow files, and guesses at what a wrong one was meant to be.

/// The longest name of a workflow, step or participant: consumer groups and topics are made from it.
pub(crate) const MAX_NAME: usize = 64;
/// The longest name of an event or a field.
pub(crate) const MAX_LONG_NAME: usize = 128;

/// Why the text is no name; `None` when it is one.
pub(crate) fn fault_of_name(text: &str, max: usize) -> Option<String> {
    if text.is_empty() {
        return Some("is empty".into());
    }
    if text.len() > max {
        return Some(format!("has {} bytes; the limit is {max}", text.len()));
    }
    let words = text.split(['.', '-']);
    let fine = words.into_iter().all(|word| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    });
    if !fine || !text.starts_with(|first: char| first.is_ascii_lowercase()) {
        return Some("is no name: write small letters and digits, with single `-` or `.` between words, a letter first".into());
    }
    None
}

/// Why the text is no field name of a schema; `None` when it is one.
pub(crate) fn fault_of_field(text: &str) -> Option<String> {
    if text.len() > MAX_LONG_NAME {
        return Some(format!(
            "has {} bytes; the limit is {MAX_LONG_NAME}",
            text.len()
        ));
    }
    let fine = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    (!fine).then(|| "is no field name: write letters, digits and `_`, no digit first".into())
}

/// The known word that was probably meant.
///
/// ```
/// let known = ["trip.requested", "driver.assigned"];
/// assert_eq!(farandole_workflow::did_you_mean("trip.requestd", known), Some("trip.requested"));
/// assert_eq!(farandole_workflow::did_you_mean("weather", known), None);
/// ```
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = cut(word);
    let allowed = word.chars().count() / 3;
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, cut(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *candidate != word)
        .min_by_key(|(distance, candidate)| (*distance, candidate.len()))
        .map(|(_, candidate)| candidate)
}

/// The distance takes the product of both lengths in time: bound it.
fn cut(word: &str) -> &str {
    let end = word
        .char_indices()
        .nth(MAX_LONG_NAME)
        .map_or(word.len(), |(at, _)| at);
    &word[..end]
}

/// Text of a file as it may stand in a message: short, on one line, without control characters.
pub(crate) fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(40).flat_map(char::escape_debug).collect();
    if text.chars().nth(40).is_some() {
        short.push('…');
    }
    short
}
