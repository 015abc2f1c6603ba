//! `farandole events`: decoded events as they come.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use farandole_event::{Catalog, Envelope, Record};
use farandole_read::{Inspector, Reader, Start, TopicPartitionOffset, catalog};
use farandole_runtime::{KafkaSettings, Shutdown};
use serde_json::{Value, json};

use crate::error::CliError;
use crate::say::say;
use crate::table::plain;

const CLIENT: &str = "farandole-cli";
/// The catalog is read again for unknown schemas, at most this often.
const CATALOG_AGE: Duration = Duration::from_secs(2);
/// New topics and partitions are looked for this often.
const LOOK: Duration = Duration::from_secs(5);

/// Flags of `farandole events`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum What {
    /// Show events as they come, decoded
    Tail(Tail),
}

#[derive(Clone, Debug, clap::Args)]
struct Tail {
    /// These topics [default: all]
    topics: Vec<String>,
    /// Where to begin
    #[arg(long, value_enum, default_value_t = From::End)]
    from: From,
    /// End after so many events
    #[arg(long, short = 'n', value_name = "N")]
    count: Option<usize>,
    /// Only events of this name
    #[arg(long, value_name = "EVENT")]
    event: Option<String>,
    /// Only events of the instance with this correlation id
    #[arg(long, value_name = "ID")]
    correlation: Option<String>,
    /// text: one line for people; json: one object per line
    #[arg(long, short, value_enum, default_value_t)]
    output: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum From {
    Beginning,
    End,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
}

/// Shows events until a signal, or until enough.
///
/// # Errors
/// No broker answers, or a named topic does not exist.
pub async fn run(args: Args, kafka: &KafkaSettings) -> Result<u8, CliError> {
    let What::Tail(args) = args.what;
    let shutdown = Shutdown::on_signals();
    let inspector = Inspector::open(kafka, CLIENT)?;
    let mut reader = Reader::open(kafka, CLIENT)?;
    let mut known = BTreeMap::new();
    assign(&args, &inspector, &reader, &mut known, args.from).await?;
    let mut decoder = Decoder::new(kafka).await?;
    let mut shown = 0;
    let mut look = tokio::time::interval(LOOK);
    look.reset();
    loop {
        let batch = tokio::select! {
            () = shutdown.requested() => return Ok(0),
            _ = look.tick() => {
                // What appears later is read from its beginning.
                if let Err(error) = assign(&args, &inspector, &reader, &mut known, From::Beginning).await {
                    tracing::warn!(%error, "new topics can't be looked for");
                }
                continue;
            }
            batch = reader.next_batch(500) => batch?,
        };
        for record in batch {
            let seen = decoder.decode(&record).await;
            if !seen.fits(&args) {
                continue;
            }
            say!(
                "{}",
                if args.output == Format::Json {
                    seen.json(&record).to_string()
                } else {
                    seen.text(&record)
                }
            );
            shown += 1;
            if args.count.is_some_and(|count| shown >= count) {
                return Ok(0);
            }
        }
        for notice in reader.notices() {
            tracing::warn!(?notice, "while reading");
        }
    }
}

async fn assign(
    args: &Tail,
    inspector: &Inspector,
    reader: &Reader,
    known: &mut BTreeMap<String, i32>,
    from: From,
) -> Result<(), CliError> {
    let topics = inspector.topics().await?;
    for name in &args.topics {
        if !topics.iter().any(|topic| topic.name == *name) {
            let hint = farandole_runtime::suggest::did_you_mean(
                name,
                topics.iter().map(|topic| topic.name.as_str()),
            );
            return Err(CliError::Other(format!("there is no topic {name}.{hint}")));
        }
    }
    let start = if from == From::Beginning {
        Start::Beginning
    } else {
        Start::End
    };
    let mut fresh = Vec::new();
    for topic in topics
        .into_iter()
        .filter(|topic| args.topics.is_empty() || args.topics.contains(&topic.name))
    {
        let before = known
            .insert(topic.name.clone(), topic.partitions)
            .unwrap_or(0);
        fresh.extend(
            (before..topic.partitions).map(|partition| TopicPartitionOffset {
                topic: topic.name.clone(),
                partition,
                start,
            }),
        );
    }
    if !fresh.is_empty() {
        reader.assign(&fresh)?;
    }
    Ok(())
}

/// Decodes with what the catalog topic says, and reads that again when something is unknown.
pub(crate) struct Decoder {
    kafka: KafkaSettings,
    catalog: Catalog,
    read_at: Instant,
}

impl Decoder {
    pub(crate) async fn new(kafka: &KafkaSettings) -> Result<Self, CliError> {
        let catalog = catalog::load(kafka, CLIENT).await?.catalog;
        Ok(Self {
            kafka: kafka.clone(),
            catalog,
            read_at: Instant::now(),
        })
    }

    pub(crate) async fn decode(&mut self, record: &Record) -> Seen {
        let first = self.catalog.to_json(record);
        if first.is_err() && Envelope::read(record).is_ok() && self.read_at.elapsed() > CATALOG_AGE
        {
            self.read_at = Instant::now();
            if let Ok(known) = catalog::load(&self.kafka, CLIENT).await {
                self.catalog = known.catalog;
                return Seen::of(
                    record,
                    self.catalog
                        .to_json(record)
                        .map(|(envelope, _, data)| (envelope, data)),
                );
            }
        }
        Seen::of(record, first.map(|(envelope, _, data)| (envelope, data)))
    }
}

/// A record as far as it could be understood.
pub(crate) struct Seen {
    pub(crate) envelope: Option<Envelope>,
    pub(crate) data: Result<Value, String>,
}

impl Seen {
    fn of(
        record: &Record,
        decoded: Result<(Envelope, Value), farandole_event::DecodeError>,
    ) -> Self {
        match decoded {
            Ok((envelope, data)) => Self {
                envelope: Some(envelope),
                data: Ok(data),
            },
            Err(error) => Self {
                envelope: Envelope::read(record).ok().map(|parsed| parsed.envelope),
                data: Err(error.to_string()),
            },
        }
    }

    fn fits(&self, args: &Tail) -> bool {
        let envelope = self.envelope.as_ref();
        args.event
            .as_ref()
            .is_none_or(|event| envelope.is_some_and(|envelope| envelope.event == *event))
            && args.correlation.as_ref().is_none_or(|id| {
                envelope.and_then(|envelope| envelope.correlation.as_ref()) == Some(id)
            })
    }

    pub(crate) fn text(&self, record: &Record) -> String {
        let event = self
            .envelope
            .as_ref()
            .map_or("?", |envelope| envelope.event.as_str());
        let step = self
            .envelope
            .as_ref()
            .and_then(|envelope| envelope.step.as_deref())
            .unwrap_or("-");
        let data = match &self.data {
            Ok(data) => data.to_string(),
            Err(error) => format!("not decoded: {error}"),
        };
        let key = record
            .key
            .as_deref()
            .map(String::from_utf8_lossy)
            .unwrap_or_default();
        plain(&format!(
            "{}  {}  {event}  key={key}  step={step}  {data}",
            time(record.timestamp_ms),
            record.position()
        ))
    }

    pub(crate) fn json(&self, record: &Record) -> Value {
        let envelope = self.envelope.as_ref().map(|envelope| {
            json!({
                "id": envelope.id, "source": envelope.source, "event": envelope.event, "subject": envelope.subject,
                "time": envelope.time_ms.map(|ms| time(Some(ms))), "dataschema": envelope.dataschema, "correlation": envelope.correlation,
                "causation": envelope.causation, "causes": envelope.causes, "workflow": envelope.workflow,
                "workflow_version": envelope.workflow_version, "step": envelope.step, "tenant": envelope.tenant,
                "traceparent": envelope.traceparent, "carried": envelope.carried, "extensions": envelope.extensions,
            })
        });
        json!({
            "topic": &*record.topic, "partition": record.partition, "offset": record.offset,
            "timestamp": record.timestamp_ms.map(|ms| time(Some(ms))),
            "key": record.key.as_deref().map(String::from_utf8_lossy),
            "envelope": envelope, "data": self.data.as_ref().ok(), "error": self.data.as_ref().err(),
        })
    }
}

/// RFC 3339 in UTC; `-` when there is none.
pub(crate) fn time(ms: Option<i64>) -> String {
    ms.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .map_or_else(|| "-".to_owned(), |time| format!("{time:.3}"))
}
