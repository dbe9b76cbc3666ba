//! How SQLite goes about each statement of this store: none reads through a table of users' things.

use std::path::Path;

use super::Sqlite;

/// Tables of a handful of rows, and the rows that a statement brings itself.
const SMALL: [&str; 3] = ["access_keys", "meta", "CONSTANT ROW"];

/// What an administrator asks that may read through a table, by how it begins: lists, which keep nobody from writing, and the
/// sign-ins that wait, of which there are never many. What ends or removes sessions goes by steps.
const RARE: [&str; 5] = [
    "SELECT id, created_at, disabled_at,",
    "SELECT id, digest IS NULL,",
    "SELECT id, kind, user_id, NULL AS client,",
    "DELETE FROM device_codes WHERE user_id",
    "DELETE FROM device_codes WHERE client_id",
];

/// The statements of the store as they stand in its source: what `prepare_cached` is given.
fn statements() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // The other store has its own.
        if path.is_dir() || name.starts_with("postgres") || !name.ends_with(".rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        for rest in text.split(".prepare_cached(").skip(1) {
            let (before, rest) = rest.split_once('"').unwrap();
            let literal = rest.split_once('"').unwrap().0;
            let sql = match before.trim() {
                "" | "&format!(" => literal.to_owned(),
                "select!(" => format!("{} {literal}", value_of(text, "concat!(")),
                other => panic!("{name}: a statement must be written where it is prepared, not as {other}"),
            };
            let sql = ["SESSION", "WAITING", "MEANT", "NATIVE_MEANT"].iter().fold(sql, |sql, name| {
                if sql.contains(&format!("{{{name}}}")) {
                    sql.replace(&format!("{{{name}}}"), value_of(text, &format!("const {name}")))
                } else {
                    sql
                }
            });
            found.push((name.clone(), sql));
        }
    }
    found
}

/// The first text after `name`.
fn value_of<'a>(source: &'a str, name: &str) -> &'a str {
    source.split_once(name).unwrap().1.split('"').nth(1).unwrap()
}

#[test]
fn no_statement_reads_through_a_table() {
    let db = Sqlite::memory().unwrap().db;
    let statements = statements();
    assert!(statements.len() > 30, "they are found: {}", statements.len());
    let mut rare = Vec::new();
    for (file, sql) in statements {
        if ["PRAGMA", "BEGIN", "COMMIT"].iter().any(|word| sql.starts_with(word)) {
            continue;
        }
        let mut explain =
            db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap_or_else(|error| panic!("{error}: {sql}"));
        let mut rows = explain.raw_query();
        while let Some(row) = rows.next().unwrap() {
            let step: String = row.get(3).unwrap();
            let scanned =
                step.strip_prefix("SCAN ").is_some_and(|what| !SMALL.iter().any(|small| what.starts_with(small)));
            match RARE.iter().find(|begin| file == "admin.rs" && sql.starts_with(**begin)) {
                Some(begin) if scanned => rare.push(*begin),
                _ => assert!(!scanned, "{file}: {step}: {sql}"),
            }
        }
    }
    let idle: Vec<_> = RARE.iter().filter(|begin| !rare.contains(begin)).collect();
    assert!(idle.is_empty(), "what reads no table through needs no leave: {idle:?}");
}
