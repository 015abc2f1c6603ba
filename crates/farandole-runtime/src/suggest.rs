//! "Did you mean": the nearest known name to a misspelt one.

/// The known name nearest to `wrong`, if any is near enough to be a plausible slip.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(wrong, name), name))
        .filter(|(likeness, _)| *likeness >= 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// ` Did you mean "x"?`, or nothing: to be put at the end of a message.
pub fn did_you_mean<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(wrong, known).map_or_else(String::new, |name| format!(" Did you mean \"{name}\"?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name_and_nonsense_finds_none() {
        let known = ["bootstrap.servers", "linger.ms"];
        assert_eq!(
            nearest("bootstrap.server", known),
            Some("bootstrap.servers")
        );
        assert_eq!(
            did_you_mean("lingr.ms", known),
            " Did you mean \"linger.ms\"?"
        );
        assert_eq!(did_you_mean("zzz", known), "");
    }
}
