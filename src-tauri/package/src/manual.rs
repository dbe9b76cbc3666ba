//! The man pages: one for each command, made of the parser itself, and those of `man/` and of the format of provider definitions.

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use roff::{Roff, bold, roman};

use crate::args::Cli;
use crate::{Folder, markdown};

const MANUAL: &str = "Daypass Manual";
const SOURCE: &str = concat!("Daypass ", env!("CARGO_PKG_VERSION"));

/// A page that is written by hand.
struct Page {
    name: &'static str,
    section: &'static str,
    /// What it is, in a few words.
    about: &'static str,
    markdown: &'static str,
    see: &'static [&'static str],
}

const PAGES: [Page; 3] = [
    Page {
        name: "daypass-window",
        section: "1",
        about: "the window of Daypass",
        markdown: include_str!("../man/daypass-window.md"),
        see: &["daypass(1)", "daypass-tray(1)"],
    },
    Page {
        name: "daypass-config",
        section: "5",
        about: "the settings of Daypass",
        markdown: include_str!("../man/daypass-config.md"),
        see: &["daypass(1)", "daypass-tray(1)", "daypass-provider(5)"],
    },
    Page {
        name: "daypass-provider",
        section: "5",
        about: "a provider of session tokens, as Daypass knows it",
        markdown: include_str!("../../providers/definitions/README.md"),
        see: &["daypass(1)", "daypass-providers(1)", "daypass-config(5)"],
    },
];

/// What stands on the page of the program itself and in no help.
const PROGRAM: &str = include_str!("../man/daypass.md");

/// Writes every page, dated `date`.
///
/// # Errors
/// Where one cannot be written.
pub(crate) fn write(folder: &Folder, date: &str) -> anyhow::Result<()> {
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    write_command(folder, date, &program)?;
    for page in &PAGES {
        let mut text = Roff::new();
        text.control("TH", [page.name, page.section, date, SOURCE, MANUAL]);
        text.control("SH", ["NAME"]);
        text.text([roman(format!("{} - {}", page.name, page.about))]);
        markdown::render(page.markdown, &mut text);
        see_also(&mut text, page.see.iter().copied());
        write_page(folder, page.name, page.section, text.to_roff().as_bytes())?;
    }
    Ok(())
}

/// Writes the page of `command`, and of all that it consists of.
fn write_command(folder: &Folder, date: &str, command: &Command) -> anyhow::Result<()> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let parts: Vec<&Command> = command.get_subcommands().filter(|part| !part.is_hide_set()).collect();
    let mut page = Vec::new();
    let man = Man::new(command.clone()).title(name.as_str()).date(date).source(SOURCE).manual(MANUAL);
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let (sections, prose): (Vec<&str>, Vec<&str>) = after.split("\n\n").partition(|part| part.contains(":\n  "));
    let mut text = Roff::new();
    for prose in prose.iter().filter(|prose| !prose.is_empty()) {
        text.control("PP", []);
        text.text([roman(*prose)]);
    }
    page.extend(text.to_roff().bytes());
    man.render_options_section(&mut page)?;
    if !parts.is_empty() {
        man.render_subcommands_section(&mut page)?;
    }
    let mut text = Roff::new();
    for section in sections {
        if let Some((heading, lines)) = section.split_once(":\n") {
            text.control("SH", [heading.to_uppercase().as_str()]);
            markdown::verbatim(lines, &mut text);
        }
    }
    if parts.is_empty() || name != "daypass" {
        see_also(&mut text, std::iter::once("daypass(1)"));
    } else {
        markdown::render(PROGRAM, &mut text);
        see_also(&mut text, PAGES.iter().map(|page| page.name).zip(PAGES.iter().map(|page| page.section)).map(joined));
    }
    page.extend(text.to_roff().bytes());
    write_page(folder, &name, "1", &page)?;
    parts.into_iter().try_for_each(|part| write_command(folder, date, part))
}

fn joined((name, section): (&str, &str)) -> String {
    format!("{name}({section})")
}

/// The last section: references such as `daypass(1)`.
fn see_also(page: &mut Roff, references: impl Iterator<Item = impl Into<String>>) {
    page.control("SH", ["SEE ALSO"]);
    let mut line = Vec::new();
    for reference in references {
        let reference = reference.into();
        let (name, section) = reference.split_once('(').unwrap_or((&reference, ""));
        if !line.is_empty() {
            line.push(roman(", "));
        }
        line.extend([bold(name), roman(format!("({section}"))]);
    }
    page.text(line);
}

fn write_page(folder: &Folder, name: &str, section: &str, text: &[u8]) -> anyhow::Result<()> {
    folder.write_packed(format!("usr/share/man/man{section}/{name}.{section}.gz"), text)
}
