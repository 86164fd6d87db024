//! Days, as far as ages need them.

use std::str::FromStr;

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    year: i32,
    month: u8,
    day: u8,
}

impl Day {
    /// The day of this year, month and day of the month, if there is one.
    ///
    /// ```
    /// use yingbi_policies::Day;
    /// assert!(Day::new(2024, 2, 29).is_some());
    /// assert!(Day::new(2023, 2, 29).is_none());
    /// ```
    pub fn new(year: i32, month: u8, day: u8) -> Option<Day> {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            1..=12 => 31,
            _ => return None,
        };
        (1..=days).contains(&day).then_some(Day { year, month, day })
    }

    /// The day in China at this time, seconds after 1970-01-01 UTC.
    ///
    /// ```
    /// use yingbi_policies::Day;
    /// assert_eq!(Day::in_china(1_767_196_799), Day::new(2025, 12, 31).unwrap());
    /// assert_eq!(Day::in_china(1_767_196_800), Day::new(2026, 1, 1).unwrap());
    /// ```
    pub fn in_china(unix_seconds: i64) -> Day {
        // Days to a civil date, eras of 400 years that begin on 1 March 0000.
        let days = unix_seconds.saturating_add(CHINA_SECONDS).div_euclid(86_400).saturating_add(719_468);
        let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let small = |number: i64| u8::try_from(number).unwrap_or(1);
        Day { year: i32::try_from(year).unwrap_or(i32::MAX), month: small(month), day: small(day) }
    }

    /// Year.
    pub fn year(self) -> i32 {
        self.year
    }

    /// Month, 1 to 12.
    pub fn month(self) -> u8 {
        self.month
    }

    /// Day of the month, from 1.
    pub fn day(self) -> u8 {
        self.day
    }

    /// Whole years from a birth to this day; `None` when it lies ahead.
    ///
    /// ```
    /// use yingbi_policies::Day;
    /// let today = Day::new(2026, 6, 1).unwrap();
    /// assert_eq!(today.age_of(Day::new(2012, 6, 1).unwrap()), Some(14));
    /// assert_eq!(today.age_of(Day::new(2012, 6, 2).unwrap()), Some(13));
    /// assert_eq!(today.age_of(Day::new(2027, 1, 1).unwrap()), None);
    /// ```
    pub fn age_of(self, birth: Day) -> Option<u8> {
        if birth > self {
            return None;
        }
        let before = (self.month, self.day) < (birth.month, birth.day);
        Some(u8::try_from(self.year - birth.year - i32::from(before)).unwrap_or(u8::MAX))
    }
}

impl Default for Day {
    /// 1 January 2026: the day of tests that name none.
    fn default() -> Self {
        Day { year: 2026, month: 1, day: 1 }
    }
}

impl FromStr for Day {
    type Err = NoDay;

    /// `YYYY-MM-DD`.
    fn from_str(text: &str) -> Result<Day, NoDay> {
        let mut parts = text.split('-');
        let mut number = |digits: usize| {
            let part = parts.next().filter(|part| part.len() == digits)?;
            part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<u16>().ok())?
        };
        let (year, month, day) = (number(4), number(2), number(2));
        let (year, month, day) = year.zip(month).zip(day).map(|((y, m), d)| (y, m, d)).ok_or(NoDay)?;
        let small = |number| u8::try_from(number).map_err(|_| NoDay);
        match parts.next() {
            None => Day::new(year.into(), small(month)?, small(day)?).ok_or(NoDay),
            Some(_) => Err(NoDay),
        }
    }
}

/// A text that is no day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a day: write YYYY-MM-DD")]
pub struct NoDay;

/// China keeps one time, eight hours ahead of UTC.
const CHINA_SECONDS: i64 = 8 * 3600;
