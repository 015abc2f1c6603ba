//! Writing to standard output. `println!` panics when nobody reads any more (`farandole track ls | head -1`).

use std::io::Write;

/// What a shell reports for a process that SIGPIPE ended.
const NOBODY_READS: i32 = 141;

/// Writes a line; ends the process when nobody reads it.
pub(crate) fn line(text: std::fmt::Arguments<'_>) {
    if try_line(text).is_err() {
        std::process::exit(NOBODY_READS);
    }
}

/// Writes a line if somebody reads it: `up` goes on without a terminal.
pub(crate) fn try_line(text: std::fmt::Arguments<'_>) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_fmt(text)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// `println!` for commands that answer: ends the process when nobody reads.
macro_rules! say {
    () => { $crate::say::line(format_args!("")) };
    ($($text:tt)*) => { $crate::say::line(format_args!($($text)*)) };
}

/// `println!` for `up`: what nobody reads is lost.
macro_rules! tell {
    ($($text:tt)*) => { { let _ = $crate::say::try_line(format_args!($($text)*)); } };
}

pub(crate) use {say, tell};
