//! The moment that a template may ask for with `strftime_now`. It is given and not read from a
//! clock, so that a rendering can be repeated.

use serde::{Deserialize, Serialize};
use web_time::{SystemTime, UNIX_EPOCH};

/// A moment in seconds since 1970, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(pub i64);

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

impl Moment {
    /// What the clock says.
    #[must_use]
    pub fn now() -> Self {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self(i64::try_from(seconds).unwrap_or(i64::MAX))
    }

    /// The moment in a format of C's `strftime`, with English names, as Python has it by default.
    /// Directives that do not exist stay as they are.
    #[must_use]
    pub fn format(self, format: &str) -> String {
        let (days, second_of_day) = (self.0.div_euclid(86_400), self.0.rem_euclid(86_400));
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
        let day_of_year = days - days_before(year, 1, 1) + 1;
        let weekday = (days + 4).rem_euclid(7);
        let name = |names: &'static [&'static str], index: i64| {
            usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or_default()
        };
        let twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
        let mut out = String::new();
        let mut rest = format.chars();
        while let Some(c) = rest.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            // `%-d` leaves out the zero.
            let mut next = rest.next();
            let plain = next == Some('-');
            if plain {
                next = rest.next();
            }
            let two = |value: i64| if plain { value.to_string() } else { format!("{value:02}") };
            let piece = match next {
                Some('Y') => year.to_string(),
                Some('y') => two(year.rem_euclid(100)),
                Some('m') => two(month),
                Some('d') => two(day),
                Some('e') => {
                    if plain {
                        day.to_string()
                    } else {
                        format!("{day:2}")
                    }
                }
                Some('H') => two(hour),
                Some('I') => two(twelve),
                Some('M') => two(minute),
                Some('S') => two(second),
                Some('f') => "000000".to_owned(),
                Some('p') => if hour < 12 { "AM" } else { "PM" }.to_owned(),
                Some('B') => name(&MONTHS, month - 1).to_owned(),
                Some('b' | 'h') => name(&MONTHS, month - 1).chars().take(3).collect(),
                Some('A') => name(&DAYS, weekday).to_owned(),
                Some('a') => name(&DAYS, weekday).chars().take(3).collect(),
                Some('w') => weekday.to_string(),
                Some('u') => if weekday == 0 { 7 } else { weekday }.to_string(),
                Some('j') => {
                    if plain {
                        day_of_year.to_string()
                    } else {
                        format!("{day_of_year:03}")
                    }
                }
                Some('F') => format!("{year}-{month:02}-{day:02}"),
                Some('D' | 'x') => format!("{month:02}/{day:02}/{:02}", year.rem_euclid(100)),
                Some('T' | 'X') => format!("{hour:02}:{minute:02}:{second:02}"),
                Some('R') => format!("{hour:02}:{minute:02}"),
                Some('c') => Self::format(self, "%a %b %e %H:%M:%S %Y"),
                Some('s') => self.0.to_string(),
                Some('n') => "\n".to_owned(),
                Some('t') => "\t".to_owned(),
                Some('%') | None => "%".to_owned(),
                // A moment without a zone, as `datetime.now()` is.
                Some('z' | 'Z') => String::new(),
                Some(other) => format!("%{}{other}", if plain { "-" } else { "" }),
            };
            out.push_str(&piece);
        }
        out
    }
}

/// Days from 1970 to the first of January, in a calendar whose years begin in March.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of a day since 1970, in the Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days.saturating_add(719_468);
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * month_from_march + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expectations are the output of Python 3.11.
    #[test]
    fn moments_are_formatted_as_python_does() {
        let moment = Moment(1_772_600_767);
        assert_eq!(moment.format("%Y-%m-%d %H:%M:%S"), "2026-03-04 05:06:07");
        assert_eq!(
            moment.format("%d %b %Y, %A, %B %-d, %I %p, %j, %y, %e|%%"),
            "04 Mar 2026, Wednesday, March 4, 05 AM, 063, 26,  4|%"
        );
        assert_eq!(Moment(951_782_400).format("%F %a %j"), "2000-02-29 Tue 060");
        assert_eq!(Moment(-1).format("%F %T"), "1969-12-31 23:59:59");
        assert_eq!(Moment(4_107_542_400).format("%F"), "2100-03-01");
        assert_eq!(moment.format("%Q %"), "%Q %");
    }

    #[test]
    fn every_day_of_four_centuries_is_the_day_after_the_one_before() {
        let mut before = civil(-146_097);
        for days in -146_096..146_097 {
            let now = civil(days);
            assert_eq!(days_before(now.0, now.1, now.2), days);
            let next = now == (before.0, before.1, before.2 + 1);
            let first = now.2 == 1 && (now == (before.0, before.1 + 1, 1) || now == (before.0 + 1, 1, 1));
            assert!(next || first, "{before:?} {now:?}");
            before = now;
        }
    }

    #[test]
    fn no_moment_overflows() {
        for extreme in [i64::MIN, i64::MAX] {
            assert!(!Moment(extreme).format("%c %j").is_empty());
        }
    }
}
