//! What goes into a row of PostgreSQL and what comes out of one.

use std::borrow::Cow;
use std::time::Duration;

use daypass_core::Time;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use crate::Error;

const UNREADABLE: Error = Error::Damaged("a row holds something that this program does not know");

/// A text as PostgreSQL can hold it: it knows no NUL, so the sign for what cannot be shown stands in its place.
///
/// Every text that comes from a request goes through here, so that none of them is an error of the database.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// A life as it is stored, in milliseconds.
pub(super) fn millis(life: Duration) -> i64 {
    i64::try_from(life.as_millis()).unwrap_or(i64::MAX)
}

/// The value in a column.
pub(super) fn value<'a, T: FromSql<'a>>(row: &'a Row, column: usize) -> Result<T, Error> {
    row.try_get(column).map_err(|_| UNREADABLE)
}

/// The bytes in a column, exactly as many as there must be.
pub(super) fn bytes<const N: usize>(row: &Row, column: usize) -> Result<[u8; N], Error> {
    value::<&[u8]>(row, column)?.try_into().map_err(|_| UNREADABLE)
}

/// The same of a column that may be empty.
pub(super) fn some_bytes<const N: usize>(row: &Row, column: usize) -> Result<Option<[u8; N]>, Error> {
    let found: Option<&[u8]> = value(row, column)?;
    found.map(|bytes| bytes.try_into().map_err(|_| UNREADABLE)).transpose()
}

/// The instant in a column of microseconds.
pub(super) fn instant(row: &Row, column: usize) -> Result<Time, Error> {
    Time::from_timestamp_micros(value(row, column)?).ok_or(UNREADABLE)
}

/// The same of a column that may be empty.
pub(super) fn some_instant(row: &Row, column: usize) -> Result<Option<Time>, Error> {
    value::<Option<i64>>(row, column)?.map(|_| instant(row, column)).transpose()
}

/// The life in a column of milliseconds.
pub(super) fn life(row: &Row, column: usize) -> Result<Option<Duration>, Error> {
    let found: Option<i64> = value(row, column)?;
    Ok(found.map(|millis| Duration::from_millis(millis.max(0).unsigned_abs())))
}

/// What the word in a column stands for.
pub(super) fn word<T>(row: &Row, column: usize, read: impl Fn(&str) -> Option<T>) -> Result<T, Error> {
    read(value(row, column)?).ok_or(UNREADABLE)
}

/// The same of a column that may be empty.
pub(super) fn some_word<T>(row: &Row, column: usize, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Error> {
    let found: Option<&str> = value(row, column)?;
    found.map(|text| read(text).ok_or(UNREADABLE)).transpose()
}
