//! `yingbi keys rotate`.

use super::super::{Exit, Format, out};
use super::{Done, Trouble, held, made, places, store_trouble};
use crate::keys::{Lives, Services};
use clap::Args;
use serde_json::json;
use std::path::Path;

/// Arguments of `yingbi keys rotate`.
#[derive(Debug, Args)]
pub struct RotateArgs {
    /// A category of Appendix A, such as `identity.document`; several times; left out: all.
    #[arg(long)]
    category: Vec<String>,
    /// The key of tokens, FF1 and date shifts too: from then on nothing joins with what was made before.
    #[arg(long)]
    lasting: bool,
}

pub(super) fn run(args: &RotateArgs, config: &Path, format: Format) -> Done {
    let (data, _) = places(config, format)?;
    let (held, mut store) = held(&data)?;
    let mut services = Services::of(&data, &store).patient();
    let mut categories = if args.category.is_empty() { store.categories() } else { args.category.clone() };
    categories.sort();
    categories.dedup();
    let new = Lives { store: &mut store, services: &mut services }
        .rotate(&categories, args.lasting)
        .map_err(|error| Trouble::from((data.store.as_path(), error)))?;
    store.write(&data.store, &held).map_err(|error| store_trouble(&data.store, &error))?;
    match format {
        Format::Json => out(&json!({ "revision": store.revision, "made": made(&new) }).to_string()),
        Format::Text => {
            for name in &new.made {
                out(&format!(
                    "{} version {}: {} encrypts from now on",
                    name.category, name.version, name.kid
                ));
            }
        }
    }
    Ok(Exit::Good)
}
