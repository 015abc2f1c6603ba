//! `farandole workflow`: check, show, draw, release.

use std::path::{Path, PathBuf};

use farandole_workflow::{Finding, Report, Severity, StepStart, Trigger, Workflow, draw};

use crate::error::CliError;
use crate::project::Project;
use crate::released::{Released, Standing, hash, id, missing, standing};
use crate::say::say;
use crate::table::table;

/// Flags of `farandole workflow`.
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
}

#[derive(Clone, Debug, clap::Subcommand)]
enum What {
    /// Hold every workflow against the schemas of its events, and released files against their release; exit code 1 when something is wrong
    Check,
    /// Show the steps of a workflow, who does them, and what starts them
    Show {
        /// The workflow [default: the only one]
        name: Option<String>,
        /// This version [default: the newest]
        #[arg(long, value_name = "N")]
        version: Option<u32>,
        /// As a Mermaid diagram, to be put into Markdown
        #[arg(long)]
        mermaid: bool,
    },
    /// Check, then freeze every version that is not released yet
    Release,
}

/// Checks, shows or releases.
///
/// # Errors
/// Files that can't be read or are refused.
pub fn run(args: Args) -> Result<u8, CliError> {
    let project = Project::load(&args.folders.schemas, &args.folders.workflows)?;
    // Where released ones are gone, each of them is named below.
    if Released::load(&args.released)?.workflows.is_empty() {
        project.needs_workflows(&args.folders.workflows)?;
    }
    match args.what {
        What::Check => check(&project, &Released::load(&args.released)?),
        What::Show {
            name,
            version,
            mermaid,
        } => show(find(&project, name.as_deref(), version)?, mermaid),
        What::Release => {
            let mut released = Released::load(&args.released)?;
            let code = check(&project, &released)?;
            if code == 0 {
                for (path, workflow) in &project.workflows {
                    released
                        .workflows
                        .insert(id(&workflow.name, workflow.version), hash(path)?);
                }
                released.save(&args.released)?;
                say!(
                    "{} lists {} workflows",
                    args.released.display(),
                    released.workflows.len()
                );
            }
            Ok(code)
        }
    }
}

fn check(project: &Project, released: &Released) -> Result<u8, CliError> {
    let mut wrong = 0;
    for (path, workflow) in &project.workflows {
        let findings = farandole_workflow::check(workflow, &project.catalog);
        wrong += findings
            .iter()
            .filter(|finding: &&Finding| finding.severity == Severity::Error)
            .count();
        if !findings.is_empty() {
            let report = Report::new(&path.display().to_string(), &workflow.source, findings);
            say!("{}", report.render().trim_end());
        }
        for missing in farandole_workflow::unsupported(workflow) {
            say!("{}: error: not possible yet: {missing}", path.display());
            wrong += 1;
        }
        wrong += frozen(path, workflow, released)?;
    }
    let present: Vec<_> = project
        .workflows
        .iter()
        .map(|(_, workflow)| id(&workflow.name, workflow.version))
        .collect();
    for gone in missing(&released.workflows, &present) {
        say!(
            "{gone}.yaml: error: it was released and is gone; instances that began with it need it. Put it back"
        );
        wrong += 1;
    }
    say!(
        "{} workflow versions checked, {wrong} problems",
        project.workflows.len()
    );
    Ok(u8::from(wrong > 0))
}

fn frozen(path: &Path, workflow: &Workflow, released: &Released) -> Result<usize, CliError> {
    if standing(
        &released.workflows,
        &id(&workflow.name, workflow.version),
        &hash(path)?,
    ) != Standing::Changed
    {
        return Ok(0);
    }
    say!(
        "{}: error: it was released and is frozen; put it back as it was and add v{}.yaml instead",
        path.display(),
        workflow.version + 1
    );
    Ok(1)
}

fn find<'a>(
    project: &'a Project,
    name: Option<&str>,
    version: Option<u32>,
) -> Result<&'a Workflow, CliError> {
    let mut names: Vec<_> = project
        .workflows
        .iter()
        .map(|(_, workflow)| workflow.name.as_str())
        .collect();
    names.dedup();
    let name = match (name, names.as_slice()) {
        (Some(name), _) => name,
        (None, [only]) => only,
        (None, _) => {
            return Err(CliError::Other(format!(
                "which workflow? There are: {}",
                names.join(", ")
            )));
        }
    };
    let fits = |workflow: &&Workflow| {
        workflow.name == name && version.is_none_or(|version| workflow.version == version)
    };
    project
        .workflows
        .iter()
        .map(|(_, workflow)| workflow)
        .rfind(fits)
        .ok_or_else(|| {
            let hint = farandole_runtime::suggest::did_you_mean(name, names.iter().copied());
            CliError::Other(format!(
                "there is no workflow {name}{}.{hint}",
                version
                    .map(|version| format!(" version {version}"))
                    .unwrap_or_default()
            ))
        })
}

fn show(workflow: &Workflow, mermaid: bool) -> Result<u8, CliError> {
    if mermaid {
        say!("{}", draw::mermaid(workflow).trim_end());
        return Ok(0);
    }
    say!(
        "{} version {}, keyed by {}",
        workflow.name,
        workflow.version,
        workflow.key
    );
    if let Some(description) = &workflow.description {
        say!("{description}");
    }
    let mut rows = table(["STEP", "BY", "STARTS ON", "EMITS", "WITHIN"]);
    for step in &workflow.steps {
        let within = step
            .within_ms
            .map(farandole_workflow::format_duration)
            .unwrap_or_default();
        rows.add_row([
            step.name.clone(),
            step.by.clone(),
            start(&step.start),
            step.emits.events().join(" | "),
            within,
        ]);
    }
    say!(
        "\n{rows}\n\ncompleted by {}; failed by {}",
        workflow.ends.completed.join(", "),
        workflow.ends.failed.join(", ")
    );
    Ok(0)
}

fn start(start: &StepStart) -> String {
    match start {
        StepStart::External => "from outside".to_owned(),
        StepStart::During { after } if after.is_empty() => "from outside, at any time".to_owned(),
        StepStart::During { after } => format!("from outside, after {}", after.join(" or ")),
        StepStart::On(Trigger::Any(events)) => events.join(" | "),
        StepStart::On(Trigger::All(events)) => events.join(" & "),
        StepStart::On(Trigger::Absence { no, after, for_ms }) => format!(
            "no {no} for {} after {after}",
            farandole_workflow::format_duration(*for_ms)
        ),
        StepStart::StartsOn { event, key } => format!("{event} of another workflow, by {key}"),
    }
}
