//! `yingbi keys backup` and `yingbi keys restore`.

use super::super::{Exit, Format, out};
use super::{Done, Trouble, held, places, store_trouble};
use crate::config::SecretSource;
use crate::keys::{BackedUp, Backup, BackupError, Held, Lives, Services, Store, StoreError};
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Arguments of `yingbi keys backup`.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The file to make; never overwritten.
    #[arg(long)]
    out: PathBuf,
    /// File with a custodian's passphrase, closed to others; twice, of two people.
    #[arg(long, required = true)]
    share_file: Vec<PathBuf>,
}

/// Arguments of `yingbi keys restore`.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The backup.
    #[arg(long)]
    from: PathBuf,
    /// File with a custodian's passphrase, closed to others; twice, of two people.
    #[arg(long, required = true)]
    share_file: Vec<PathBuf>,
}

pub(super) fn make(args: &BackupArgs, config: &Path, format: Format) -> Done {
    let (data, _) = places(config, format)?;
    let failed = |error| Trouble::from((data.store.as_path(), error));
    let [one, other] = shares(&args.share_file).map_err(failed)?;
    if std::fs::symlink_metadata(&args.out).is_ok() {
        let shown = args.out.display();
        return Err(Trouble::new(
            "YB1516",
            Exit::Usage,
            (&format!("{shown} exists"), &format!("{shown} 已存在")),
            ("name a new file; backups are never overwritten", "请指定新文件；备份不会被覆盖"),
        ));
    }
    let (held, mut store) = held(&data)?;
    let mut services = Services::of(&data, &store).patient();
    let backup = Backup::make(&store, &mut services, [&one, &other]).map_err(failed)?;
    let lock = Held::take(&args.out).map_err(|error| store_trouble(&args.out, &error))?;
    backup.write(&args.out, &lock).map_err(|error| store_trouble(&args.out, &error))?;
    drop(lock);
    let _ = std::fs::remove_file(args.out.with_added_extension("lock"));
    // The access log is the running gateway's: it reads of the backup here.
    store.backed_up = Some(BackedUp::now(store.keys.len()));
    store.revision += 1;
    store.write(&data.store, &held).map_err(|error| store_trouble(&data.store, &error))?;
    let shown = args.out.display().to_string();
    out(&match format {
        Format::Json => {
            json!({ "backup": shown, "revision": store.revision, "keys": store.keys.len() }).to_string()
        }
        Format::Text => {
            format!(
                "{shown}: {} keys, opened again to be sure; keep it apart from both custodians",
                store.keys.len()
            )
        }
    });
    Ok(Exit::Good)
}

pub(super) fn restore(args: &RestoreArgs, config: &Path, format: Format) -> Done {
    let (data, _) = places(config, format)?;
    let failed = |error| Trouble::from((data.store.as_path(), error));
    let unsound = |error: StoreError| store_trouble(&data.store, &error);
    let [one, other] = shares(&args.share_file).map_err(failed)?;
    let from = Store::read(&args.from).map_err(|error| store_trouble(&args.from, &error))?;
    let held = Held::take(&data.store).map_err(unsound)?;
    let mut store = match Store::read(&data.store) {
        Err(StoreError::Missing) => Store::default(),
        read => read.map_err(unsound)?,
    };
    Lives::prepare(&mut store, &data).map_err(|error| failed(error.into()))?;
    let mut services = Services::of(&data, &store).patient();
    let came = Backup::restore(&from, [&one, &other], &mut store, &mut services).map_err(failed)?;
    if came > 0 {
        store.restored = Some(BackedUp::now(came));
        store.write(&data.store, &held).map_err(unsound)?;
    }
    out(&match format {
        Format::Json => json!({ "revision": store.revision, "restored": came }).to_string(),
        Format::Text => format!("{came} keys restored; what the store had or had destroyed stays as it was"),
    });
    Ok(Exit::Good)
}

fn shares(files: &[PathBuf]) -> Result<[Zeroizing<String>; 2], BackupError> {
    let [one, other] = files else { return Err(BackupError::Shares) };
    let read = |file: &PathBuf| SecretSource::File(file.clone()).read().map_err(|_| BackupError::Shares);
    Ok([read(one)?, read(other)?])
}
