//! The table, and the same as a file.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use crate::sample::Sample;

/// One measure: ours beside another's.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    /// What was measured.
    measure: String,
    /// What it was compared with; empty where it stands alone.
    beside: String,
    /// The unit of both.
    unit: &'static str,
    /// How many times ours was measured.
    rounds: usize,
    /// Our median.
    ours: f64,
    /// The other's median.
    other: Option<f64>,
    /// Ours by the other's.
    ratio: Option<f64>,
    /// What is aimed at.
    aim: Option<String>,
    /// Whether that is met.
    met: Option<bool>,
}

impl Row {
    /// A measure of ours alone.
    pub(crate) fn alone(measure: &str, unit: &'static str, ours: &Sample) -> Self {
        let (measure, rounds, ours) = (measure.to_owned(), ours.len(), ours.median());
        Self { measure, beside: String::new(), unit, rounds, ours, other: None, ratio: None, aim: None, met: None }
    }

    /// The same beside another's.
    pub(crate) fn beside(self, name: &str, other: &Sample) -> Self {
        let other = other.median();
        Self { beside: name.to_owned(), ratio: Some(self.ours / other), other: Some(other), ..self }
    }

    /// Ours is to be at most `limit`, in the row's unit.
    pub(crate) fn at_most(self, limit: f64) -> Self {
        let met = self.ours <= limit;
        Self { aim: Some(format!("≤ {limit} {}", self.unit)), met: Some(met), ..self }
    }

    /// Aims for at least `limit` of its unit.
    pub(crate) fn at_least(self, limit: f64) -> Self {
        let met = self.ours >= limit;
        Self { aim: Some(format!("≥ {limit} {}", self.unit)), met: Some(met), ..self }
    }

    /// The ratio is to be at most `limit`.
    pub(crate) fn ratio_at_most(self, limit: f64) -> Self {
        let met = self.ratio.is_some_and(|ratio| ratio <= limit);
        Self { aim: Some(format!("≤ {limit} ×")), met: Some(met), ..self }
    }

    /// The ratio is to be at least `limit`.
    pub(crate) fn ratio_at_least(self, limit: f64) -> Self {
        let met = self.ratio.is_some_and(|ratio| ratio >= limit);
        Self { aim: Some(format!("≥ {limit} ×")), met: Some(met), ..self }
    }

    fn cells(&self) -> [String; 6] {
        let number = |value: f64| format!("{} {}", round(value), self.unit);
        [
            self.measure.clone(),
            number(self.ours),
            if self.beside.is_empty() { "–".to_owned() } else { self.beside.clone() },
            self.other.map_or("–".to_owned(), number),
            self.ratio.map_or("–".to_owned(), |ratio| match ratio {
                ratio if ratio < 0.1 => format!("{ratio:.4} ×"),
                ratio => format!("{ratio:.2} ×"),
            }),
            match (&self.aim, self.met) {
                (Some(aim), Some(true)) => format!("{aim}  met"),
                (Some(aim), _) => format!("{aim}  NOT MET"),
                (None, _) => "–".to_owned(),
            },
        ]
    }
}

/// Three significant digits are more than such figures bear.
fn round(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

/// All measures of one run, and the machine that it ran on.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    machine: Machine,
    /// When it was taken (RFC 3339).
    taken_at: String,
    /// The measures.
    pub(crate) rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Machine {
    processor: String,
    cores: usize,
    memory_mib: u64,
    kernel: String,
}

impl Report {
    /// An empty one, taken now on this machine.
    pub(crate) fn new() -> Self {
        Self { machine: Machine::read(), taken_at: now(), rows: Vec::new() }
    }

    /// For people.
    pub(crate) fn table(&self) -> String {
        let head = ["measure (median)", "Daypass", "beside", "it", "ratio", "aim"].map(str::to_owned);
        let lines: Vec<[String; 6]> = std::iter::once(head).chain(self.rows.iter().map(Row::cells)).collect();
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let widths: [usize; 6] = std::array::from_fn(width);
        let Machine { processor, cores, memory_mib, kernel } = &self.machine;
        let mut text = format!("{processor}, {cores} cores, {memory_mib} MiB, {kernel}\n\n");
        for (at, line) in lines.iter().enumerate() {
            let cells: Vec<String> = line.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            text.push_str(cells.join("  ").trim_end());
            text.push('\n');
            if at == 0 {
                text.push_str(&widths.map(|width| "-".repeat(width)).join("  "));
                text.push('\n');
            }
        }
        text
    }

    /// For programs, as JSON.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub(crate) fn write(&self, file: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        fs::write(file, text + "\n").with_context(|| format!("{} cannot be written", file.display()))
    }
}

impl Machine {
    fn read() -> Self {
        let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.map(|rest| rest.trim_start_matches([' ', '\t', ':']).trim().to_owned()).unwrap_or_default()
        };
        let memory = field(&read("/proc/meminfo"), "MemTotal");
        let kib: u64 = memory.trim_end_matches(" kB").parse().unwrap_or(0);
        Self {
            processor: field(&read("/proc/cpuinfo"), "model name"),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_mib: kib / 1024,
            kernel: format!("Linux {}", read("/proc/sys/kernel/osrelease").trim()),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the benchmark says when it was taken; nothing depends on it")]
fn now() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
