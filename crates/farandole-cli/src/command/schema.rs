//! `farandole schema`: compatibility and frozen releases.

use std::path::PathBuf;

use farandole_event::compatibility::{Direction, Finding, check};
use serde_json::json;

use crate::error::CliError;
use crate::project::Project;
use crate::released::{Released, Standing, hash, id, missing, standing};
use crate::say::say;
use crate::table::table;

/// Flags of `farandole schema`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    folders: crate::cli::Folders,
    /// The list of released files
    #[arg(
        long,
        value_name = "FILE",
        default_value = "schemas/released.json",
        global = true
    )]
    released: PathBuf,
    #[command(flatten)]
    output: crate::cli::Output,
}

#[derive(Clone, Copy, Debug, clap::Subcommand)]
enum What {
    /// Judge every version against the earlier ones, and released files against their release; exit code 1 when something is wrong
    Check,
    /// List every version with its topic, mode and standing
    List,
    /// Check, then freeze every version that is not released yet
    Release,
}

/// One thing that is wrong (or, not fatal, worth a look).
struct Verdict {
    file: PathBuf,
    fatal: bool,
    path: String,
    reason: String,
}

/// Checks, lists or releases.
///
/// # Errors
/// Files that can't be read or are no schemas.
pub fn run(args: Args) -> Result<u8, CliError> {
    let project = Project::load(&args.folders.schemas, std::path::Path::new(""))?;
    let mut released = Released::load(&args.released)?;
    // Where released ones are gone, each of them is named below.
    if released.events.is_empty() {
        project.needs_schemas(&args.folders.schemas)?;
    }
    match args.what {
        What::List => list(&project, &released, args.output.is_json()),
        What::Check => report(
            &verdicts(&project, &released)?,
            project.schemas.len(),
            args.output.is_json(),
        ),
        What::Release => {
            let verdicts = verdicts(&project, &released)?;
            let code = report(&verdicts, project.schemas.len(), args.output.is_json())?;
            if code == 0 {
                for (path, schema) in &project.schemas {
                    released
                        .events
                        .insert(id(schema.event(), schema.version()), hash(path)?);
                }
                released.save(&args.released)?;
                say!(
                    "{} lists {} schemas",
                    args.released.display(),
                    released.events.len()
                );
            }
            Ok(code)
        }
    }
}

fn verdicts(project: &Project, released: &Released) -> Result<Vec<Verdict>, CliError> {
    let mut all = Vec::new();
    for (file, schema) in &project.schemas {
        let older = project.catalog.versions(schema.event());
        let findings = check(schema, &older, schema.compatibility());
        all.extend(
            findings
                .into_iter()
                .map(|finding| of_finding(file.clone(), schema.version(), finding)),
        );
        if schema.version() > 1
            && project
                .catalog
                .version(schema.event(), schema.version() - 1)
                .is_none()
        {
            all.push(Verdict {
                file: file.clone(),
                fatal: true,
                path: "$.farandole.version".into(),
                reason: format!("version {} is missing before it", schema.version() - 1),
            });
        }
        if standing(
            &released.events,
            &id(schema.event(), schema.version()),
            &hash(file)?,
        ) == Standing::Changed
        {
            let reason = format!(
                "it was released and is frozen; put it back as it was and add v{}.avsc instead",
                older.len() + 1
            );
            all.push(Verdict {
                file: file.clone(),
                fatal: true,
                path: "$".into(),
                reason,
            });
        }
    }
    let present: Vec<_> = project
        .schemas
        .iter()
        .map(|(_, schema)| id(schema.event(), schema.version()))
        .collect();
    for gone in missing(&released.events, &present) {
        let file = PathBuf::from(format!("{gone}.avsc"));
        all.push(Verdict {
            file,
            fatal: true,
            path: "$".into(),
            reason:
                "it was released and is gone; events written with it can't be read. Put it back"
                    .into(),
        });
    }
    Ok(all)
}

fn of_finding(file: PathBuf, version: u32, finding: Finding) -> Verdict {
    let who = match finding.direction {
        Direction::NewReadsOld => format!("v{version} can't read what v{} wrote", finding.against),
        Direction::OldReadsNew => format!("v{} can't read what v{version} writes", finding.against),
    };
    let who = if finding.fatal {
        who
    } else {
        format!("worth a look, v{version} and v{}", finding.against)
    };
    Verdict {
        file,
        fatal: finding.fatal,
        path: finding.path,
        reason: format!("{who}: {}", finding.reason),
    }
}

fn report(verdicts: &[Verdict], count: usize, as_json: bool) -> Result<u8, CliError> {
    let wrong = verdicts.iter().filter(|verdict| verdict.fatal).count();
    if as_json {
        let all = verdicts.iter().map(|verdict| json!({"file": verdict.file, "fatal": verdict.fatal, "path": verdict.path, "reason": verdict.reason}));
        say!(
            "{}",
            json!({"schemas": count, "wrong": wrong, "findings": all.collect::<Vec<_>>()})
        );
    } else {
        for verdict in verdicts {
            let word = if verdict.fatal { "error" } else { "warning" };
            say!(
                "{}: {word}: at {}: {}",
                verdict.file.display(),
                verdict.path,
                verdict.reason
            );
        }
        say!("{count} schemas checked, {wrong} problems");
    }
    Ok(u8::from(wrong > 0))
}

fn list(project: &Project, released: &Released, as_json: bool) -> Result<u8, CliError> {
    let mut rows = table([
        "EVENT",
        "VERSION",
        "TOPIC",
        "KEY",
        "COMPATIBILITY",
        "STANDING",
    ]);
    let mut all = Vec::new();
    for (path, schema) in &project.schemas {
        let standing = standing(
            &released.events,
            &id(schema.event(), schema.version()),
            &hash(path)?,
        );
        let word = serde_json::to_value(standing)
            .ok()
            .and_then(|word| word.as_str().map(str::to_owned))
            .unwrap_or_default();
        let (mode, key) = (
            schema.compatibility().to_string(),
            schema.key().unwrap_or("the instance's"),
        );
        all.push(json!({"event": schema.event(), "version": schema.version(), "topic": schema.topic(), "key": schema.key(), "compatibility": mode, "standing": word}));
        rows.add_row([
            schema.event(),
            &schema.version().to_string(),
            schema.topic(),
            key,
            &mode,
            &word,
        ]);
    }
    if as_json {
        say!("{}", json!(all));
    } else {
        say!("{rows}");
    }
    Ok(0)
}
