//! `farandole up`: broker, topics, services, tracker, each service a process of its own.

mod child;
pub mod config;
mod names;
mod output;
mod plan;
mod ready;
mod watch;

use crate::say::tell;
use std::path::{Path, PathBuf};

use farandole_broker::Broker;
use farandole_kafka::{Admin, Change};
use farandole_runtime::{KafkaSettings, Shutdown};

use crate::cli::UpArgs;
use crate::error::CliError;
use crate::project::Project;
use crate::table::table;
use crate::topics::{Shape, wanted};
use child::Plan;
use config::Config;
use names::Names;
use watch::{Fleet, Watched};

/// Starts everything, watches it, and ends it at a signal (or with its load).
///
/// # Errors
/// Something can't be started; nothing is left running then.
pub async fn run(args: UpArgs) -> Result<u8, CliError> {
    let shutdown = Shutdown::on_signals();
    let config = load(&args)?;
    let base = folder_of(&args.config);
    let data = std::path::absolute(&args.data).map_err(CliError::file(&args.data))?;
    // Everything that can be wrong is found before anything starts.
    let project = project(&config, &base)?;
    let mut names = Names {
        data: data.display().to_string(),
        ..Names::default()
    };
    plan::check_programs(&config, &base)?;
    for folder in [data.clone(), data.join("logs")] {
        std::fs::create_dir_all(&folder).map_err(CliError::file(&folder))?;
    }
    let (kafka, broker) = kafka(&args, &config, &names, &base).await?;
    names.bootstrap = kafka.bootstrap_servers().to_owned();
    topics(&project, &config, &kafka).await?;
    let plans = plan::plans(&config, &base, &data, &mut names)?;
    let mut fleet = Fleet::new(args.restart);
    let code = start_and_watch(
        &args,
        plans,
        &names,
        broker.is_some(),
        &mut fleet,
        &shutdown,
    )
    .await;
    fleet.end().await;
    if let Some(broker) = broker {
        broker.stop().await;
    }
    code
}

fn load(args: &UpArgs) -> Result<Config, CliError> {
    let mut config = config::load(&args.config)?;
    if let Some(until) = &args.until {
        let known: Vec<_> = config
            .process
            .iter()
            .map(|process| process.name.clone())
            .collect();
        let Some(process) = config
            .process
            .iter_mut()
            .find(|process| process.name == *until)
        else {
            let hint =
                farandole_runtime::suggest::did_you_mean(until, known.iter().map(String::as_str));
            return Err(CliError::Other(format!(
                "--until {until}: no process has this name.{hint}"
            )));
        };
        process.load = true;
    }
    let load =
        args.load || args.exit_when_done || args.until.is_some() || !args.load_args.is_empty();
    if load && !config.process.iter().any(|process| process.load) {
        return Err(CliError::Other("no process in farandole.toml says load = true, so there is nothing to start as load; or say --until NAME".into()));
    }
    config.process.retain(|process| load || !process.load);
    for process in config.process.iter_mut().filter(|process| process.load) {
        process.command.extend(args.load_args.iter().cloned());
    }
    Ok(config)
}

fn folder_of(config: &Path) -> PathBuf {
    let parent = config
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    std::path::absolute(parent).unwrap_or_else(|_| parent.to_owned())
}

fn project(config: &Config, base: &Path) -> Result<Project, CliError> {
    let folder = |given: &Option<PathBuf>, usual: &str| {
        base.join(given.as_deref().unwrap_or(Path::new(usual)))
    };
    let schemas = folder(&config.schemas.dir, "schemas/events");
    Ok(Project::load(
        &schemas,
        &folder(&config.workflows.dir, "schemas/workflows"),
    )?)
}

/// The cluster to use: the one named, or our own.
async fn kafka(
    args: &UpArgs,
    config: &Config,
    names: &Names,
    base: &Path,
) -> Result<(KafkaSettings, Option<Broker>), CliError> {
    if args.common.bootstrap_servers.is_some() {
        return Ok((args.common.kafka()?, None));
    }
    let broker = Broker::start(farandole_broker::Config {
        listen: config.broker.listen,
        data: config
            .broker
            .data
            .as_ref()
            .map(|data| base.join(names.fill(data))),
        default_partitions: config.topics.partitions,
        ..farandole_broker::Config::default()
    })
    .await?;
    Ok((
        KafkaSettings::bootstrap(&broker.bootstrap_servers()),
        Some(broker),
    ))
}

async fn topics(project: &Project, config: &Config, kafka: &KafkaSettings) -> Result<(), CliError> {
    let others: Vec<_> = config
        .process
        .iter()
        .filter(|process| !process.load)
        .map(|process| process.name.clone())
        .collect();
    let shape = Shape {
        partitions: config.topics.partitions,
        replication: config.topics.replication,
    };
    let changes = Admin::open(kafka)?
        .ensure_topics(&wanted(project, &others, shape))
        .await?;
    let created = changes
        .iter()
        .filter(|change| change.change == Change::Created)
        .count();
    tell!("{} topics, {created} of them new", changes.len());
    for change in &changes {
        if let Change::Differs(differences) = &change.change {
            let all: Vec<_> = differences.iter().map(ToString::to_string).collect();
            tell!(
                "warning: topic {} has {}; it is left as it is",
                change.name,
                all.join(", ")
            );
        }
    }
    Ok(())
}

async fn start_and_watch(
    args: &UpArgs,
    plans: Vec<Plan>,
    names: &Names,
    own_broker: bool,
    fleet: &mut Fleet,
    shutdown: &Shutdown,
) -> Result<u8, CliError> {
    let (loads, services): (Vec<_>, Vec<_>) = plans.into_iter().partition(|plan| plan.load);
    for plan in services {
        fleet.start(plan)?;
    }
    tokio::select! {
        () = shutdown.requested() => return Ok(0),
        all = ready::wait(fleet) => all,
    }
    for plan in loads {
        fleet.start(plan)?;
    }
    print_table(fleet, names, own_broker);
    let ended = tokio::select! {
        () = shutdown.requested() => None,
        code = fleet.watch(args.exit_when_done || args.until.is_some()) => Some(code),
    };
    Ok(ended.unwrap_or(0))
}

fn print_table(fleet: &Fleet, names: &Names, own_broker: bool) {
    let mut rows = table(["PROCESS", "PID", "ADDRESS", "LOG"]);
    let broker = if own_broker {
        "broker (embedded)"
    } else {
        "Kafka"
    };
    let own = if own_broker {
        std::process::id().to_string()
    } else {
        String::new()
    };
    rows.add_row([
        broker.to_owned(),
        own,
        names.bootstrap.clone(),
        String::new(),
    ]);
    for Watched { plan, pid, .. } in fleet.all() {
        rows.add_row([
            plan.name.clone(),
            pid.to_string(),
            plan.url.clone().unwrap_or_default(),
            plan.log_path.display().to_string(),
        ]);
    }
    tell!("\n{rows}\n");
    if !names.tracker.is_empty() {
        tell!(
            "See every instance at {}/ or with `farandole track ls`.",
            names.tracker
        );
    }
    tell!("Ctrl-C ends everything.\n");
}
