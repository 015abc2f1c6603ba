//! From `farandole.toml` to what is started, with every word filled in.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use super::child::Plan;
use super::config::{Config, Process};
use super::names::{Names, program};
use super::output::Log;
use crate::error::CliError;

const TRACKER: &str = "farandole-tracker";

/// Says which programs are missing, all at once.
pub(super) fn check_programs(config: &Config, base: &Path) -> Result<(), CliError> {
    let tracker = config.tracker.enabled.then_some(TRACKER);
    let commands = tracker.into_iter().chain(
        config
            .process
            .iter()
            .map(|process| process.command[0].as_str()),
    );
    let missing: Vec<_> = commands
        .filter(|command| program(command, base).is_none())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(CliError::Other(format!(
        "these programs are neither beside farandole nor on the PATH: {}. Build them first (cargo build --workspace --bins)",
        missing.join(", ")
    )))
}

/// The tracker first, then the services in their order.
pub(super) fn plans(
    config: &Config,
    base: &Path,
    data: &Path,
    names: &mut Names,
) -> Result<Vec<Plan>, CliError> {
    let mut plans = Vec::new();
    if config.tracker.enabled {
        let listen = free(config.tracker.listen)?;
        names.tracker = format!("http://{listen}");
        let mut command = vec![
            TRACKER.to_owned(),
            "--listen".to_owned(),
            listen.to_string(),
            "--data".to_owned(),
            "{data}/tracker.db".to_owned(),
        ];
        command.extend(config.tracker.args.iter().cloned());
        let process = Process {
            name: "tracker".to_owned(),
            command,
            env: config.tracker.env.clone(),
            url: Some(names.tracker.clone()),
            probe: true,
            load: false,
        };
        plans.push(plan(&process, base, data, names)?);
    }
    for process in &config.process {
        plans.push(plan(process, base, data, names)?);
    }
    Ok(plans)
}

fn plan(process: &Process, base: &Path, data: &Path, names: &Names) -> Result<Plan, CliError> {
    let words: Vec<String> = process
        .command
        .iter()
        .map(|word| names.fill(word))
        .collect();
    let program = program(&words[0], base)
        .ok_or_else(|| CliError::Other(format!("no program {}", words[0])))?;
    let log_path = data.join("logs").join(format!("{}.log", process.name));
    let log =
        Log::create(&process.name, &log_path, process.load).map_err(CliError::file(&log_path))?;
    let url = process.url.as_ref().map(|url| names.fill(url));
    let mut env = process
        .env
        .iter()
        .map(|(key, value)| (key.clone(), names.fill(value)))
        .collect::<std::collections::BTreeMap<_, _>>();
    env.entry("KAFKA_BOOTSTRAP_SERVERS".to_owned())
        .or_insert_with(|| names.bootstrap.clone());
    if !names.tracker.is_empty() {
        env.entry("FARANDOLE_TRACKER".to_owned())
            .or_insert_with(|| names.tracker.clone());
    }
    let ready = match (&url, process.probe && !process.load) {
        (_, false) => None,
        (Some(url), true) => Some(format!("{}/readyz", url.trim_end_matches('/'))),
        (None, true) => {
            let address = free(SocketAddr::from(([127, 0, 0, 1], 0)))?;
            let address = env
                .entry("FARANDOLE_PROBE_LISTEN".to_owned())
                .or_insert_with(|| address.to_string());
            Some(format!("http://{address}/readyz"))
        }
    };
    Ok(Plan {
        name: process.name.clone(),
        program,
        args: words[1..].to_vec(),
        env,
        folder: base.to_owned(),
        url,
        ready,
        load: process.load,
        log,
        log_path,
    })
}

/// The address itself, with a free port in place of port 0: the child takes it a moment later.
fn free(address: SocketAddr) -> Result<SocketAddr, CliError> {
    TcpListener::bind(address)
        .and_then(|listener| listener.local_addr())
        .map_err(|source| CliError::File {
            path: format!("the address {address}"),
            source,
        })
}
