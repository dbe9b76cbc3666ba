//! The completions for bash, zsh and fish: a few lines each, which ask the program what may follow (`cli/src/complete.rs`).

use clap_complete::env::{Bash, EnvCompleter, Fish, Zsh};

use crate::Folder;

/// The variable by which a script asks; the same as in `cli/src/complete.rs`.
const VARIABLE: &str = "DAYPASS_COMPLETE";
const PROGRAM: &str = "daypass";

/// Each shell, and where it looks for what packages bring.
const SHELLS: [(&dyn EnvCompleter, &str); 3] = [
    (&Bash, "usr/share/bash-completion/completions/daypass"),
    (&Zsh, "usr/share/zsh/vendor-completions/_daypass"),
    (&Fish, "usr/share/fish/vendor_completions.d/daypass.fish"),
];

/// `compinit` reads its file only when a word is to be completed, and takes it for the function that does so: without this, the
/// first press of Tab would register the completion and complete nothing.
const LOADED_BY_COMPINIT: &[u8] = b"\n[[ $funcstack[1] == _daypass ]] && _clap_dynamic_completer_daypass \"$@\"\n";

/// Writes the script of each shell.
///
/// # Errors
/// Where one cannot be written.
pub(crate) fn write(folder: &Folder) -> anyhow::Result<()> {
    for (shell, path) in SHELLS {
        let mut script = Vec::new();
        shell.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)?;
        if shell.is("zsh") {
            script.extend(LOADED_BY_COMPINIT);
        }
        folder.write(path, &script)?;
    }
    Ok(())
}
