//! `yingbi keys public`.

use super::super::{Exit, Format, err, out, report};
use super::Done;
use crate::config::{Config, Secret};
use serde_json::json;
use std::path::Path;
use yingbi_crypto::{Algorithm, SigningKeys};

pub(super) fn run(config: &Path, format: Format) -> Done {
    let files = match Config::key_files(config) {
        Ok(files) => files,
        Err(problems) => {
            report(&problems, format);
            return Ok(Exit::Config);
        }
    };
    let [_, (_, file)] = &files;
    let secret = match Secret::read(file) {
        Ok(secret) => secret,
        Err(error) => {
            err(&format!("yingbi: {}: {error}", file.display()));
            return Ok(Exit::Config);
        }
    };
    let Some(keys) = SigningKeys::from_secret(secret.expose()) else {
        err(&format!("yingbi: {}: no signing key can be made of it", file.display()));
        return Ok(Exit::Config);
    };
    for key in keys.public() {
        let algorithm = match key.algorithm() {
            Algorithm::Ed25519 => "ed25519",
            Algorithm::Sm2 => "sm2",
        };
        out(&match format {
            Format::Text => key.to_string(),
            Format::Json => json!({ "algorithm": algorithm, "key": key.to_string() }).to_string(),
        });
    }
    Ok(Exit::Good)
}
