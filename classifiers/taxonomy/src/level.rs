use std::fmt;

/// Sensitivity level of T/TSAC 001—2025 §6.3; a higher level harms the investor more when it leaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    /// 1 级: public or nearly so.
    L1 = 1,
    /// 2 级: internal use.
    L2 = 2,
    /// 3 级: identifies an investor or shows their accounts, assets and doings.
    L3 = 3,
    /// 4 级: authentication data; never shown in clear.
    L4 = 4,
}

impl Level {
    /// All levels, lowest first.
    pub const ALL: [Level; 4] = [Level::L1, Level::L2, Level::L3, Level::L4];

    /// The number the standard uses, 1 to 4.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}

impl TryFrom<u8> for Level {
    type Error = UnknownLevel;

    fn try_from(number: u8) -> Result<Self, UnknownLevel> {
        match number {
            1 => Ok(Level::L1),
            2 => Ok(Level::L2),
            3 => Ok(Level::L3),
            4 => Ok(Level::L4),
            other => Err(UnknownLevel(other)),
        }
    }
}

/// A number that is no level of the standard (1 to 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownLevel(pub u8);

impl fmt::Display for UnknownLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a level, levels are 1 to 4", self.0)
    }
}

impl std::error::Error for UnknownLevel {}
