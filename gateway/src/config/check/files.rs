//! Checks of what the configuration names on disk.

use super::Check;
use crate::config::secret::{self, Secret, SecretError};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fs::File;
use std::path::{Path, PathBuf};

impl Check {
    pub(super) fn read_directory(&mut self, at: &str, path: &Path) -> PathBuf {
        let path = self.path(path);
        if let Err(error) = std::fs::read_dir(&path) {
            self.error(
                "YB0020",
                at,
                (
                    &format!("can't read the directory: {}", error.kind()),
                    &format!("无法读取目录：{}", error.kind()),
                ),
                ("create it, readable by the gateway's user", "请创建该目录，并允许网关用户读取"),
            );
        }
        path
    }

    pub(super) fn data_dir(&mut self, path: &Path) -> PathBuf {
        use nix::unistd::{AccessFlags, access};
        let path = self.path(path);
        // Nothing is made here: whoever checks may not be who runs. What is not there yet must be possible to make.
        let existing = path.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(Path::new("."));
        let existing = if existing.as_os_str().is_empty() { Path::new(".") } else { existing };
        let usable = access(existing, AccessFlags::R_OK | AccessFlags::W_OK | AccessFlags::X_OK);
        let problem = match usable {
            _ if !existing.is_dir() => Some(std::io::ErrorKind::NotADirectory),
            Err(error) => Some(std::io::Error::from(error).kind()),
            Ok(()) => None,
        };
        if let Some(kind) = problem {
            self.error(
                "YB0020",
                "data_dir",
                (&format!("can't write there: {kind}"), &format!("无法写入：{kind}")),
                (
                    "the audit log needs a writable directory on a durable disk",
                    "审计日志需要持久磁盘上的可写目录",
                ),
            );
        }
        path
    }

    pub(super) fn secret(&mut self, at: &str, path: &Path) -> PathBuf {
        let path = self.path(path);
        if let Err(error) = Secret::read(&path) {
            self.secret_problem(
                at,
                &error,
                ("make one: `yingbi keys init --config FILE`", "请生成：`yingbi keys init --config FILE`"),
            );
        }
        path
    }

    pub(super) fn private_text(&mut self, at: &str, path: &Path) -> Option<String> {
        let read = || -> Result<Vec<u8>, SecretError> {
            secret::private(&File::open(path)?)?;
            Ok(std::fs::read(path)?)
        };
        match read() {
            Ok(bytes) => String::from_utf8(bytes).ok(),
            Err(error) => {
                self.secret_problem(at, &error, ("name a readable file", "请给出可读的文件"));
                None
            }
        }
    }

    pub(super) fn private_key(&mut self, at: &str, path: &Path) -> PathBuf {
        let path = self.path(path);
        let read = || -> Result<bool, SecretError> {
            secret::private(&File::open(&path)?)?;
            Ok(PrivateKeyDer::from_pem_file(&path).is_ok())
        };
        match read() {
            Ok(true) => {}
            Ok(false) => self.error(
                "YB0018",
                at,
                ("no private key in the file", "文件中没有私钥"),
                (
                    "a PEM file with one unencrypted private key is expected",
                    "应为含一个未加密私钥的 PEM 文件",
                ),
            ),
            Err(error) => self.secret_problem(at, &error, ("name a readable file", "请给出可读的文件")),
        }
        path
    }

    pub(super) fn secret_problem(&mut self, at: &str, error: &SecretError, absent: (&str, &str)) {
        match error {
            SecretError::Read(error) => self.error(
                "YB0011",
                at,
                (
                    &format!("can't read the file: {}", error.kind()),
                    &format!("无法读取文件：{}", error.kind()),
                ),
                absent,
            ),
            SecretError::Open(mode) => self.error(
                "YB0012",
                at,
                (
                    &format!("mode {mode:04o}: others can read or change this secret"),
                    &format!("权限 {mode:04o}：他人可读取或改动此机密文件"),
                ),
                (
                    "`chmod 600` it, and replace the secret if others had access",
                    "请 `chmod 600`；若他人已能访问，请更换密钥",
                ),
            ),
            SecretError::Malformed => self.error(
                "YB0013",
                at,
                ("not 64 hex digits of a random key", "不是 64 位十六进制的随机密钥"),
                ("make one: `yingbi keys init --config FILE`", "请生成：`yingbi keys init --config FILE`"),
            ),
        }
    }

    pub(super) fn certificates(&mut self, at: &str, path: &Path) -> PathBuf {
        let path = self.path(path);
        if let Some(bytes) = self.bytes(at, &path) {
            let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
            if !all.is_ok_and(|all| !all.is_empty()) {
                self.error(
                    "YB0018",
                    at,
                    ("no certificate in the file", "文件中没有证书"),
                    ("a PEM file with certificates is expected", "应为含证书的 PEM 文件"),
                );
            }
        }
        path
    }

    pub(super) fn bytes(&mut self, at: &str, path: &Path) -> Option<Vec<u8>> {
        match std::fs::read(path) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                self.error(
                    "YB0011",
                    at,
                    (
                        &format!("can't read the file: {}", error.kind()),
                        &format!("无法读取文件：{}", error.kind()),
                    ),
                    (
                        "paths are relative to the directory of this configuration file",
                        "路径相对于本配置文件所在目录",
                    ),
                );
                None
            }
        }
    }
}
