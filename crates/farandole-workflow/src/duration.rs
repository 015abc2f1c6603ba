//! Durations as files write them: `500ms`, `10s`, `2m`, `1h`, `3d`.

/// The longest duration: ten years of 365 days, in milliseconds.
pub const MAX_DURATION_MS: i64 = 10 * 365 * 24 * 60 * 60 * 1000;

const UNITS: [(&str, i64); 5] = [
    ("ms", 1),
    ("s", 1000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

/// Milliseconds of a duration, which is positive and at most [`MAX_DURATION_MS`].
///
/// # Errors
/// A sentence that says what is wrong with it.
///
/// ```
/// assert_eq!(farandole_workflow::parse_duration("2m"), Ok(120_000));
/// assert!(farandole_workflow::parse_duration("0s").is_err());
/// ```
pub fn parse_duration(text: &str) -> Result<i64, String> {
    if text.starts_with('-') {
        return Err("a duration can't be negative".into());
    }
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    if number.is_empty() {
        return Err("a duration is a whole number and a unit: 500ms, 10s, 2m, 1h, 3d".into());
    }
    if unit.is_empty() {
        return Err(format!(
            "a duration needs a unit: {}s or {}ms, for instance",
            number_shown(number),
            number_shown(number)
        ));
    }
    let Some((_, factor)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err("a duration is a whole number and one unit: ms, s, m, h or d".into());
    };
    let millis = number
        .parse::<i64>()
        .ok()
        .and_then(|number| number.checked_mul(*factor));
    match millis {
        Some(0) => {
            Err("a duration of zero has always passed; leave it out if there is no limit".into())
        }
        Some(millis) if millis <= MAX_DURATION_MS => Ok(millis),
        _ => Err("a duration of more than ten years is surely a slip".into()),
    }
}

fn number_shown(number: &str) -> String {
    crate::name::shown(number)
}

/// The duration as a file would write it, with the largest unit that divides it.
///
/// ```
/// assert_eq!(farandole_workflow::format_duration(120_000), "2m");
/// assert_eq!(farandole_workflow::format_duration(1_500), "1500ms");
/// ```
pub fn format_duration(millis: i64) -> String {
    let (unit, factor) = UNITS
        .iter()
        .rev()
        .find(|(_, factor)| millis % factor == 0)
        .unwrap_or(&UNITS[0]);
    format!("{}{unit}", millis / factor)
}
