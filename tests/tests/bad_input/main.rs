//! Bad input: requests, records, settings and files that are wrong. Each is refused or put aside with what is wrong and what to do
//! about it, and everything else goes on.

mod files;
mod http;
mod letters;
mod records;
mod starts;

use farandole_tests::line::{Line, Options, PATIENCE};

/// One line takes all of it, because starting one takes seconds.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_puts_bad_input_aside_and_goes_on() {
    let Some(mut line) = Line::start(Options::default()).await else {
        return;
    };
    let mut drivers = line.load("drivers", 1, 5.0, &QUIET);
    drivers.start();
    assert!(drivers.wait(PATIENCE).success(), "{}", drivers.output());

    http::what_is_no_request_is_answered_with_a_problem(&line).await;
    http::what_is_no_question_is_answered_with_a_problem(&line).await;
    letters::bad_records_become_dead_letters_as_they_were(&line).await;
    letters::a_retry_comes_back_to_the_failing_group_alone(&line).await;

    let mut load = line.load("load", 10, 5.0, &QUIET);
    load.start();
    assert!(load.wait(PATIENCE).success(), "{}", load.output());
    for (name, process) in &mut line.processes {
        assert!(process.is_running(), "{name} has ended by itself");
    }
}

/// A load whose trips are all driven to their end.
const QUIET: [&str; 6] = ["--seed", "3", "--cancel-share", "0", "--remote-share", "0"];
