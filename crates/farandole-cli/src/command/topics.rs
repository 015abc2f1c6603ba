//! `farandole topics`: what schemas and workflows need, against what is there.

use farandole_kafka::{Admin, Change, TopicChange, TopicSpec};
use farandole_runtime::KafkaSettings;

use crate::error::CliError;
use crate::project::Project;
use crate::say::say;
use crate::table::table;
use crate::topics::{Shape, wanted};

/// Flags of `farandole topics`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    folders: crate::cli::Folders,
    /// Partitions of each topic
    #[arg(long, value_name = "N", default_value_t = 6, global = true, value_parser = clap::value_parser!(i32).range(1..))]
    partitions: i32,
    /// Replicas of each partition; -1 leaves it to the cluster
    #[arg(long, value_name = "N", default_value_t = -1, global = true, allow_negative_numbers = true)]
    replication: i32,
    /// A service that takes part in no workflow and needs its dead letter topics; may be given again
    #[arg(long, value_name = "NAME", global = true)]
    service: Vec<String>,
}

#[derive(Clone, Copy, Debug, clap::Subcommand)]
enum What {
    /// Show which topics are missing or different; exit code 1 when any is. Changes nothing
    Plan,
    /// Create the topics that are missing. Existing topics are never changed
    Apply,
}

/// Plans or applies.
///
/// # Errors
/// The project's files are wrong, or the cluster refuses.
pub async fn run(args: Args, kafka: &KafkaSettings) -> Result<u8, CliError> {
    let project = Project::load(&args.folders.schemas, &args.folders.workflows)?;
    project.needs_schemas(&args.folders.schemas)?;
    let topics = wanted(
        &project,
        &args.service,
        Shape {
            partitions: args.partitions,
            replication: args.replication,
        },
    );
    let admin = Admin::open(kafka)?;
    let changes = match args.what {
        What::Plan => plan(&admin, &topics).await?,
        What::Apply => admin.ensure_topics(&topics).await?,
    };
    print(&topics, &changes, args.what);
    let unfinished = changes
        .iter()
        .any(|change| match (&change.change, args.what) {
            (Change::Differs(_), _) | (Change::Created, What::Plan) => true,
            (Change::Created | Change::Exists, _) => false,
        });
    Ok(u8::from(unfinished))
}

/// What [`Admin::ensure_topics`] would do.
async fn plan(admin: &Admin, topics: &[TopicSpec]) -> Result<Vec<TopicChange>, CliError> {
    let existing = admin.topic_names().await?;
    let names: Vec<&str> = topics
        .iter()
        .map(|topic| topic.name.as_str())
        .filter(|name| existing.iter().any(|one| one == name))
        .collect();
    let found = admin.describe_topics(&names).await?;
    let changes = topics.iter().map(|topic| {
        let change = match found.iter().find(|found| found.name == topic.name) {
            None => Change::Created,
            Some(found) => Some(topic.differences(found))
                .filter(|all| !all.is_empty())
                .map_or(Change::Exists, Change::Differs),
        };
        TopicChange {
            name: topic.name.clone(),
            change,
        }
    });
    Ok(changes.collect())
}

fn print(topics: &[TopicSpec], changes: &[TopicChange], what: What) {
    let mut rows = table(["TOPIC", "PARTITIONS", "CONFIG", ""]);
    for (topic, change) in topics.iter().zip(changes) {
        let config: Vec<_> = topic
            .config
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let word = match (&change.change, what) {
            (Change::Created, What::Plan) => "to be created".to_owned(),
            (Change::Created, What::Apply) => "created".to_owned(),
            (Change::Exists, _) => "as it should be".to_owned(),
            (Change::Differs(all), _) => all
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", "),
        };
        rows.add_row([
            topic.name.clone(),
            topic.partitions.to_string(),
            config.join(" "),
            word,
        ]);
    }
    say!("{rows}");
}
