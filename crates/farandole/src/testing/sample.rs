use std::fmt;
use std::sync::Arc;

use farandole_event::Event;

use crate::outputs::text_field;
use crate::{OutputSink, Outputs};

type Push = dyn Fn(&mut OutputSink) + Send + Sync;
type Field = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Any typed event, so that a test can list several kinds; see [`events!`](crate::events).
#[derive(Clone)]
pub struct Sample {
    event: &'static str,
    push: Arc<Push>,
    field: Arc<Field>,
}

impl Sample {
    /// The event's name.
    pub fn event(&self) -> &'static str {
        self.event
    }

    /// A field as text, where it is text or a whole number.
    pub(super) fn text_field(&self, field: &str) -> Option<String> {
        (self.field)(field)
    }
}

impl<E: Event> From<E> for Sample {
    fn from(event: E) -> Self {
        let other = event.clone();
        Self {
            event: E::NAME,
            push: Arc::new(move |sink| sink.push(&event)),
            field: Arc::new(move |field| text_field(&other, field)),
        }
    }
}

impl Outputs for Sample {
    fn outputs(&self, out: &mut OutputSink) {
        (self.push)(out);
    }
}

impl fmt::Debug for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sample({})", self.event)
    }
}

/// A list of events of several types, for [`Scenario`](crate::testing::Scenario).
#[macro_export]
macro_rules! events {
    ($($event:expr),* $(,)?) => { ::std::vec![$($crate::testing::Sample::from($event)),*] };
}
