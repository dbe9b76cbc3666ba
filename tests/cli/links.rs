//! What the lean program links: neither GTK nor a web view.

use std::process::Command;

#[test]
fn the_program_links_neither_gtk_nor_webkit() {
    let output = Command::new("ldd").arg(env!("CARGO_BIN_EXE_daypass")).output().expect("ldd comes with the C library");
    let libraries = String::from_utf8(output.stdout).unwrap();
    assert!(libraries.contains("libc.so"), "ldd told nothing: {libraries}");
    for heavy in ["gtk", "gdk", "webkit", "javascriptcore", "soup", "gobject", "appindicator", "libssl"] {
        assert!(!libraries.to_lowercase().contains(heavy), "{heavy} is linked:\n{libraries}");
    }
}
