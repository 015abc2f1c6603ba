//! The README's one command.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Flags of `cargo xtask demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask demo                                    then open the page it names; Ctrl-C ends it
  cargo xtask demo --trips 200 --rate 20 --exit-when-done
  cargo xtask demo --input rides.csv --time-scale 60
  cargo xtask demo --bootstrap-servers kafka:9092     on your own cluster")]
pub(crate) struct Args {
    /// How many trips
    #[arg(long, value_name = "N")]
    trips: Option<u64>,
    /// Requests a second
    #[arg(long, value_name = "R")]
    rate: Option<f64>,
    /// Take trips from this CSV file (pickup, dropoff, passengers, distance, pickup_zone, dropoff_zone)
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// How much faster than life rides are: at 60, a minute's ride takes a second
    #[arg(long, value_name = "X")]
    time_scale: Option<f64>,
    /// Makes the same riders again
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// How many drivers
    #[arg(long, value_name = "N")]
    drivers: Option<u64>,
    /// End when the load is done: code 0 when every trip has ended as it should
    #[arg(long)]
    exit_when_done: bool,
    /// Use this Kafka instead of the embedded broker
    #[arg(long, value_name = "HOST:PORT")]
    bootstrap_servers: Option<String>,
    /// The folder for everything that is kept [default: a fresh one below target]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Build with optimisation
    #[arg(long)]
    release: bool,
}

/// Builds, then becomes `farandole up`.
pub(crate) fn run(args: &Args) -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    eprintln!("Building …");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    // Every program of the workspace: a new service needs an entry in farandole.toml and nothing here.
    build
        .current_dir(&root)
        .args(["build", "--quiet", "--workspace", "--bins"]);
    if args.release {
        build.arg("--release");
    }
    match build.status() {
        Ok(status) if status.success() => {}
        Ok(_) => return ExitCode::FAILURE,
        Err(error) => return failed(&format!("cargo can't be run: {error}")),
    }
    match folders(args) {
        Ok((binaries, data)) => become_up(args, &root, &binaries, &data),
        Err(error) => failed(&error.to_string()),
    }
}

/// Where the binaries are, and where the run keeps its things.
fn folders(args: &Args) -> std::io::Result<(PathBuf, PathBuf)> {
    let own = std::env::current_exe()?;
    let target = own.ancestors().nth(2).unwrap_or(Path::new("."));
    let data = match &args.data {
        Some(data) => std::path::absolute(data)?,
        None => {
            let data = target.join("demo");
            if data.exists() {
                std::fs::remove_dir_all(&data)?;
            }
            data
        }
    };
    Ok((
        target.join(if args.release { "release" } else { "debug" }),
        data,
    ))
}

fn become_up(args: &Args, root: &Path, binaries: &Path, data: &Path) -> ExitCode {
    let mut up = Command::new(binaries.join(format!("farandole{}", std::env::consts::EXE_SUFFIX)));
    up.arg("up")
        .arg("--config")
        .arg(root.join("farandole.toml"))
        .arg("--data")
        .arg(data)
        .arg("--load");
    if let Some(servers) = &args.bootstrap_servers {
        up.arg("--bootstrap-servers").arg(servers);
    }
    if args.exit_when_done {
        up.arg("--exit-when-done");
    }
    match load_flags(args) {
        Ok(flags) => up.arg("--").args(flags),
        Err(error) => return failed(&format!("--input: {error}")),
    };
    let error = replace(&mut up);
    match error {
        Ok(code) => code,
        Err(error) => failed(&format!(
            "{} can't be run: {error}",
            binaries.join("farandole").display()
        )),
    }
}

/// Becoming the other program leaves Ctrl-C to it alone.
#[cfg(unix)]
fn replace(command: &mut Command) -> std::io::Result<ExitCode> {
    Err(std::os::unix::process::CommandExt::exec(command))
}

#[cfg(not(unix))]
fn replace(command: &mut Command) -> std::io::Result<ExitCode> {
    let status = command.status()?;
    Ok(ExitCode::from(
        status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .unwrap_or(1),
    ))
}

/// The flags that are the load's.
fn load_flags(args: &Args) -> std::io::Result<Vec<OsString>> {
    let mut flags: Vec<OsString> = Vec::new();
    let mut add = |name: &str, value: Option<OsString>| {
        if let Some(value) = value {
            flags.extend([name.into(), value]);
        }
    };
    let number = |value: Option<u64>| value.map(|value| value.to_string().into());
    let decimal = |value: Option<f64>| value.map(|value| value.to_string().into());
    add("--trips", number(args.trips));
    add("--rate", decimal(args.rate));
    add("--time-scale", decimal(args.time_scale));
    add("--seed", number(args.seed));
    add("--drivers", number(args.drivers));
    // The load runs in another folder than the one this was typed in.
    add(
        "--input",
        args.input
            .as_ref()
            .map(std::fs::canonicalize)
            .transpose()?
            .map(Into::into),
    );
    Ok(flags)
}

fn failed(message: &str) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::FAILURE
}
