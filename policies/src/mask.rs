//! What a mask template says; how it is carried out is the protection core's.

/// A mask template: what stays visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

impl Mask {
    /// The mask that shows nothing, in the customary width.
    pub const fn nothing() -> Mask {
        Mask::Fixed { width: 8, number: NumberMask::Zero }
    }

    /// Whether any of the value stays visible.
    pub const fn shows_anything(&self) -> bool {
        !matches!(self, Mask::Fixed { .. })
    }

    /// How weak the mask is: of two masks the lesser is the stronger. First the characters of a usual value that stay
    /// visible, then whether the length shows, then what only makes the order total.
    pub(crate) fn weakness(&self) -> (u16, bool, u8, u8, u8) {
        let number = |number: &NumberMask| match number {
            NumberMask::Null => 0,
            NumberMask::Text => 1,
            NumberMask::Zero => 2,
        };
        match self {
            Mask::Fixed { width, number: n } => (0, false, 0, *width, number(n)),
            Mask::Keep { first, last, width, number: n } => {
                (u16::from(*first) + u16::from(*last), width.is_none(), *first, width.unwrap_or(0), number(n))
            }
            Mask::AgeBand => (1, false, 0, 0, 0),
            Mask::Name => (1, true, 1, 0, 0),
            Mask::Year => (4, false, 4, 0, 0),
            Mask::Phone => (6, true, 4, 0, 0),
            Mask::Mac => (6, false, 6, 0, 1),
            Mask::Ip => (6, false, 6, 0, 2),
            Mask::Address => (9, true, 9, 0, 0),
            Mask::Email => (12, true, 1, 0, 0),
        }
    }
}
