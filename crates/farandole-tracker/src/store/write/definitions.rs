use std::collections::BTreeSet;

use farandole_event::system::CatalogEntry;
use rusqlite::{Connection, params};

use crate::definitions::Definitions;

/// Everything the catalog has said. Schemas first, oldest version first, so that the order of arrival makes no difference.
pub(super) fn load(connection: &Connection) -> rusqlite::Result<Definitions> {
    let sql = "SELECT kind, name, version, content, hash, by, at_ms FROM entry ORDER BY kind, name, version";
    let mut query = connection.prepare_cached(sql)?;
    let entries = query.query_map([], |row| {
        Ok(CatalogEntry {
            kind: row.get(0)?,
            name: row.get(1)?,
            version: row.get(2)?,
            content: row.get(3)?,
            hash: row.get(4)?,
            by: row.get(5)?,
            at_ms: row.get(6)?,
        })
    })?;
    let entries = entries.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(Definitions::of(&entries))
}

/// Instances whose summary was made with another definition than the present one.
pub(super) fn stale(
    connection: &Connection,
    definitions: &Definitions,
) -> rusqlite::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for workflow in definitions.workflows() {
        // The beginning is only recognised with its definition, so instances of any version of that name count.
        let sql = "SELECT correlation FROM instance WHERE workflow = ?1 AND definition IS NOT ?2 AND (version = ?3 OR definition IS NULL)";
        let mut query = connection.prepare_cached(sql)?;
        let rows = query.query_map(
            params![workflow.name, workflow.hash, workflow.version],
            |row| row.get::<_, String>(0),
        )?;
        for correlation in rows {
            found.insert(correlation?);
        }
    }
    Ok(found)
}

/// Instances without their beginning.
pub(super) fn orphans(connection: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    let mut query = connection
        .prepare_cached("SELECT correlation FROM instance WHERE orphan = 1 OR truncated = 1")?;
    query.query_map([], |row| row.get(0))?.collect()
}
