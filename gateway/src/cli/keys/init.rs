//! `yingbi keys init`.

use super::super::{Exit, Format, err, out, report};
use super::{Done, Trouble, made, places, store_trouble};
use crate::config::{Config, DataKeys, Secret};
use crate::keys::{Held, Lives, Services, Store, StoreError};
use serde_json::json;
use std::path::Path;
use yingbi_taxonomy::Category;

pub(super) fn run(config: &Path, format: Format) -> Done {
    let files = match Config::key_files(config) {
        Ok(files) => files,
        Err(problems) => {
            report(&problems, format);
            return Ok(Exit::Config);
        }
    };
    let failed = files.iter().map(|(name, file)| secret(name, file, format)).find(|exit| *exit != Exit::Good);
    if let Some(failed) = failed {
        return Ok(failed);
    }
    let has_data = Config::key_places(config).is_ok_and(|places| places.data.is_none());
    if has_data {
        return Ok(Exit::Good);
    }
    let (data, _) = places(config, format)?;
    store(&data, format)
}

fn secret(name: &str, file: &Path, format: Format) -> Exit {
    let exists = std::fs::symlink_metadata(file).is_ok();
    let made = if exists { Secret::read(file).map(|_| ()) } else { Secret::create(file).map_err(Into::into) };
    match made {
        Ok(()) => {
            let shown = file.display().to_string();
            out(&match (format, exists) {
                (Format::Text, false) => {
                    format!("made {shown}; keep a copy where this machine's loss can't reach it")
                }
                (Format::Text, true) => format!("{shown} is there and good"),
                (Format::Json, _) => json!({ "key": name, "file": shown, "made": !exists }).to_string(),
            });
            Exit::Good
        }
        Err(error) => {
            err(&format!("yingbi: {}: {error}", file.display()));
            Exit::Config
        }
    }
}

/// The key store, with a key for each row of Appendix A.
fn store(data: &DataKeys, format: Format) -> Done {
    let unsound = |error: StoreError| store_trouble(&data.store, &error);
    let failed = |error| Trouble::from((data.store.as_path(), error));
    let held = Held::take(&data.store).map_err(unsound)?;
    let mut store = match Store::read(&data.store) {
        Err(StoreError::Missing) => Store::default(),
        read => read.map_err(unsound)?,
    };
    Lives::prepare(&mut store, data).map_err(failed)?;
    let mut services = Services::of(data, &store).patient();
    let categories: Vec<&str> = Category::all().map(Category::id).collect();
    let new = Lives { store: &mut store, services: &mut services }.complete(&categories).map_err(failed)?;
    let changed = !new.made.is_empty() || new.wrapped > 0;
    if changed {
        store.write(&data.store, &held).map_err(unsound)?;
    }
    let shown = data.store.display().to_string();
    out(&match (format, changed) {
        (Format::Json, _) => json!({
            "store": shown, "revision": store.revision, "made": made(&new), "wrapped": new.wrapped,
        })
        .to_string(),
        (Format::Text, false) => format!("{shown} is there and complete"),
        (Format::Text, true) => format!(
            "{shown}: {} data keys made, {} wrapped by a further key service; back it up with `yingbi keys backup`",
            new.made.len(),
            new.wrapped
        ),
    });
    Ok(Exit::Good)
}
