//! How far each partition has been read.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use crate::view::Positions;

/// Next offsets.
pub(super) fn next(connection: &Connection) -> rusqlite::Result<Positions> {
    let mut query = connection.prepare_cached("SELECT topic, partition, next FROM partition")?;
    let rows = query.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
    rows.collect::<rusqlite::Result<BTreeMap<_, _>>>()
}

/// Topics of which records were missing when they were first read.
pub(super) fn cut_topics(connection: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    let mut query =
        connection.prepare_cached("SELECT DISTINCT topic FROM partition WHERE first > 0")?;
    let rows = query.query_map([], |row| row.get(0))?;
    rows.collect()
}
