//! `daypass providers`: what accounts can be connected to.

use daypass_api::view::ProviderView;
use daypass_providers::Catalog;

use crate::args::ProvidersArgs;
use crate::failure::Failure;
use crate::table::Table;
use crate::{door, output};

/// Lists the providers that the agent knows, and tells what is wrong with files of the user's own.
pub(crate) fn run(args: &ProvidersArgs) -> Result<(), Failure> {
    let home = door::home()?;
    let known: Vec<ProviderView> = door::read(&home, "/v1/providers")?;
    let (files, broken) = Catalog::load(&home.providers_dir());
    for error in broken {
        output::tell(&format!("daypass: {error}"));
    }
    for file in files.all().filter(|file| !known.iter().any(|known| known.name == file.name())) {
        let name = file.name();
        output::tell(&format!(
            "daypass: {name} is new; end the agent with `daypass agent --stop`, and the next one knows it."
        ));
    }
    if args.json {
        return output::json(&known);
    }
    let mut table = Table::new(&["PROVIDER", "TITLE", "CREDENTIAL", "PARAMETERS", "ADDRESS"]);
    for provider in &known {
        let params: Vec<String> = provider
            .params
            .iter()
            .map(|param| if param.required { param.key.clone() } else { format!("[{}]", param.key) })
            .collect();
        table.row(vec![
            provider.name.as_str().into(),
            provider.title.as_str().into(),
            provider.credential.label.as_str().into(),
            if params.is_empty() { "–".into() } else { params.join(", ").into() },
            provider.base_url.as_str().into(),
        ]);
    }
    output::write_parts(&[&table.render()])
}
