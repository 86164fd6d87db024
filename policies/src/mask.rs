//! What a mask template says; how it is carried out is the protection core's.

/// A mask template: what stays visible.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Mask {
    /// Nothing stays; always `width` fill characters, so that length tells nothing.
    Fixed {
        /// How many fill characters.
        width: u8,
        /// What a JSON number becomes.
        number: NumberMask,
    },
    /// The first and last characters stay, separators too; when they would be more than half of the value, only the
    /// last ones up to half, never all.
    Keep {
        /// Characters kept at the start.
        first: u8,
        /// Characters kept at the end.
        last: u8,
        /// `Some(n)`: n fill characters between; `None`: one for each hidden character.
        width: Option<u8>,
        /// What a JSON number becomes.
        number: NumberMask,
    },
    /// Surname of a Chinese name (two characters of a compound one), first letter of a Latin one.
    Name,
    /// Area code and last two digits of a landline.
    Phone,
    /// First character of the local part, and the domain.
    Email,
    /// Province, city, district.
    Address,
    /// Year of a date.
    Year,
    /// Band of ten of an age.
    AgeBand,
    /// Maker's prefix of a MAC address.
    Mac,
    /// First two parts of an IPv4 address, first two groups of an IPv6 address.
    Ip,
}

/// What replaces a JSON number that must not be seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum NumberMask {
    /// `0`: stays a number for consumers with a schema.
    #[default]
    Zero,
    /// `null`.
    Null,
    /// The mask as a JSON string.
    Text,
}
