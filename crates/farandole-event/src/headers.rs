use std::fmt;

/// One record header. Kafka allows null values, repeated names and any bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    /// The header's name.
    pub name: String,
    /// The header's value; `None` is Kafka's null.
    pub value: Option<Vec<u8>>,
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            None => write!(f, "{}: null", self.name),
            Some(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => write!(f, "{}: {text:?}", self.name),
                Err(_) => write!(f, "{}: {bytes:?}", self.name),
            },
        }
    }
}

/// The headers of a record, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<Header>);

impl Headers {
    /// No headers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a header with a value, after the others.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) {
        self.push_raw(name, Some(value.into()));
    }

    /// Adds a header whose value may be null.
    pub fn push_raw(&mut self, name: impl Into<String>, value: Option<Vec<u8>>) {
        self.0.push(Header {
            name: name.into(),
            value,
        });
    }

    /// The value of the last header of that name that has one.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0
            .iter()
            .rev()
            .filter(|header| header.name == name)
            .find_map(|header| header.value.as_deref())
    }

    /// Like [`Headers::get`], where the bytes are UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    /// Replaces every header of that name by one, at the place of the first.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) {
        let name = name.into();
        let value = Some(value.into());
        match self.0.iter().position(|header| header.name == name) {
            None => self.0.push(Header { name, value }),
            Some(first) => {
                let mut index = 0;
                self.0.retain(|header| {
                    index += 1;
                    index - 1 <= first || header.name != name
                });
                self.0[first].value = value;
            }
        }
    }

    /// Removes every header of that name.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|header| header.name != name);
    }

    /// Keeps the headers for which `keep` answers true.
    pub fn retain(&mut self, keep: impl FnMut(&Header) -> bool) {
        self.0.retain(keep);
    }

    /// The headers in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Header> {
        self.0.iter()
    }

    /// How many headers there are, repeated names counted.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes of all names and values.
    pub fn size(&self) -> usize {
        self.0
            .iter()
            .map(|header| header.name.len() + header.value.as_ref().map_or(0, Vec::len))
            .sum()
    }
}

impl FromIterator<Header> for Headers {
    fn from_iter<T: IntoIterator<Item = Header>>(headers: T) -> Self {
        Self(headers.into_iter().collect())
    }
}

impl IntoIterator for Headers {
    type Item = Header;
    type IntoIter = std::vec::IntoIter<Header>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
