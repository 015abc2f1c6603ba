//! Hostile files: whatever the bytes, an answer comes quickly and without a panic.

use std::time::{Duration, Instant};

use farandole_workflow::{Report, Workflow, draw, parse};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

const SOUND: &str = include_str!("../../../schemas/workflows/trip/v1.yaml");
/// A debug build on a busy machine takes several times as long as a release build, which keeps to 100 ms.
const PATIENCE: Duration = if cfg!(debug_assertions) {
    Duration::from_millis(1000)
} else {
    Duration::from_millis(100)
};

/// Pieces that mean something to YAML or to the language.
const PIECES: [&str; 48] = [
    "workflow",
    "version",
    "key",
    "steps",
    "ends",
    "carries",
    "by",
    "on",
    "any_of",
    "all_of",
    "no",
    "after",
    "for",
    "emits",
    "one_of",
    "optional",
    "external",
    "start",
    "during",
    "reads",
    "within",
    "compensate",
    "completed",
    ": ",
    ":",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "\n",
    "\n  ",
    "\n    ",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "!x ",
    "|",
    ">",
    "\"",
    "'",
    "---",
    "...",
    "#",
    "\t",
    "é",
];

fn timed(text: &str) -> Result<Workflow, Report> {
    let begin = Instant::now();
    let result = parse("fuzz.yaml", text);
    let took = begin.elapsed();
    assert!(
        took < PATIENCE,
        "{took:?} for {} bytes: {:?}",
        text.len(),
        text.chars().take(200).collect::<String>()
    );
    result
}

/// An answer that can be shown: located inside the text, and drawn.
fn sound_answer(text: &str) {
    match timed(text) {
        Ok(workflow) => {
            assert!(
                workflow
                    .steps
                    .iter()
                    .any(farandole_workflow::Step::begins_instance)
            );
            assert!(draw::mermaid(&workflow).starts_with("flowchart"));
            assert!(draw::svg(&workflow).ends_with("</svg>\n"));
        }
        Err(report) => {
            assert!(report.findings().count() > 0);
            for finding in report.findings() {
                assert!(finding.line >= 1 && finding.column >= 1);
                assert!(
                    finding.offset + finding.len <= text.len(),
                    "{finding:?} of {} bytes",
                    text.len()
                );
            }
            assert!(report.render().contains("error: "));
        }
    }
}

/// Runs the property with a seed of the day, or `FUZZ_SEED`, and says which.
fn search<S: Strategy>(cases: u32, strategy: S, property: impl Fn(S::Value)) {
    let seed = std::env::var("FUZZ_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            now.map_or(1, |now| now.as_nanos() as u64)
        });
    println!("FUZZ_SEED={seed}");
    let config = Config {
        cases,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&strategy, |value| {
        property(value);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("FUZZ_SEED={seed}: {error}"));
}

#[test]
fn any_text_is_answered() {
    search(2_000, vec(any::<char>(), 0..200), |chars| {
        sound_answer(&chars.into_iter().collect::<String>())
    });
}

#[test]
fn any_bytes_read_as_text_are_answered() {
    search(2_000, vec(any::<u8>(), 0..300), |bytes| {
        sound_answer(&String::from_utf8_lossy(&bytes))
    });
}

#[test]
fn any_pieces_of_the_language_are_answered() {
    search(
        4_000,
        vec(proptest::sample::select(PIECES.to_vec()), 0..80),
        |pieces| sound_answer(&pieces.concat()),
    );
}

#[test]
fn a_sound_file_with_a_few_slips_is_answered() {
    let slips = vec(
        (
            any::<proptest::sample::Index>(),
            proptest::sample::select(PIECES.to_vec()),
            any::<bool>(),
        ),
        1..6,
    );
    search(1_500, slips, |slips| {
        let mut text = SOUND.to_owned();
        for (at, piece, insert) in slips {
            let at = text
                .char_indices()
                .nth(at.index(text.chars().count()))
                .map_or(0, |(at, _)| at);
            let end = if insert {
                at
            } else {
                text[at..]
                    .char_indices()
                    .nth(piece.chars().count())
                    .map_or(text.len(), |(n, _)| at + n)
            };
            text.replace_range(at..end, piece);
        }
        sound_answer(&text);
    });
}

#[test]
fn large_files_are_answered_quickly() {
    let limit = farandole_workflow::MAX_FILE_BYTES;
    let fill = |piece: &str| piece.repeat(limit / piece.len());
    let steps = |count: usize| -> String {
        let steps: String = (0..count)
            .map(|i| format!("  s{i}: {{by: p, on: e{i}, emits: e{}}}\n", i + 1))
            .collect();
        format!(
            "workflow: w\nversion: 1\nkey: k\nsteps:\n  s: {{by: p, external: start, emits: e0}}\n{steps}ends: {{completed: e{count}}}\n"
        )
    };
    let hostile = [
        fill("["),
        fill("{"),
        fill("- "),
        fill("a: "),
        fill("? "),
        fill("a: {b: "),
        fill("- - "),
        fill("!!str "),
        fill("&a "),
        fill("*a "),
        fill("# comment\n"),
        fill("\"\\n"),
        fill("a\n"),
        fill("'"),
        fill("- a\n"),
        fill("a: b\n"),
        fill("  \n"),
        format!(
            "a: &a [{}]\nb: [{}]\n",
            fill("x,").get(..1000).unwrap_or_default(),
            "*a,".repeat(20_000)
        ),
        format!(
            "a: |\n{}",
            fill("  x\n").get(..limit - 10).unwrap_or_default()
        ),
        format!("workflow: {}", "w".repeat(limit - 20)),
        steps(10_000),
        format!("x: {}", "y".repeat(1000) + &", z".repeat(300_000)),
    ];
    for text in hostile {
        sound_answer(text.get(..limit.min(text.len())).unwrap_or_default());
    }
    assert!(timed(&steps(990)).is_ok());
}
