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
    /// Province; province and city. Of a region code (GB/T 2260) the digits that say so, the others zero.
    Region(Region),
    /// Year of a date.
    Year,
    /// Year and quarter of a date.
    Quarter,
    /// Year and month of a date.
    Month,
    /// Band of ten of an age.
    AgeBand,
    /// The power of ten that an amount reaches and the next one: `1000..10000`. A JSON number becomes the lower one.
    AmountBand,
    /// Whether an amount reaches a threshold, and nothing else of it: `3000000..` or `..3000000`.
    AtLeast {
        /// The threshold, in the unit of the amounts; not 0.
        least: u64,
        /// What a JSON number becomes: `Text` says it as a string, all else shows nothing.
        number: NumberMask,
    },
    /// Maker's prefix of a MAC address.
    Mac,
    /// First two parts of an IPv4 address, first two groups of an IPv6 address.
    Ip,
    /// Sealed with SM4-GCM into an envelope `yb1.…`: nothing shows, and whoever has the key can open it.
    Encrypt {
        /// Whether it opens in a record of the same subject only.
        to_subject: bool,
        /// Whether it opens under the names of members that it was put under only.
        to_path: bool,
        /// What a JSON number becomes: `Text` is the envelope as a string, all else shows nothing.
        number: NumberMask,
    },
    /// A keyed pseudonym (HMAC-SM3) per category and purpose: what is equal stays equal within a purpose.
    HashToken {
        /// What a JSON number becomes: `Text` is the token as a string, all else shows nothing.
        number: NumberMask,
    },
    /// Another value of the same form (FF1 with SM4, which no national standard names).
    Ff1,
    /// A date moved by a secret number of days that is the same for all of one subject's dates.
    DateShift,
}

/// How much of a region stays visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Region {
    /// The province.
    Province,
    /// Province and city.
    City,
}

/// A treatment that needs a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Keyed {
    /// [`Mask::Encrypt`].
    Encrypt,
    /// [`Mask::HashToken`].
    HashToken,
    /// [`Mask::Ff1`].
    Ff1,
    /// [`Mask::DateShift`].
    DateShift,
}

impl Keyed {
    /// All of them.
    pub const ALL: [Keyed; 4] = [Keyed::Encrypt, Keyed::HashToken, Keyed::Ff1, Keyed::DateShift];

    /// As policies, records and metrics say it.
    pub const fn id(self) -> &'static str {
        match self {
            Keyed::Encrypt => "encrypt",
            Keyed::HashToken => "hash-token",
            Keyed::Ff1 => "ff1",
            Keyed::DateShift => "date-shift",
        }
    }
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
        !matches!(self, Mask::Fixed { .. } | Mask::Encrypt { .. })
    }

    /// Which key it needs, if any.
    #[inline]
    pub const fn keyed(&self) -> Option<Keyed> {
        match self {
            Mask::Encrypt { .. } => Some(Keyed::Encrypt),
            Mask::HashToken { .. } => Some(Keyed::HashToken),
            Mask::Ff1 => Some(Keyed::Ff1),
            Mask::DateShift => Some(Keyed::DateShift),
            _ => None,
        }
    }

    /// How weak the mask is: of two masks the lesser is the stronger. First the characters of a usual value that stay
    /// visible, then whether the length shows, then what only makes the order total. What has a key is weaker than any
    /// mask, for somebody can undo it or join by it: clear, encrypt, mask, drop, block.
    pub(crate) fn weakness(&self) -> (u16, bool, u8, u8, u64) {
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
            // None of its digits, one answer.
            Mask::AtLeast { least, number: n } => (0, true, 0, 0, *least * 3 + number(n)),
            Mask::AgeBand => (1, false, 0, 0, 0),
            Mask::AmountBand => (1, false, 0, 0, 1),
            Mask::Name => (1, true, 1, 0, 0),
            Mask::Region(Region::Province) => (3, true, 3, 0, 0),
            Mask::Year => (4, false, 4, 0, 0),
            Mask::Quarter => (5, false, 5, 0, 0),
            Mask::Month => (6, false, 6, 0, 0),
            Mask::Region(Region::City) => (6, true, 6, 0, 0),
            Mask::Phone => (6, true, 4, 0, 0),
            Mask::Mac => (6, false, 6, 0, 1),
            Mask::Ip => (6, false, 6, 0, 2),
            Mask::Address => (9, true, 9, 0, 0),
            Mask::Email => (12, true, 1, 0, 0),
            Mask::Encrypt { to_subject, to_path, number: n } => {
                (KEYED, false, 0, u8::from(!*to_subject) + u8::from(!*to_path), number(n))
            }
            Mask::HashToken { number: n } => (KEYED + 1, false, 0, 0, number(n)),
            Mask::Ff1 => (KEYED + 2, true, 0, 0, 0),
            Mask::DateShift => (KEYED + 3, true, 0, 0, 0),
        }
    }
}

/// Weaker than a mask that keeps as much as one can: 64 characters at each end.
const KEYED: u16 = 256;
