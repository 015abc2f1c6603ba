//! What can be asked of `farandole`, and how.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use farandole_runtime::CommonArgs;

use crate::command::{broker, dead_letters, events, schema, status, topics, track, workflow};
use crate::error::CliError;

/// Declare a workflow once, run it as uncoordinated services on Kafka, see it as if somebody had conducted it.
#[derive(Debug, Parser)]
#[command(name = "farandole", version, max_term_width = 110, after_help = EXAMPLES)]
pub struct Cli {
    /// Flags for every command.
    #[command(flatten)]
    pub common: CommonArgs,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  farandole up                                   start what farandole.toml names: broker, topics, services, tracker
  farandole status                               one screen: what is down, behind or stuck (exit code 1 when anything is)
  farandole track ls --status stuck              instances that don't go on
  farandole track why trip:7f3c                  why one of them doesn't, and the command that would move it
  farandole events tail trips --from beginning   decoded events of a topic
  farandole dead-letters retry notification --all --dry-run
  farandole schema check && farandole workflow check

`farandole <command> --help` has examples of each command. Kafka settings are Kafka's own: KAFKA_* variables,
--command-config client.properties, or -X key=value.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Start broker, topics, services and tracker as farandole.toml says; Ctrl-C ends them
    #[command(after_help = UP_EXAMPLES)]
    Up(UpArgs),
    /// One screen: groups that are down, lag, stuck instances, the tracker's own lag; exit code 1 when unhealthy
    #[command(
        after_help = "Examples:\n  farandole status\n  farandole status -o json | jq .problems\n  watch -n 2 farandole status"
    )]
    Status(status::Args),
    /// Ask the tracker about instances
    #[command(after_help = TRACK_EXAMPLES)]
    Track(track::Args),
    /// Show events as they come, decoded
    #[command(
        after_help = "Examples:\n  farandole events tail\n  farandole events tail trips assignments --from beginning\n  farandole events tail --event trip.requested -n 1 -o json"
    )]
    Events(events::Args),
    /// Look at dead letters and give them back
    #[command(name = "dead-letters", after_help = DEAD_LETTER_EXAMPLES)]
    DeadLetters(dead_letters::Args),
    /// Create the topics that schemas and workflows need
    #[command(
        after_help = "Examples:\n  farandole topics plan\n  farandole topics apply --partitions 12 --replication 3\n  farandole topics apply --service rider-map"
    )]
    Topics(topics::Args),
    /// Judge event schemas: compatibility, frozen releases
    #[command(
        after_help = "Examples:\n  farandole schema list\n  farandole schema check\n  farandole schema release"
    )]
    Schema(schema::Args),
    /// Check, show and draw workflows
    #[command(
        after_help = "Examples:\n  farandole workflow check\n  farandole workflow show trip\n  farandole workflow show trip --mermaid > trip.mmd"
    )]
    Workflow(workflow::Args),
    /// Run the embedded broker alone (for development and tests)
    #[command(
        after_help = "Examples:\n  farandole broker\n  farandole broker --listen 127.0.0.1:0 --data .farandole/broker"
    )]
    Broker(broker::Args),
}

const UP_EXAMPLES: &str = "\
A farandole.toml:
  [broker]
  listen = \"127.0.0.1:9092\"
  data = \"{data}/broker\"          # leave out to keep everything in memory

  [topics]
  partitions = 6

  [[process]]                      # one entry per service; a new consumer needs nothing else
  name = \"notification\"
  command = [\"notification\"]       # beside farandole, or on the PATH
  env = { RUST_LOG = \"info\" }

{data}, {bootstrap} and {tracker} in commands, env and urls stand for the folder of --data, the brokers and the tracker's
address. Every process gets KAFKA_BOOTSTRAP_SERVERS and FARANDOLE_TRACKER. Its output goes to DIR/logs/<name>.log;
warnings and errors also to the terminal.

Examples:
  farandole up
  farandole up --load -- --trips 100             with the load that farandole.toml names
  farandole up --restart                         start again what ends unexpectedly
  farandole up --bootstrap-servers kafka:9092    on your own cluster
  kill -9 <pid of a service>                     and see what the tracker says";

const TRACK_EXAMPLES: &str = "\
An instance is named by its correlation id, by workflow:key, or by its key alone where that is unambiguous.

Examples:
  farandole track ls --workflow trip --status running
  farandole track show trip:7f3c
  farandole track why 7f3c
  farandole track watch trip:7f3c
  farandole track ls -o json | jq -r '.instances[].key'";

const DEAD_LETTER_EXAMPLES: &str = "\
Examples:
  farandole dead-letters ls notification
  farandole dead-letters show notification 2@17
  farandole dead-letters retry notification 2@17
  farandole dead-letters retry notification --all --step notify-rider --class exhausted --dry-run";

/// Flags of `farandole up`.
#[derive(Clone, Debug, clap::Args)]
pub struct UpArgs {
    /// What to start
    #[arg(long, value_name = "FILE", default_value = "farandole.toml")]
    pub(crate) config: PathBuf,
    /// The folder for logs and for {data} in farandole.toml
    #[arg(long, value_name = "DIR", default_value = ".farandole")]
    pub(crate) data: PathBuf,
    /// Start again what ends unexpectedly
    #[arg(long)]
    pub(crate) restart: bool,
    /// Also start the processes marked load = true
    #[arg(long)]
    pub(crate) load: bool,
    /// Start the processes marked load = true, and end, with their exit code, when they have ended
    #[arg(long)]
    pub(crate) exit_when_done: bool,
    /// The same for the process of this name, whatever it is marked
    #[arg(long, value_name = "NAME")]
    pub(crate) until: Option<String>,
    /// Start the processes marked load = true, with these arguments more
    #[arg(last = true, value_name = "LOAD ARGS")]
    pub(crate) load_args: Vec<String>,
    /// Filled in from the flags for every command.
    #[arg(skip)]
    pub(crate) common: CommonArgs,
}

/// Where a project's files stand.
#[derive(Clone, Debug, clap::Args)]
pub struct Folders {
    /// The folder of event schemas: EVENT/vN.avsc
    #[arg(
        long,
        value_name = "DIR",
        default_value = "schemas/events",
        global = true
    )]
    pub(crate) schemas: PathBuf,
    /// The folder of workflows: WORKFLOW/vN.yaml
    #[arg(
        long,
        value_name = "DIR",
        default_value = "schemas/workflows",
        global = true
    )]
    pub(crate) workflows: PathBuf,
}

/// How answers are written.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Output {
    /// table: for people; json: for programs
    #[arg(long, short, value_enum, default_value_t, global = true)]
    output: OutputFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum OutputFormat {
    #[default]
    Table,
    Json,
}

impl Output {
    pub(crate) fn is_json(self) -> bool {
        self.output == OutputFormat::Json
    }
}

/// Where the tracker is.
#[derive(Clone, Debug, clap::Args)]
pub struct TrackerAt {
    /// The tracker's address
    #[arg(
        long = "tracker",
        env = "FARANDOLE_TRACKER",
        value_name = "URL",
        default_value = "http://127.0.0.1:7070",
        global = true
    )]
    pub(crate) url: String,
}

/// Does what was asked and says the exit code.
///
/// # Errors
/// It could not be done; the error says why and what to do.
pub async fn run(cli: Cli) -> Result<u8, CliError> {
    let common = cli.common;
    match cli.command {
        Command::Up(args) => crate::up::run(UpArgs { common, ..args }).await,
        Command::Status(args) => status::run(args).await,
        Command::Track(args) => track::run(args).await,
        Command::Events(args) => events::run(args, &common.kafka()?).await,
        Command::DeadLetters(args) => dead_letters::run(args, &common.kafka()?).await,
        Command::Topics(args) => topics::run(args, &common.kafka()?).await,
        Command::Schema(args) => schema::run(args),
        Command::Workflow(args) => workflow::run(args),
        Command::Broker(args) => broker::run(args).await,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_examples() {
        for command in Cli::command().get_subcommands() {
            let help = command
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            assert!(
                help.contains("Examples:\n  farandole ") || help.contains("\n  farandole up\n"),
                "{}",
                command.get_name()
            );
        }
    }

    #[test]
    fn retrying_wants_ids_or_all() {
        assert!(Cli::try_parse_from(["farandole", "dead-letters", "retry", "trip"]).is_err());
        assert!(
            Cli::try_parse_from(["farandole", "dead-letters", "retry", "trip", "1@2", "--all"])
                .is_err()
        );
        assert!(Cli::try_parse_from(["farandole", "dead-letters", "retry", "trip", "1@2"]).is_ok());
        assert!(
            Cli::try_parse_from([
                "farandole",
                "dead-letters",
                "retry",
                "trip",
                "--all",
                "--step",
                "x",
                "--dry-run"
            ])
            .is_ok()
        );
    }
}
