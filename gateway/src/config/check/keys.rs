//! Checks of `keys`: data keys and who wraps them.

use super::Check;
use super::identity::is_safe_url;
use crate::config::file::{self, ConfigFile, problem};
use crate::config::keys::{KeysFile, KeysProblem};
use crate::config::{DataKeys, KeyPlaces, NoSecret, Reach, SecretSource};
use crate::keys::{Store, StoreError};
use std::path::Path;
use std::time::Duration;
use yingbi_policies::{Diagnostic, Text};

/// Who keeps the data keys, and whose word is needed to destroy one.
pub(in crate::config) fn key_places(
    path: &Path,
    text: &str,
    written: ConfigFile,
) -> Result<KeyPlaces, Vec<Diagnostic>> {
    let directory = file::directory(path);
    let mut check = Check { places: file::places(path, text), directory, found: Vec::new() };
    let officers = check.officers(written.admin.officers);
    let checkpoint = check.path(&written.keys.checkpoint());
    let data = check.named(written.keys);
    if check.found.is_empty() { Ok(KeyPlaces { data, checkpoint, officers }) } else { Err(check.found) }
}

impl Check {
    /// Data keys, all that they name looked at.
    pub(super) fn data_keys(&mut self, written: KeysFile) -> Option<DataKeys> {
        let data = self.named(written)?;
        self.times(&data);
        match Store::read(&data.store) {
            Ok(_) => {}
            Err(StoreError::Missing) => self.error(
                "YB1506",
                "keys",
                ("there is no key store yet", "密钥库尚不存在"),
                ("make it: `yingbi keys init --config FILE`", "请生成：`yingbi keys init --config FILE`"),
            ),
            Err(error) => {
                let found = store_problem(&data.store, &error);
                let place = self.places.at("keys.store");
                self.found.push(problem(found.0, place, found.1, found.2));
            }
        }
        let standby = data.standby.as_ref().map(|standby| ("keys.standby", standby));
        for (at, service) in [("keys.primary", &data.primary)].into_iter().chain(standby) {
            self.reach(at, &service.reach);
        }
        Some(data)
    }

    fn named(&mut self, written: KeysFile) -> Option<DataKeys> {
        let directory = self.directory.clone();
        match written.data(&directory) {
            Ok(data) => return data,
            Err(KeysProblem::NotOne(at)) => self.error(
                "YB1501",
                at,
                ("exactly one way to reach the key service is expected", "须且只须给出一种密钥服务"),
                (
                    "give one of `file`, `pkcs11`, `kms_http`, `sdf`",
                    "请给出 `file`、`pkcs11`、`kms_http`、`sdf` 之一",
                ),
            ),
            Err(KeysProblem::Name(at)) => self.error(
                "YB1502",
                &format!("{at}.kek"),
                ("the key-encrypting key has no proper name of its own", "密钥加密密钥的名称不合规或重复"),
                (
                    "use up to 64 letters, digits, `.`, `_`, `-`; another key, another name",
                    "请用至多64个字母、数字、`.`、`_`、`-`；不同密钥用不同名称",
                ),
            ),
            Err(KeysProblem::NoPrimary) => self.error(
                "YB1501",
                "keys",
                ("a store or standby without `primary`", "有 store 或 standby 而无 `primary`"),
                ("add `keys.primary`", "请添加 `keys.primary`"),
            ),
        }
        None
    }

    fn times(&mut self, data: &DataKeys) {
        for (at, time, most) in [
            ("keys.cache_seconds", data.cache, CACHE_MOST),
            ("keys.health_ms", data.health, PACE_MOST),
            ("keys.timeout_ms", data.timeout, PACE_MOST),
        ] {
            if time.is_zero() || time > most {
                self.error(
                    "YB1503",
                    at,
                    ("out of bounds", "超出范围"),
                    (
                        "a cache lasts 1 second to a day, the others 1 ms to 10 s",
                        "缓存为 1 秒至 1 天，其余为 1 毫秒至 10 秒",
                    ),
                );
            }
        }
    }

    fn reach(&mut self, at: &str, reach: &Reach) {
        match reach {
            Reach::File(file) => {
                let at = format!("{at}.file.passphrase");
                let passphrase = self.secret_source(&at, &file.passphrase);
                if passphrase.is_some_and(|length| length < PASSPHRASE_LEAST) {
                    self.error(
                        "YB1504",
                        &at,
                        ("the passphrase has fewer than 12 characters", "口令不足 12 个字符"),
                        ("make one: `openssl rand -base64 24`", "可生成：`openssl rand -base64 24`"),
                    );
                }
            }
            Reach::Pkcs11(module) => {
                self.library(&format!("{at}.pkcs11.module"), &module.module);
                self.secret_source(&format!("{at}.pkcs11.pin"), &module.pin);
            }
            Reach::KmsHttp(kms) => {
                if !is_safe_url(&kms.url) {
                    self.error(
                        "YB1505",
                        &format!("{at}.kms_http.url"),
                        ("not https, nor http on loopback", "不是 https，也不是回环地址上的 http"),
                        ("write `https://kms.firm.internal:8200`", "请写 `https://kms.firm.internal:8200`"),
                    );
                }
                self.secret_source(&format!("{at}.kms_http.token"), &kms.token);
                if let Some(ca) = &kms.ca {
                    self.certificates(&format!("{at}.kms_http.ca"), ca);
                }
            }
            Reach::Sdf(module) => self.library(&format!("{at}.sdf.module"), &module.module),
        }
    }

    /// How many characters the secret has.
    fn secret_source(&mut self, at: &str, source: &SecretSource) -> Option<usize> {
        match source.read() {
            Ok(secret) => return Some(secret.chars().count()),
            Err(NoSecret::File(error)) => self.secret_problem(
                at,
                &error,
                ("name a readable file of mode 0600", "请给出权限 0600 的可读文件"),
            ),
            Err(error) => {
                let text = error.to_string();
                self.error(
                    "YB1504",
                    at,
                    (&text, &text),
                    (
                        "give it in a file, an environment variable or a systemd credential",
                        "请以文件、环境变量或 systemd 凭据给出",
                    ),
                );
            }
        }
        None
    }

    fn library(&mut self, at: &str, path: &Path) {
        if !path.is_file() {
            self.error(
                "YB1509",
                at,
                ("there is no such library", "没有此动态库"),
                ("name the module's shared library", "请给出模块的动态库"),
            );
        }
    }
}

/// Code, message and help of a store that can't be used.
pub(crate) fn store_problem(path: &Path, error: &StoreError) -> (&'static str, Text, Text) {
    let shown = path.display();
    match error {
        StoreError::Loose(mode) => (
            "YB1507",
            Text::new(
                format!("{shown}: mode {mode:04o}: others can read or change the key store"),
                format!("{shown}：权限 {mode:04o}：他人可读取或改动密钥库"),
            ),
            Text::new(
                "`chmod 600` it; if others had access, rotate the keys",
                "请 `chmod 600`；若他人已能访问，请轮换密钥",
            ),
        ),
        other => (
            "YB1508",
            Text::new(format!("{shown}: {other}"), format!("{shown}：{other}")),
            Text::new(
                "restore it: `yingbi keys restore`, or name another store",
                "请恢复：`yingbi keys restore`，或指定其他密钥库",
            ),
        ),
    }
}

/// A day.
const CACHE_MOST: Duration = Duration::from_secs(86_400);
/// Slower, nothing would be noticed in time.
const PACE_MOST: Duration = Duration::from_secs(10);
/// Fewer are guessed.
const PASSPHRASE_LEAST: usize = 12;
