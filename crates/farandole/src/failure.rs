use std::fmt;

/// Why a handler did not do its work. There are two words for it; every ordinary error is the first.
///
/// ```
/// use farandole::Failure;
///
/// fn passengers(text: &str) -> Result<u32, Failure> {
///     let count = text.parse()?; // any error: try again later
///     if count == 0 {
///         return Err(Failure::reject("a trip needs a passenger")); // it would fail again
///     }
///     Ok(count)
/// }
/// # assert!(matches!(passengers("x"), Err(Failure::Retry(_))));
/// # assert!(matches!(passengers("0"), Err(Failure::Reject(_))));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// It may succeed later: tried again with backoff, in the order of the instance.
    Retry(String),
    /// It would fail again: becomes a dead letter at once.
    Reject(String),
    /// This firing was handled before, its effects and outputs are safe (said by the outbox): counts as done.
    #[doc(hidden)]
    AlreadyHandled,
}

impl Failure {
    /// A failure that may pass: the event is tried again.
    pub fn retry(reason: impl fmt::Display) -> Self {
        Self::Retry(reason.to_string())
    }

    /// A failure that would repeat itself: the event becomes a dead letter.
    pub fn reject(reason: impl fmt::Display) -> Self {
        Self::Reject(reason.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retry(reason) | Self::Reject(reason) => f.write_str(reason),
            Self::AlreadyHandled => f.write_str("this firing was handled before"),
        }
    }
}

// `Failure` is no `Error` itself, so that `?` turns every error into a retry.
impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Retry(chain(&error))
    }
}

/// An error with what caused it, in one line. Causes that the text tells already are not repeated.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
