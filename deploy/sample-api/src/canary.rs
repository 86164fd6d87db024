//! What must never turn up in a log, a metric or a file: the demo investors' values, and a search for them.

use crate::{DEMO_INVESTORS, DEMO_SEED, Person, people};
use std::collections::HashMap;
use std::path::Path;

/// Every personal value of the demo investors that is long enough to prove something when found.
///
/// Six-digit trading passwords, quantities and prices are left out: such digits occur by chance in any log. So are
/// words of which many people share one (occupation, bank, city), and numbers of orders, fills and transfers, which name
/// a process.
pub fn canaries() -> Vec<String> {
    people(DEMO_SEED, DEMO_INVESTORS).iter().flat_map(canaries_of).collect()
}

/// The same for one person.
pub fn canaries_of(person: &Person) -> Vec<String> {
    let device = &person.device;
    let mut values = vec![
        &person.client_id,
        &person.name,
        &person.birth_date,
        &person.id_no,
        &person.mobile,
        &person.phone,
        &person.email,
        &person.address,
        &person.employer,
        &person.income,
        &person.bank_card,
        &person.fund_account,
        &person.sh_account,
        &person.sz_account,
        &person.unified_account,
        &person.login_password,
        &person.balance,
        &person.total_assets,
        &device.imei,
        &device.mac,
        &device.idfv,
        &device.ip,
        &device.coordinates.0,
        &device.coordinates.1,
    ];
    values.extend(person.positions.iter().map(|position| &position.value));
    values.extend(person.orders.iter().map(|order| &order.ip));
    values.extend(person.transfers.iter().map(|transfer| &transfer.amount));
    values.into_iter().cloned().collect()
}

/// A search for many values at once, in UTF-8, in GB18030 and as `\uXXXX` escapes.
pub struct Search {
    by_prefix: HashMap<[u8; PREFIX], Vec<(Vec<u8>, usize)>>,
}

/// Shorter values can't be searched for; two Chinese characters are six bytes of UTF-8 and four of GB18030.
const PREFIX: usize = 4;

/// A value found where none may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Which of the values searched for.
    pub canary: usize,
    /// Byte offset.
    pub offset: usize,
}

impl Search {
    /// Prepares a search for `values`.
    pub fn new(values: &[String]) -> Search {
        let mut by_prefix: HashMap<[u8; PREFIX], Vec<(Vec<u8>, usize)>> = HashMap::new();
        for (index, value) in values.iter().enumerate() {
            for form in forms(value) {
                if let Some(prefix) = form.first_chunk::<PREFIX>() {
                    by_prefix.entry(*prefix).or_default().push((form.clone(), index));
                }
            }
        }
        Search { by_prefix }
    }

    /// Every place in `haystack` where one of the values stands.
    pub fn find(&self, haystack: &[u8]) -> Vec<Found> {
        let mut found = Vec::new();
        for (offset, window) in haystack.windows(PREFIX).enumerate() {
            let Some(needles) = window.first_chunk::<PREFIX>().and_then(|prefix| self.by_prefix.get(prefix))
            else {
                continue;
            };
            let rest = haystack.get(offset..).unwrap_or_default();
            let hits = needles.iter().filter(|(form, _)| rest.starts_with(form));
            found.extend(hits.map(|(_, canary)| Found { canary: *canary, offset }));
        }
        found
    }

    /// Searches a file, or every file below a directory; `visit` sees each find.
    ///
    /// # Errors
    /// A file or directory can't be read.
    pub fn find_in(&self, path: &Path, visit: &mut dyn FnMut(&Path, Found)) -> std::io::Result<usize> {
        if path.is_dir() {
            let mut files = 0;
            for entry in std::fs::read_dir(path)? {
                files += self.find_in(&entry?.path(), visit)?;
            }
            return Ok(files);
        }
        if !path.is_file() {
            return Ok(0);
        }
        for found in self.find(&std::fs::read(path)?) {
            visit(path, found);
        }
        Ok(1)
    }
}

fn forms(value: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![value.as_bytes().to_vec()];
    if !value.is_ascii() {
        let (gb18030, _, _) = encoding_rs::GB18030.encode(value);
        forms.push(gb18030.into_owned());
        let escaped: String = value.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        forms.push(escaped.to_uppercase().replace("\\U", "\\u").into_bytes());
        forms.push(escaped.into_bytes());
    }
    forms
}
