//! The clipboard, as any other program sees it.

use super::Desktop;

impl Desktop {
    /// What a user would paste now; `None` where nobody owns the clipboard.
    pub fn clipboard(&self) -> Option<String> {
        self.read(self.command("xclip").args(["-selection", "clipboard", "-o"]))
    }

    /// The clipboard in another form, such as `x-kde-passwordManagerHint`; `None` where its owner does not offer it.
    pub fn clipboard_as(&self, target: &str) -> Option<String> {
        let offered = self.read(self.command("xclip").args(["-selection", "clipboard", "-o", "-t", "TARGETS"]))?;
        if !offered.lines().any(|line| line == target) {
            return None;
        }
        self.read(self.command("xclip").args(["-selection", "clipboard", "-o", "-t", target]))
    }

    /// Copies a text, as another program that the user turns to.
    pub fn copy_elsewhere(&self, text: &str) {
        let script = "printf %s \"$1\" | xclip -selection clipboard -i >/dev/null 2>&1";
        let status = self.command("sh").args(["-c", script, "sh", text]).status().unwrap();
        assert!(status.success(), "xclip did not take the text");
    }
}
