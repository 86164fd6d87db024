/// What a sealed field belongs to: moved elsewhere, it doesn't open.
///
/// Its bytes are the associated data of the seal. Each part that is there is written, in the order below, as
///
/// ```text
/// tag      1 byte: 1 tenant, 2 category, 3 path, 4 subject
/// length   of the part's UTF-8 in bytes, LEB128: seven bits a byte, the lowest first, the high bit set on all but the last
/// part     UTF-8
/// ```
///
/// so no two bindings have the same bytes.
///
/// | binding | bytes |
/// |---|---|
/// | tenant `main`, category `mobile` | `01 04 6d61696e 02 06 6d6f62696c65` |
/// | tenant empty, category `mobile`, subject `张` | `01 00 02 06 6d6f62696c65 04 03 e5bca0` |
/// | tenant `t`, category `c`, path of 200 `/` | `01 01 74 02 01 63 03 c801 2f…2f` |
///
/// ```
/// use yingbi_crypto::envelope::Binding;
///
/// let binding = Binding { tenant: "", category: "mobile", path: None, subject: Some("张") };
/// assert_eq!(binding.to_bytes(), b"\x01\x00\x02\x06mobile\x04\x03\xe5\xbc\xa0");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Binding<'a> {
    /// Whose gateway.
    pub tenant: &'a str,
    /// Id of the category in the taxonomy.
    pub category: &'a str,
    /// Where in the document, if the policy binds to it.
    pub path: Option<&'a str>,
    /// Whose value, if the policy binds to it.
    pub subject: Option<&'a str>,
}

impl Binding<'_> {
    /// The associated data.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write_to(&mut bytes);
        bytes
    }

    /// Appends the associated data.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let parts = [Some(self.tenant), Some(self.category), self.path, self.subject];
        for (tag, part) in (1u8..).zip(parts) {
            let Some(part) = part else { continue };
            out.push(tag);
            let mut length = part.len();
            while length > 0x7f {
                out.push(length as u8 | 0x80);
                length >>= 7;
            }
            out.push(length as u8);
            out.extend_from_slice(part.as_bytes());
        }
    }
}

/// The subject may be a person's identifier: only what kind of binding it is may be shown.
impl std::fmt::Debug for Binding<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Binding")
            .field("tenant", &self.tenant)
            .field("category", &self.category)
            .field("path", &self.path.is_some())
            .field("subject", &self.subject.is_some())
            .finish()
    }
}
