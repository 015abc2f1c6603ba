//! `farandole dead-letters`: list, show, give back; none is given back twice unasked.

use std::collections::BTreeSet;

use farandole_event::dead_letter::{DeadLetter, redrive_topic, topic};
use farandole_event::{Outgoing, Record};
use farandole_kafka::Publisher;
use farandole_read::{Inspector, read_to_end};
use farandole_runtime::KafkaSettings;
use serde_json::{Value, json};

use super::events::{Decoder, time};
use crate::error::CliError;
use crate::say::say;
use crate::table::{plain, table};

const CLIENT: &str = "farandole-cli";
/// On a redriven record: the position of the dead letter it was copied from, so that none is retried twice.
const RETRY_OF: &str = "dl_retry_of";

/// Flags of `farandole dead-letters`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum What {
    /// List a participant's dead letters
    Ls {
        /// Whose
        participant: String,
        #[command(flatten)]
        filter: Filter,
        #[command(flatten)]
        output: crate::cli::Output,
    },
    /// Show one dead letter whole: why, headers, payload
    Show {
        /// Whose
        participant: String,
        /// Its id: partition@offset as `ls` shows it, or the event's id
        id: String,
    },
    /// Give dead letters back to the participant, which handles each event again with all its attempts
    Retry(Retry),
}

#[derive(Clone, Debug, clap::Args)]
struct Retry {
    /// Whose
    participant: String,
    /// Ids: partition@offset as `ls` shows it, or the event's id
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    ids: Vec<String>,
    /// Every dead letter that fits the filters
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    filter: Filter,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// Also those that were given back before
    #[arg(long)]
    again: bool,
}

#[derive(Clone, Debug, Default, clap::Args)]
struct Filter {
    /// Only of this step
    #[arg(long)]
    step: Option<String>,
    /// Only of this class: undecodable, rejected, exhausted, oversized, panicked, …
    #[arg(long)]
    class: Option<String>,
}

/// A dead letter with its place.
struct Entry {
    record: Record,
    letter: DeadLetter,
    retried: bool,
}

impl Entry {
    /// `partition@offset` in the dead letter topic.
    fn id(&self) -> String {
        format!("{}@{}", self.record.partition, self.record.offset)
    }

    fn event_id(&self) -> Option<&str> {
        self.record.headers.text("ce_id")
    }

    fn fits(&self, filter: &Filter) -> bool {
        filter
            .step
            .as_ref()
            .is_none_or(|step| self.letter.step.as_ref() == Some(step))
            && filter
                .class
                .as_ref()
                .is_none_or(|class| self.letter.class.as_str() == class)
    }

    fn json(&self) -> Value {
        let text = |name: &str| self.record.headers.text(name);
        json!({
            "id": self.id(), "event_id": self.event_id(), "event": text("ce_type"), "correlation": text("ce_correlationid"),
            "step": self.letter.step, "class": self.letter.class.as_str(), "message": self.letter.message, "attempts": self.letter.attempts,
            "redrives": self.letter.redrives, "origin": self.letter.origin, "at": time(self.record.timestamp_ms), "retried": self.retried,
        })
    }
}

/// Lists, shows or gives back.
///
/// # Errors
/// No broker answers, there is no such participant, or no such dead letter.
pub async fn run(args: Args, kafka: &KafkaSettings) -> Result<u8, CliError> {
    match args.what {
        What::Ls {
            participant,
            filter,
            output,
        } => {
            let entries: Vec<_> = load(kafka, &participant)
                .await?
                .into_iter()
                .filter(|entry| entry.fits(&filter))
                .collect();
            list(&participant, &entries, output.is_json());
            Ok(0)
        }
        What::Show { participant, id } => {
            let entries = load(kafka, &participant).await?;
            show(kafka, find(&entries, &participant, &id)?).await
        }
        What::Retry(retry) => give_back(kafka, &retry).await,
    }
}

async fn load(kafka: &KafkaSettings, participant: &str) -> Result<Vec<Entry>, CliError> {
    let (letters, redrive) = (topic(participant), redrive_topic(participant));
    let topics = Inspector::open(kafka, CLIENT)?.topics().await?;
    let exists = |name: &str| topics.iter().any(|topic| topic.name == name);
    if !exists(&letters) {
        let known: Vec<_> = topics
            .iter()
            .filter_map(|topic| topic.name.strip_suffix(".dead-letters"))
            .collect();
        let hint = farandole_runtime::suggest::did_you_mean(participant, known.iter().copied());
        return Err(CliError::Other(format!(
            "there is no topic {letters}.{hint} Participants with one: {}",
            known.join(", ")
        )));
    }
    let retried: BTreeSet<String> = match exists(&redrive) {
        true => read_to_end(kafka, CLIENT, &[&redrive])
            .await?
            .iter()
            .filter_map(|record| record.headers.text(RETRY_OF).map(str::to_owned))
            .collect(),
        false => BTreeSet::new(),
    };
    let records = read_to_end(kafka, CLIENT, &[&letters]).await?;
    let entries = records.into_iter().filter_map(|record| {
        let letter = DeadLetter::read(&record)?;
        let retried = retried.contains(&record.position().to_string());
        Some(Entry {
            record,
            letter,
            retried,
        })
    });
    Ok(entries.collect())
}

fn find<'a>(entries: &'a [Entry], participant: &str, id: &str) -> Result<&'a Entry, CliError> {
    entries
        .iter()
        .find(|entry| entry.id() == id || entry.event_id() == Some(id) || entry.record.position().to_string() == id)
        .ok_or_else(|| CliError::Other(format!("{participant} has no dead letter {id}; `farandole dead-letters ls {participant}` lists them")))
}

fn list(participant: &str, entries: &[Entry], as_json: bool) {
    if as_json {
        say!(
            "{}",
            Value::from(entries.iter().map(Entry::json).collect::<Vec<_>>())
        );
        return;
    }
    if entries.is_empty() {
        say!("{participant} has no dead letters");
        return;
    }
    let mut rows = table([
        "ID",
        "AT",
        "EVENT",
        "STEP",
        "CLASS",
        "TRIES",
        "FROM",
        "GIVEN BACK",
        "WHY",
    ]);
    for entry in entries {
        let why: String = plain(&entry.letter.message).chars().take(80).collect();
        rows.add_row([
            entry.id(),
            time(entry.record.timestamp_ms),
            plain(entry.record.headers.text("ce_type").unwrap_or("?")),
            plain(entry.letter.step.as_deref().unwrap_or("-")),
            plain(entry.letter.class.as_str()),
            entry.letter.attempts.to_string(),
            entry.letter.origin.to_string(),
            if entry.retried {
                "yes".to_owned()
            } else {
                String::new()
            },
            why,
        ]);
    }
    say!("{rows}");
}

async fn show(kafka: &KafkaSettings, entry: &Entry) -> Result<u8, CliError> {
    let original = DeadLetter::unwrap(&entry.record);
    let seen = Decoder::new(kafka).await?.decode(&original).await;
    let headers: Vec<_> = entry
        .record
        .headers
        .iter()
        .map(|header| json!({"name": header.name, "value": header.value.as_deref().map(String::from_utf8_lossy)}))
        .collect();
    let mut all = entry.json();
    all["headers"] = headers.into();
    all["payload_bytes"] = original.value.as_ref().map(Vec::len).into();
    all["data"] = seen.data.as_ref().ok().cloned().into();
    all["decode_error"] = seen.data.as_ref().err().cloned().into();
    say!(
        "{}",
        serde_json::to_string_pretty(&all).map_err(|error| CliError::Other(error.to_string()))?
    );
    Ok(0)
}

async fn give_back(kafka: &KafkaSettings, retry: &Retry) -> Result<u8, CliError> {
    let entries = load(kafka, &retry.participant).await?;
    let chosen: Vec<&Entry> = if retry.all {
        entries
            .iter()
            .filter(|entry| entry.fits(&retry.filter))
            .collect()
    } else {
        retry
            .ids
            .iter()
            .map(|id| find(&entries, &retry.participant, id))
            .collect::<Result<_, _>>()?
    };
    let publisher = Publisher::open(kafka, CLIENT)?;
    let mut given = 0;
    let mut seen = BTreeSet::new();
    for entry in chosen.iter().filter(|entry| seen.insert(entry.id())) {
        if entry.retried && !retry.again {
            say!(
                "{}: was given back before; --again does it once more",
                entry.id()
            );
            continue;
        }
        let outgoing = redriven(&retry.participant, entry);
        if retry.dry_run {
            say!("{}: would go to {}", entry.id(), outgoing.topic);
        } else {
            let position = publisher.publish(outgoing).await?;
            say!("{}: given back as {position}", entry.id());
        }
        given += 1;
    }
    say!(
        "{given} of {} {}",
        seen.len(),
        if retry.dry_run {
            "would be given back"
        } else {
            "given back"
        }
    );
    Ok(0)
}

/// The dead letter as it goes back: the same, one redrive more.
fn redriven(participant: &str, entry: &Entry) -> Outgoing {
    let letter = DeadLetter {
        redrives: entry.letter.redrives + 1,
        ..entry.letter.clone()
    };
    let mut outgoing = letter.wrap(
        &redrive_topic(participant),
        &DeadLetter::unwrap(&entry.record),
    );
    outgoing
        .headers
        .set(RETRY_OF, entry.record.position().to_string());
    outgoing
}
