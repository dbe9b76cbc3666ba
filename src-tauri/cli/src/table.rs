//! Tables for people: aligned columns, a dim head, and a colour only where something needs attention.

use crate::output;

/// How a cell is painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As the terminal has it.
    Plain,
    /// In the background: foreign, forgotten, never used.
    Dim,
    /// On its way to its end, or in trouble that is looked after.
    Warn,
    /// Dead, or in need of the user.
    Bad,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// A cell in `tone`.
    pub(crate) fn toned(text: impl Into<String>, tone: Tone) -> Self {
        let text = text.into().chars().map(|c| if output::steers(c) { '\u{fffd}' } else { c }).collect();
        Self { text, tone }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::toned(text, Tone::Plain)
    }
}

/// A table in the making.
#[derive(Debug)]
pub(crate) struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
    /// How wide the columns of rows are that were rendered before.
    widths: Vec<usize>,
}

impl Table {
    /// A table with this head and no rows.
    pub(crate) fn new(head: &[&'static str]) -> Self {
        Self { head: head.to_vec(), rows: Vec::new(), widths: Vec::new() }
    }

    /// Adds a row; it has as many cells as the head.
    pub(crate) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// The table as lines, coloured where stdout may be.
    pub(crate) fn render(&self) -> String {
        self.render_with(output::colours())
    }

    /// The rows that were not rendered yet, as lines, coloured where stdout may be; below those that were, and not narrower.
    pub(crate) fn render_on(&mut self) -> String {
        self.render_on_with(output::colours())
    }

    fn render_on_with(&mut self, colours: bool) -> String {
        let begins = self.widths.is_empty();
        self.widths = self.widths();
        let lines = lines(begins.then_some(&self.head()).into_iter().chain(&self.rows), &self.widths, colours);
        self.rows.clear();
        lines
    }

    fn render_with(&self, colours: bool) -> String {
        lines([&self.head()].into_iter().chain(&self.rows), &self.widths(), colours)
    }

    fn head(&self) -> Vec<Cell> {
        self.head.iter().map(|text| Cell::toned(*text, Tone::Dim)).collect()
    }

    fn widths(&self) -> Vec<usize> {
        let head = self.head();
        let widest = |column: usize| {
            let cells = self.rows.iter().chain([&head]).filter_map(|row| row.get(column));
            let before = self.widths.get(column).copied().unwrap_or_default();
            cells.map(|cell| cell.text.chars().count()).max().unwrap_or_default().max(before)
        };
        (0..head.len()).map(widest).collect()
    }
}

/// Rows as lines, with two blanks between columns of these widths.
fn lines<'a>(rows: impl Iterator<Item = &'a Vec<Cell>>, widths: &[usize], colours: bool) -> String {
    let mut out = String::new();
    for row in rows {
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            out.push_str(&paint(&cell.text, cell.tone, colours));
            if column + 1 < row.len() {
                out.extend(std::iter::repeat_n(' ', width - cell.text.chars().count() + 2));
            }
        }
        out.push('\n');
    }
    out
}

fn paint(text: &str, tone: Tone, colours: bool) -> String {
    let code = match tone {
        Tone::Plain => return text.to_owned(),
        Tone::Dim => 2,
        Tone::Warn => 33,
        Tone::Bad => 31,
    };
    if colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["ACCOUNT", "STATE"]);
        table.row(vec!["paw".into(), Cell::toned("expired", Tone::Bad)]);
        table.row(vec!["a-longer-name".into(), "fresh".into()]);
        table
    }

    fn table_text() -> &'static str {
        "ACCOUNT        STATE\npaw            expired\na-longer-name  fresh\n"
    }

    #[test]
    fn columns_are_aligned_and_lines_end_at_their_text() {
        assert_eq!(table().render_with(false), table_text());
    }

    #[test]
    fn rows_that_come_later_stand_below_those_before() {
        let mut table = table();
        assert_eq!(table.render_on_with(false), table_text());
        table.row(vec!["b".into(), "stale".into()]);
        assert_eq!(table.render_on_with(false), "b              stale\n");
        table.row(vec!["the-longest-name-so-far".into(), "x".into()]);
        assert_eq!(table.render_on_with(false), "the-longest-name-so-far  x\n");
        table.row(vec!["c".into(), "y".into()]);
        assert_eq!(table.render_on_with(false), "c                        y\n");
    }

    #[test]
    fn colour_does_not_move_a_column() {
        let coloured = table().render_with(true);
        assert!(coloured.contains("\x1b[31mexpired\x1b[0m"));
        let plain = coloured.replace("\x1b[31m", "").replace("\x1b[2m", "").replace("\x1b[0m", "");
        assert_eq!(plain, table().render_with(false));
    }

    #[test]
    fn what_a_provider_sends_does_not_steer_the_terminal() {
        let mut table = Table::new(&["NAME"]);
        table.row(vec!["\x1b[2J\u{9b}2J\u{202e}gone".into()]);
        assert_eq!(table.render_with(false), "NAME\n\u{fffd}[2J\u{fffd}2J\u{fffd}gone\n");
    }
}
