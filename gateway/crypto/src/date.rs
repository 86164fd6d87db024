//! Days of the calendar, and their shift by a secret number of days for each person.

use crate::HmacSm3;
use std::fmt;
use std::num::NonZeroU16;

/// A day of the Gregorian calendar, of the years 0 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    /// Counted from 0000-03-01, when the year began whose leap day came last.
    number: u32,
}

impl Day {
    /// The day of a date; `None` if the calendar has none.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let length = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        // January and February of year 0 lie before the first day.
        if year > 9999 || !(1..=length).contains(&day) || (year == 0 && month < 3) {
            return None;
        }
        // Years that begin in March have their leap day at the end, and months' lengths repeat every five: 153 days.
        let (year, month) =
            if month < 3 { (u32::from(year) - 1, month + 9) } else { (year.into(), month - 3) };
        let of_year = (153 * u32::from(month) + 2) / 5 + u32::from(day) - 1;
        Some(Day { number: 365 * year + year / 4 - year / 100 + year / 400 + of_year })
    }

    /// Year, month and day.
    pub fn date(self) -> (u16, u8, u8) {
        let (era, of_era) = (self.number / DAYS_OF_ERA, self.number % DAYS_OF_ERA);
        // The leap days before this one don't make a year.
        let year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let year = 400 * era + year_of_era + u32::from(month >= 10);
        let month = if month < 10 { month + 3 } else { month - 9 };
        (year as u16, month as u8, day as u8)
    }

    /// The day so many days later, or earlier; `None` beyond the years 0 to 9999.
    pub fn plus(self, days: i32) -> Option<Self> {
        let number = self.number.checked_add_signed(days)?;
        (number <= Day::new(9999, 12, 31)?.number).then_some(Day { number })
    }

    /// How many days this one is after another; negative before it.
    pub fn since(self, earlier: Day) -> i32 {
        self.number.wrapping_sub(earlier.number).cast_signed()
    }
}

/// Moves the dates of a person by a number of days that only the key tells: always the same for one person, so that the
/// time between his dates stays true; never zero.
#[derive(Clone)]
pub struct DateShift {
    mac: HmacSm3,
    most: NonZeroU16,
}

impl DateShift {
    /// Shifts by one to `most` days, back or forth.
    pub fn new(secret: &[u8; 32], most: NonZeroU16) -> Self {
        DateShift { mac: HmacSm3::new(secret), most }
    }

    /// The shift of a person's dates, in days.
    pub fn days(&self, subject: &str) -> i32 {
        let tag = self.mac.tag(&[LABEL, subject.as_bytes()]);
        let [high, ..] = tag.as_chunks::<8>().0 else { unreachable!("a digest has 32 bytes") };
        let most = i32::from(self.most.get());
        // Of 64 bits the remainder's bias is below 2⁻⁴⁷.
        let place = (u64::from_be_bytes(*high) % (2 * u64::from(self.most.get()))) as i32;
        if place < most { place - most } else { place - most + 1 }
    }

    /// A person's day, moved; `None` beyond the years 0 to 9999.
    pub fn shift(&self, subject: &str, day: Day) -> Option<Day> {
        day.plus(self.days(subject))
    }
}

impl fmt::Debug for DateShift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DateShift(.., {} days)", self.most)
    }
}

/// 400 years.
const DAYS_OF_ERA: u32 = 146_097;

const LABEL: &[u8] = b"yingbi/date-shift/1/";

#[cfg(test)]
mod tests;
