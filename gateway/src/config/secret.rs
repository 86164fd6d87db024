//! Secret key files: 64 hex digits, closed to others.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use yingbi_crypto::hex;
use zeroize::Zeroizing;

/// 32 secret bytes from a key file; wiped when dropped, never printed.
pub struct Secret(Zeroizing<[u8; 32]>);

/// Why a key file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Not there or not readable by us.
    #[error("can't read the key file: {}", .0.kind())]
    Read(#[from] io::Error),
    /// Others may read or write it, or its group may write it: make it mode 0600.
    #[error("key file has mode {0:04o}, others can read or change it")]
    Open(u32),
    /// Not 64 hex digits, or all zeros: a template that was never filled in.
    #[error("key file does not hold 64 hex digits of a random key")]
    Malformed,
}

impl Secret {
    /// Reads and checks a key file.
    ///
    /// # Errors
    /// It can't be read, is open to others, or holds no key.
    pub fn read(path: &Path) -> Result<Secret, SecretError> {
        let file = File::open(path)?;
        private(&file)?;
        let mut text = Zeroizing::new(Vec::with_capacity(FILE_BYTES));
        file.take(FILE_BYTES as u64).read_to_end(&mut text)?;
        let text = std::str::from_utf8(&text).map_err(|_| SecretError::Malformed)?;
        let key = Zeroizing::new(hex::decode(text.trim_ascii()).ok_or(SecretError::Malformed)?);
        if key.iter().all(|byte| *byte == 0) {
            return Err(SecretError::Malformed);
        }
        Ok(Secret(key))
    }

    /// Makes a random key in a new file of mode 0600, durable before it returns; an existing file is never touched.
    ///
    /// # Errors
    /// The file exists or can't be written, or the system gives no random numbers.
    pub fn create(path: &Path) -> io::Result<()> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(key.as_mut_slice()).map_err(|_| io::Error::other("no random numbers"))?;
        let text = Zeroizing::new(hex::encode(key.as_slice()) + "\n");
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        if let Err(error) = written {
            // Ours and half written: a torn key must not be taken for one later.
            let _ = std::fs::remove_file(path);
            return Err(error);
        }
        match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
            _ => File::open(".")?.sync_all(),
        }
    }

    /// The bytes.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Refuses a file that others can read or write, or its group write; a group that reads is how orchestrators mount secrets.
pub(crate) fn private(file: &File) -> Result<(), SecretError> {
    let mode = file.metadata()?.permissions().mode() & 0o7777;
    if mode & 0o027 != 0 { Err(SecretError::Open(mode)) } else { Ok(()) }
}

/// A key, its line end and some grace; a larger file is no key file.
const FILE_BYTES: usize = 256;
