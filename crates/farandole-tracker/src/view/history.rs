//! The canonical events of an instance in a causal order, and what else was seen.

use std::collections::{BTreeMap, HashMap};

use farandole_event::Position;

use crate::fold::{Content, EventFact, Fact, Instance, LetterFact, SignalFact};

/// An instance's facts, sorted out. Borrowed from the [`Instance`].
pub(crate) struct History<'a> {
    /// One entry per event id, causes before their effects.
    pub(crate) events: Vec<Happened<'a>>,
    /// Dead letters, oldest first.
    pub(crate) letters: Vec<(&'a Fact, &'a LetterFact)>,
    /// Redriven dead letters, oldest first.
    pub(crate) redrives: Vec<(&'a Fact, &'a LetterFact)>,
    /// Signals, oldest first by their writer's clock.
    pub(crate) signals: Vec<(&'a Fact, &'a SignalFact)>,
    by_id: HashMap<&'a str, usize>,
}

/// One event of an instance.
pub(crate) struct Happened<'a> {
    /// The canonical record: the lowest (topic, partition, offset) of its event id.
    pub(crate) fact: &'a Fact,
    pub(crate) event: &'a EventFact,
    /// Other records with the same id and the same content.
    pub(crate) repeats: Vec<&'a Position>,
    /// Other records with the same id and another content.
    pub(crate) conflicts: Vec<&'a Position>,
    /// Its place in the order: append time, not before its cause's; then depth below the beginning; then position.
    order: (i64, usize),
}

impl<'a> History<'a> {
    pub(crate) fn of(instance: &'a Instance) -> Self {
        let mut history = Self {
            events: canonical(instance),
            letters: vec![],
            redrives: vec![],
            signals: vec![],
            by_id: HashMap::new(),
        };
        order(&mut history.events);
        history.by_id = index(&history.events);
        for fact in instance.facts() {
            match &fact.content {
                Content::Event(_) => {}
                Content::DeadLetter(letter) => history.letters.push((fact, letter)),
                Content::Redrive(letter) => history.redrives.push((fact, letter)),
                Content::Signal(signal) => history.signals.push((fact, signal)),
            }
        }
        history
            .letters
            .sort_by_key(|(fact, _)| (fact.at_ms, &fact.position));
        history
            .redrives
            .sort_by_key(|(fact, _)| (fact.at_ms, &fact.position));
        history
            .signals
            .sort_by_key(|(fact, signal)| (signal.at_ms, &fact.position));
        history
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<&Happened<'a>> {
        self.by_id.get(id).map(|at| &self.events[*at])
    }

    /// The event that caused this one, where it was seen.
    pub(crate) fn cause(&self, event: &EventFact) -> Option<&Happened<'a>> {
        event.causes().find_map(|id| self.by_id(id))
    }

    /// Whether `event`, or one of the events that led to it, passes `test`.
    pub(crate) fn descends(&self, event: &Happened<'a>, test: impl Fn(&EventFact) -> bool) -> bool {
        let mut at = Some(event);
        for _ in 0..=self.events.len() {
            let Some(happened) = at else { return false };
            if test(happened.event) {
                return true;
            }
            at = self.cause(happened.event);
        }
        false
    }
}

/// Rule 23: per event id the record at the lowest position; facts come sorted by position.
fn canonical(instance: &Instance) -> Vec<Happened<'_>> {
    let mut found: BTreeMap<&str, Happened<'_>> = BTreeMap::new();
    for fact in instance.facts() {
        let Some(event) = fact.event() else { continue };
        match found.get_mut(event.envelope.id.as_str()) {
            Some(first) if first.event.digest == event.digest => first.repeats.push(&fact.position),
            Some(first) => first.conflicts.push(&fact.position),
            None => {
                let happened = Happened {
                    fact,
                    event,
                    repeats: vec![],
                    conflicts: vec![],
                    order: (fact.at_ms, 0),
                };
                found.insert(&event.envelope.id, happened);
            }
        }
    }
    found.into_values().collect()
}

fn index<'a>(events: &[Happened<'a>]) -> HashMap<&'a str, usize> {
    events
        .iter()
        .enumerate()
        .map(|(at, happened)| (happened.event.envelope.id.as_str(), at))
        .collect()
}

fn order(events: &mut [Happened<'_>]) {
    let ids = index(events);
    let cause: Vec<Option<usize>> = events
        .iter()
        .map(|happened| happened.event.causes().find_map(|id| ids.get(id).copied()))
        .collect();
    let mut known: Vec<Option<(i64, usize)>> = vec![None; events.len()];
    for start in 0..events.len() {
        let mut chain = Vec::new();
        let mut at = Some(start);
        // Foreign causation ids can form a ring: the walk ends where it meets itself.
        while let Some(place) = at.filter(|place| known[*place].is_none()) {
            known[place] = Some(events[place].order);
            chain.push(place);
            at = cause[place];
        }
        let mut above = at.and_then(|place| known[place]);
        for place in chain.into_iter().rev() {
            let own = events[place].order;
            let order = above.map_or(own, |(time, depth)| (own.0.max(time), depth + 1));
            known[place] = Some(order);
            above = Some(order);
        }
    }
    for (happened, order) in events.iter_mut().zip(known) {
        happened.order = order.unwrap_or(happened.order);
    }
    events.sort_by(|a, b| (a.order, &a.fact.position).cmp(&(b.order, &b.fact.position)));
}
