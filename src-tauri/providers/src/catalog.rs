//! All definitions by name: the built-in ones, then the user's own.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::{Definition, DefinitionError};

/// The built-in files, by the name that stands in messages.
const BUILT_IN: [(&str, &str); 4] = [
    ("discovr.toml", include_str!("../definitions/discovr.toml")),
    ("pocketpaw.toml", include_str!("../definitions/pocketpaw.toml")),
    ("antiraid.toml", include_str!("../definitions/antiraid.toml")),
    ("discover.toml", include_str!("../definitions/discover.toml")),
];

/// The longest definition file that is read: 256 KiB.
const MAX_FILE_BYTES: u64 = 256 << 10;

/// The definitions that accounts can be connected by.
#[derive(Debug, Clone)]
pub struct Catalog {
    by_name: BTreeMap<String, Arc<Definition>>,
}

impl Catalog {
    /// The four that come with the program.
    pub fn built_in() -> Self {
        let by_name = BUILT_IN
            .iter()
            .filter_map(|(file, text)| Definition::parse(file, text).ok())
            .map(|definition| (definition.name().to_owned(), Arc::new(Definition { own: false, ..definition })))
            .collect();
        Self { by_name }
    }

    /// The built-in ones and every `*.toml` in `dir`, in the order of their file names.
    ///
    /// What is wrong with a file is told, and the file left out; a folder that does not exist is an empty one. No file
    /// may take a name that is taken: neither a built-in provider's, which would send its credentials elsewhere, nor
    /// that of another file.
    pub fn load(dir: &Path) -> (Self, Vec<DefinitionError>) {
        let mut catalog = Self::built_in();
        let mut errors = Vec::new();
        let files = match std::fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return (catalog, errors),
            Err(error) => {
                errors.push(whole_file(&dir.display().to_string(), format!("the folder cannot be read: {error}")));
                return (catalog, errors);
            }
        };
        let mut paths: Vec<_> = files.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
        // Names with a dot in front are what editors leave beside a file while it is open.
        let hidden = |path: &Path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml") && !hidden(path));
        paths.sort();
        for path in paths {
            if let Err(error) = catalog.add(&path) {
                errors.push(error);
            }
        }
        (catalog, errors)
    }

    /// The definition of this name.
    pub fn find(&self, name: &str) -> Option<Arc<Definition>> {
        self.by_name.get(name).cloned()
    }

    /// All of them, by name.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Definition>> {
        self.by_name.values()
    }

    fn add(&mut self, path: &Path) -> Result<(), DefinitionError> {
        let file = path.display().to_string();
        let text = read(path).map_err(|reason| whole_file(&file, reason))?;
        let definition = Definition::parse(&file, &text)?;
        if let Some(taken) = self.by_name.get(definition.name()) {
            let by = if taken.own() { "another file" } else { "a built-in provider" };
            let line = definition.checked.name_line;
            let reason = format!("the name {:?} is taken by {by}; choose another", definition.name());
            return Err(DefinitionError { file, line, reason });
        }
        self.by_name.insert(definition.name().to_owned(), Arc::new(definition));
        Ok(())
    }
}

/// The text of the file, or why it cannot be had.
fn read(path: &Path) -> Result<String, String> {
    let length = std::fs::metadata(path).map_err(|error| format!("the file cannot be read: {error}"))?;
    if !length.is_file() {
        return Err("this is not a file".to_owned());
    }
    if length.len() > MAX_FILE_BYTES {
        return Err("the file is longer than 256 KiB".to_owned());
    }
    std::fs::read_to_string(path).map_err(|error| format!("the file cannot be read: {error}"))
}

fn whole_file(file: &str, reason: String) -> DefinitionError {
    DefinitionError { file: file.to_owned(), line: 1, reason }
}
