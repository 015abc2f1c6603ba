//! Progress on the terminal: one line that is refreshed, or a line now and then where nobody watches.

use std::io::{IsTerminal, Write, stderr};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::tally::Tally;

/// Shows the tally for ever.
pub async fn show(tally: Arc<Tally>) {
    let (begun, watched) = (Instant::now(), stderr().is_terminal());
    let pause = Duration::from_millis(if watched { 200 } else { 5_000 });
    loop {
        tokio::time::sleep(pause).await;
        let line = format!("{:>4} s  {tally}", begun.elapsed().as_secs());
        // A terminal that is gone is no reason to end the run.
        let _ = if watched {
            write!(stderr(), "\r\x1b[2K{line}")
        } else {
            writeln!(stderr(), "{line}")
        };
        let _ = stderr().flush();
    }
}

/// Ends the refreshed line, so that what follows begins on its own.
pub fn end() {
    if stderr().is_terminal() {
        let _ = writeln!(stderr());
    }
}
