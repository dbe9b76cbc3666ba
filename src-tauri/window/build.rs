//! Builds what Tauri needs at compile time: the checked configuration, capabilities and permissions.

use std::path::Path;
use std::process::ExitCode;

/// The pages as Vite built them, the window's and the palette's; they become part of the program.
const PAGES: [&str; 2] = ["ui/dist/index.html", "ui/dist/palette.html"];

fn main() -> ExitCode {
    // A folder is looked at with all that is in it.
    for path in ["ui/dist", "icons", "src-tauri/capabilities", "src-tauri/permissions"] {
        println!("cargo:rerun-if-changed={path}");
    }
    if let Some(page) = PAGES.iter().find(|page| !Path::new(page).exists()) {
        return fail(&format!(
            "{page} is missing: build the page first, with `npm --prefix ui ci` and `npm --prefix ui run build`"
        ));
    }
    let app = tauri_build::AppManifest::new().permissions_path_pattern("./src-tauri/permissions/*.toml");
    let attributes =
        tauri_build::Attributes::new().capabilities_path_pattern("./src-tauri/capabilities/*.json").app_manifest(app);
    match tauri_build::try_build(attributes) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("{error:#}")),
    }
}

fn fail(why: &str) -> ExitCode {
    println!("cargo:error={}", why.replace('\n', " "));
    ExitCode::FAILURE
}
