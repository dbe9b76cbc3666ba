//! Turns Markdown into the language of man pages (man(7)): what the documents of the project use of it.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use roff::{Inline, Roff, bold, italic, roman};

/// Appends `text` to `page`. What stands before its first section is the description; its title is left out, for the page has
/// its own, and so are comments. Rows of tables become entries: the first cell is what they are about.
pub(crate) fn render(text: &str, page: &mut Roff) {
    let mut rendering = Rendering { page, line: Vec::new(), face: Face::Roman, cells: Vec::new(), begun: false };
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        rendering.take(event);
    }
}

/// Appends lines that stay as they are.
pub(crate) fn verbatim(lines: &str, page: &mut Roff) {
    page.control("PP", []);
    page.control("RS", ["4"]);
    page.control("EX", []);
    let indent = lines.lines().filter(|line| !line.is_empty()).map(|line| line.len() - line.trim_start().len()).min();
    for line in lines.trim_end().lines() {
        page.text([roman(line.get(indent.unwrap_or(0)..).unwrap_or_default())]);
    }
    page.control("EE", []);
    page.control("RE", []);
}

/// How text is set at the moment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Face {
    Roman,
    Bold,
    Italic,
    /// Not at all.
    Nowhere,
    /// As it is.
    Verbatim,
}

struct Rendering<'a> {
    page: &'a mut Roff,
    line: Vec<Inline>,
    face: Face,
    /// The cells of the row that is being read.
    cells: Vec<Vec<Inline>>,
    /// Whether there was a section.
    begun: bool,
}

impl Rendering<'_> {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.face == Face::Verbatim => verbatim(&text, self.page),
            Event::Text(text) => self.put(&text),
            Event::Code(text) if self.face == Face::Roman => self.line.push(bold(&*text)),
            Event::Code(text) => self.put(&text),
            Event::SoftBreak | Event::HardBreak => self.put(" "),
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Heading { level: HeadingLevel::H1, .. } | Tag::TableHead => self.face = Face::Nowhere,
            Tag::Paragraph if !self.begun => {
                self.begun = true;
                self.page.control("SH", ["DESCRIPTION"]);
            }
            Tag::Heading { .. } => self.begun = true,
            Tag::Item => {
                self.page.control("IP", ["\\(bu", "2"]);
            }
            Tag::CodeBlock(_) => self.face = Face::Verbatim,
            Tag::Emphasis => self.face = Face::Italic,
            Tag::Strong => self.face = Face::Bold,
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(HeadingLevel::H1) | TagEnd::TableHead => {
                self.face = Face::Roman;
                self.cells.clear();
            }
            TagEnd::Heading(level) => {
                let heading: String = self.line.drain(..).map(|part| text_of(&part).to_owned()).collect();
                let (macro_name, heading) =
                    if level == HeadingLevel::H2 { ("SH", heading.to_uppercase()) } else { ("SS", heading) };
                self.page.control(macro_name, [heading.as_str()]);
            }
            TagEnd::Paragraph => {
                self.page.control("PP", []);
                self.set_line();
            }
            TagEnd::Item => self.set_line(),
            TagEnd::TableCell => self.cells.push(std::mem::take(&mut self.line)),
            TagEnd::TableRow => self.set_row(),
            TagEnd::CodeBlock | TagEnd::Emphasis | TagEnd::Strong => self.face = Face::Roman,
            _ => {}
        }
    }

    fn put(&mut self, text: &str) {
        match self.face {
            Face::Roman | Face::Verbatim => self.line.push(roman(text)),
            Face::Bold => self.line.push(bold(text)),
            Face::Italic => self.line.push(italic(text)),
            Face::Nowhere => {}
        }
    }

    fn set_line(&mut self) {
        if !self.line.is_empty() {
            self.page.text(std::mem::take(&mut self.line));
        }
    }

    /// A cell between the first and the last says what goes without saying, in brackets.
    fn set_row(&mut self) {
        let mut cells = std::mem::take(&mut self.cells);
        let Some(last) = cells.pop() else { return };
        let mut cells = cells.into_iter();
        let mut about = cells.next().unwrap_or_default();
        for cell in cells.filter(|cell| !cell.is_empty()) {
            about.push(roman(" ("));
            about.extend(cell);
            about.push(roman(")"));
        }
        self.page.control("TP", []);
        self.page.text(about);
        self.page.text(last);
    }
}

fn text_of(part: &Inline) -> &str {
    match part {
        Inline::Roman(text) | Inline::Italic(text) | Inline::Bold(text) => text,
        Inline::LineBreak => " ",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str) -> String {
        let mut page = Roff::new();
        render(text, &mut page);
        page.to_roff()
    }

    #[test]
    fn prose_sections_and_code_are_kept_apart() {
        let page =
            rendered("<!-- no -->\n# Title\n\nOne *two*\n`three`.\n\n## Part\n\n```toml\na = 1\n  .b\n```\n\n- x\n");
        assert_eq!(
            page,
            ".SH DESCRIPTION\n.PP\nOne \\fItwo\\fR \\fBthree\\fR.\n.SH PART\n.PP\n.RS 4\n.EX\na = 1\n  .b\n.EE\n.RE\n.IP \\(bu 2\nx\n"
        );
    }

    #[test]
    fn a_row_is_an_entry() {
        let page =
            rendered("| key | | meaning |\n| --- | --- | --- |\n| `a` | required | what |\n| `b` | | `that` |\n");
        assert_eq!(page, ".TP\n\\fBa\\fR (required)\nwhat\n.TP\n\\fBb\\fR\n\\fBthat\\fR\n");
    }
}
