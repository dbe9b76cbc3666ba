//! `daypass settings`: what is in force, where its file is, and changing it.

use daypass_api::Home;
use daypass_api::settings::SettingsView;
use serde_json::{Map, Value};

use crate::args::{SetArgs, SettingsArgs, SettingsCommand};
use crate::failure::Failure;
use crate::{door, output};

/// The settings on the local API.
const PATH: &str = "/v1/settings";

/// Does one of the commands; without one, shows everything that is in force.
pub(crate) fn run(args: &SettingsArgs) -> Result<(), Failure> {
    let home = door::home()?;
    match &args.command {
        None => show(&home, args.json),
        Some(SettingsCommand::Set(args)) => set(&home, args),
        // Nobody has to be asked for that.
        Some(SettingsCommand::Path) => output::line(&home.settings_file().display().to_string()),
    }
}

fn show(home: &Home, as_json: bool) -> Result<(), Failure> {
    let view: SettingsView = door::read(home, PATH)?;
    if as_json {
        return output::json(&view);
    }
    let there = if home.settings_file().exists() { "" } else { " (not there yet: these are the defaults)" };
    let mut lines = format!("file  {}{there}\n\n", view.file);
    for (key, value) in leaves(&view)? {
        lines.push_str(&format!("{key} = {value}\n"));
    }
    output::write_parts(&[&lines])?;
    if let Some(error) = view.error {
        let line = error.line.map(|line| format!(" in line {line}")).unwrap_or_default();
        output::tell(&format!(
            "The file has an error{line}: {} What is shown here stays in force until it is corrected.",
            error.message
        ));
    }
    Ok(())
}

fn set(home: &Home, SetArgs { key, value }: &SetArgs) -> Result<(), Failure> {
    let view: SettingsView = door::read(home, PATH)?;
    let leaves = leaves(&view)?;
    let Some((_, kind)) = leaves.iter().find(|(known, _)| known == key) else {
        let known: Vec<&str> = leaves.iter().map(|(key, _)| key.as_str()).collect();
        return Err(Failure::usage(format!("There is no setting {key:?}; there are {}.", known.join(", "))));
    };
    let value = typed(kind, value).map_err(|what| Failure::usage(format!("{key} is {what}.")))?;
    let patch = key.rsplit('.').fold(value, |inner, name| Value::Object(Map::from_iter([(name.to_owned(), inner)])));
    // The same change twice is one change.
    let view: SettingsView = door::ask(home, || daypass_api::Client::new(home)?.patch(PATH, &patch))?;
    let changed = self::leaves(&view)?.into_iter().find(|(known, _)| known == key);
    changed.map_or(Ok(()), |(key, value)| output::line(&format!("{key} = {value}")))
}

/// Every setting by its name, such as `clipboard.clear_after`, with its value.
fn leaves(view: &SettingsView) -> Result<Vec<(String, Value)>, Failure> {
    fn walk(prefix: &str, value: Value, found: &mut Vec<(String, Value)>) {
        match value {
            Value::Object(values) => {
                for (key, value) in values {
                    let name = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
                    walk(&name, value, found);
                }
            }
            value => found.push((prefix.to_owned(), value)),
        }
    }
    let settings = serde_json::to_value(&view.settings)
        .map_err(|error| Failure::other(format!("The settings cannot be shown: {error}.")))?;
    let mut found = Vec::new();
    walk("", settings, &mut found);
    Ok(found)
}

/// What was typed, as a value of the kind that the setting has now; else what it would have to be.
fn typed(kind: &Value, text: &str) -> Result<Value, &'static str> {
    match kind {
        Value::Bool(_) => match text {
            "true" | "on" | "yes" => Ok(Value::Bool(true)),
            "false" | "off" | "no" => Ok(Value::Bool(false)),
            _ => Err("true or false"),
        },
        Value::Number(_) => text.parse::<u64>().map(Value::from).map_err(|_| "a whole number"),
        _ => Ok(Value::from(text)),
    }
}
