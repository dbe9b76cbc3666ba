//! How the web view of Linux puts its page on the screen.
//!
//! WebKit composes pages by OpenGL. Without a graphics card the processor plays the card (llvmpipe): that compiles shaders
//! before the first picture and fills the whole window for each countdown. There, plain drawing is several times cheaper.

use std::path::Path;

use gtk::glib;

/// Where the kernel shows its graphics cards.
const CARDS: &str = "/dev/dri";
/// How a card begins that can compute pictures, and not only show them.
const RENDERS: &str = "renderD";
/// NVIDIA's own driver may show its card here alone.
const NVIDIA: &str = "/dev/nvidiactl";
/// Has WebKit draw plainly. Its settings have the same choice, but are read only when OpenGL has been started already.
const PLAINLY: &str = "WEBKIT_DISABLE_COMPOSITING_MODE";

/// Has web views draw plainly where there is no graphics card, unless the user's environment says how.
///
/// It is for the first line of a program: no other thread may read the environment meanwhile.
pub fn suit_the_machine() {
    if !has_card(Path::new(CARDS), Path::new(NVIDIA)) {
        // What cannot be set is slower, and works.
        let _ = glib::setenv(PLAINLY, "1", false);
    }
}

/// Whether there is a card that renders.
fn has_card(cards: &Path, nvidia: &Path) -> bool {
    let renders = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with(RENDERS);
    let mut shown = std::fs::read_dir(cards).into_iter().flatten().filter_map(Result::ok);
    nvidia.exists() || shown.any(|card| renders(&card.file_name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_counts_where_it_renders() {
        let dir = tempfile::tempdir().unwrap();
        let (cards, nvidia) = (dir.path().join("dri"), dir.path().join("nvidiactl"));
        assert!(!has_card(&cards, &nvidia));
        std::fs::create_dir(&cards).unwrap();
        std::fs::write(cards.join("card0"), "").unwrap();
        assert!(!has_card(&cards, &nvidia), "a screen alone does not render");
        std::fs::write(cards.join("renderD128"), "").unwrap();
        assert!(has_card(&cards, &nvidia));
        std::fs::remove_dir_all(&cards).unwrap();
        std::fs::write(&nvidia, "").unwrap();
        assert!(has_card(&cards, &nvidia));
    }
}
