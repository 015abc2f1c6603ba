//! The drivers' reports as events.

use std::sync::Arc;
use std::time::Duration;

use farandole::{Codec, Envelope, Event, Outgoing, Publisher, ids, now_ms};
use rides::{DriverPositioned, Place};

use crate::drivers::{Drivers, Report};

const TICK: Duration = Duration::from_millis(100);

/// Publishes where every driver is, and waits until the broker has it.
///
/// # Errors
/// The first report that can't be published.
pub async fn publish_all(drivers: &Drivers, publisher: &Publisher) -> farandole::Result<()> {
    let mut sent = Vec::new();
    for report in drivers.all() {
        sent.push(publisher.send(outgoing(report)?));
    }
    for delivery in sent {
        delivery.await?;
    }
    Ok(())
}

/// Lets each driver report once in an interval, for ever. A report that gets lost is followed by the next.
pub async fn keep_publishing(
    drivers: Arc<Drivers>,
    publisher: Publisher,
    interval: Duration,
) -> farandole::Result<()> {
    let mut ticks = tokio::time::interval(TICK);
    let (count, mut next, mut owed) = (drivers.count(), 0, 0.0);
    loop {
        ticks.tick().await;
        owed += count as f64 * TICK.as_secs_f64() / interval.as_secs_f64();
        // After a long pause (a laptop that slept) nobody reports twice.
        owed = f64::min(owed, count as f64);
        while owed >= 1.0 {
            let delivery = publisher.send(outgoing(drivers.report(next))?);
            tokio::spawn(async move {
                if let Err(error) = delivery.await {
                    tracing::warn!(%error, "a driver's report was not published");
                }
            });
            (next, owed) = ((next + 1) % count, owed - 1.0);
        }
    }
}

fn outgoing(report: Report) -> farandole::Result<Outgoing> {
    let Report {
        driver_id,
        at,
        on_shift,
        max_pickup_m,
    } = report;
    let at = Place {
        lat: at.lat,
        lon: at.lon,
        zone: at.zone,
    };
    let event = DriverPositioned {
        driver_id,
        at,
        on_shift,
        max_pickup_m,
        seen_at: now_ms(),
    };
    let codec = Codec::<DriverPositioned>::of()?;
    let envelope = Envelope {
        id: ids::fresh().to_string(),
        source: "/rides-load".to_owned(),
        event: DriverPositioned::NAME.to_owned(),
        time_ms: Some(event.seen_at),
        dataschema: Some(format!(
            "urn:farandole:{}:v{}",
            DriverPositioned::NAME,
            DriverPositioned::VERSION
        )),
        content_type: Some("application/avro".to_owned()),
        ..Envelope::default()
    };
    Ok(Outgoing {
        topic: codec.schema().topic().to_owned(),
        key: event.key().map(String::into_bytes),
        value: Some(codec.encode(&event)?),
        headers: envelope.to_headers(),
    })
}
