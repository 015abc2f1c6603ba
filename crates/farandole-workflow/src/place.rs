use std::collections::BTreeMap;

/// Where something stands in a file: line and column from 1 (columns in characters), offset and length in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) offset: usize,
    pub(crate) len: usize,
}

impl Place {
    pub(crate) const START: Place = Place {
        line: 1,
        column: 1,
        offset: 0,
        len: 0,
    };
}

/// Places by path (`steps/offer/on/trip.requested`), kept beside a workflow so that later checks can point at its file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Places(BTreeMap<String, Place>);

impl Places {
    /// The first place of a path stays.
    pub(crate) fn record(&mut self, path: impl Into<String>, place: Place) {
        self.0.entry(path.into()).or_insert(place);
    }

    /// The place of the path, or of what encloses it.
    pub(crate) fn of(&self, path: &str) -> Place {
        let mut path = path;
        loop {
            if let Some(place) = self.0.get(path) {
                return *place;
            }
            match path.rsplit_once('/') {
                Some((parent, _)) => path = parent,
                None => return Place::START,
            }
        }
    }
}
