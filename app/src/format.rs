//! Numbers and times as people read them.

use selfsame_core::measure::Mean;

/// What stands where there is no number.
pub const NOTHING: &str = "–";

/// Half the width of a 95 % interval in standard errors.
pub const INTERVAL: f64 = 1.96;

/// Three decimals; `–` for what is not a number.
#[must_use]
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return NOTHING.to_owned();
    }
    // What rounds to nought has no sign.
    let value = if value.abs() < 5e-4 { 0.0 } else { value };
    format!("{value:.3}")
}

/// One decimal, for what is counted in whole things; `–` for what is not a number.
#[must_use]
pub fn tenths(value: f64) -> String {
    // What rounds to nought has no sign.
    let value = if value.abs() < 0.05 { 0.0 } else { value };
    if value.is_finite() { format!("{value:.1}") } else { NOTHING.to_owned() }
}

/// Three decimals, or `–`.
#[must_use]
pub fn maybe(value: Option<f64>) -> String {
    value.map_or_else(|| NOTHING.to_owned(), number)
}

/// Four significant digits, such as `0.6931` or `3.000e-4`; `–` for what is not a number.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a few digits
pub fn significant(value: f64) -> String {
    let size = value.abs();
    match () {
        () if !value.is_finite() => NOTHING.to_owned(),
        () if value == 0.0 => "0".to_owned(),
        () if !(1e-3..1e6).contains(&size) => format!("{value:.3e}"),
        () => format!("{value:.*}", (3.0 - size.log10().floor()).clamp(0.0, 6.0) as usize),
    }
}

/// A mean and its standard error; a mean of nothing is `–`.
#[must_use]
pub fn mean(value: Option<Mean>) -> String {
    spread(value, 1.0)
}

/// A mean and half the width of its 95 % interval.
#[must_use]
pub fn interval(value: Option<Mean>) -> String {
    spread(value, INTERVAL)
}

fn spread(value: Option<Mean>, factor: f64) -> String {
    match value.filter(|mean| mean.count > 0) {
        Some(value) => format!("{} ± {}", number(value.mean), number(factor * value.error)),
        None => NOTHING.to_owned(),
    }
}

/// Seconds as `12 s`, `3 min 20 s` or `1 h 02 min`.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // seconds of a run
pub fn duration(seconds: f64) -> String {
    let seconds = seconds.max(0.0).round() as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// Bytes with a unit that leaves at most four digits.
#[must_use]
#[allow(clippy::cast_precision_loss)] // for people
pub fn bytes(count: u64) -> String {
    let mut value = count as f64;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if value < 1024.0 {
            return if unit == "B" { format!("{count} B") } else { format!("{value:.1} {unit}") };
        }
        value /= 1024.0;
    }
    format!("{value:.1} TiB")
}

/// A count that is a mean, to the nearest whole.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // counts
pub fn whole(value: f64) -> String {
    count(value.max(0.0).round() as usize)
}

/// A count with a comma between groups of three digits.
#[must_use]
pub fn count(value: usize) -> String {
    let digits = value.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Seconds since 1970 as `20261123-211500`, in UTC.
#[must_use]
#[allow(clippy::cast_possible_truncation)] // dates fit
pub fn timestamp(seconds: u64) -> String {
    let [year, month, day] = date(seconds);
    let second = seconds % 86_400;
    format!("{year:04}{month:02}{day:02}-{:02}{:02}{:02}", second / 3600, second / 60 % 60, second % 60)
}

/// Seconds since 1970 as `2026-11-23 21:15 UTC`.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // dates are positive
pub fn moment(seconds: f64) -> String {
    let seconds = seconds.max(0.0) as u64;
    let [year, month, day] = date(seconds);
    let minute = seconds % 86_400 / 60;
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", minute / 60, minute % 60)
}

/// Year, month and day of the Gregorian calendar. Years are counted from March, so that the leap
/// day is the last one of its year.
fn date(seconds: u64) -> [u64; 3] {
    let days = seconds / 86_400 + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    [year + era * 400 + u64::from(month <= 2), month, day]
}

/// Text as HTML, in elements and in quoted attributes.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // Control characters are not allowed in HTML and never meant.
            c if c.is_control() && c != '\n' && c != '\t' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Seconds since 1970 now.
#[must_use]
pub fn now() -> f64 {
    web_time::SystemTime::now().duration_since(web_time::UNIX_EPOCH).map_or(0.0, |elapsed| elapsed.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_known_moments() {
        assert_eq!(timestamp(0), "19700101-000000");
        assert_eq!(timestamp(951_782_400), "20000229-000000");
        assert_eq!(timestamp(1_795_468_500), "20261123-211500");
        assert_eq!(moment(1_795_468_500.7), "2026-11-23 21:15 UTC");
    }

    #[test]
    fn numbers_for_people() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(12), "12");
        assert_eq!(bytes(512), "512 B");
        assert_eq!(bytes(1536 * 1024), "1.5 MiB");
        assert_eq!([duration(12.4), duration(200.0), duration(3720.0)], ["12 s", "3 min 20 s", "1 h 02 min"]);
        assert_eq!(mean(Some(Mean::of([]))), NOTHING);
        assert_eq!(mean(Some(Mean::of([0.5, 0.5]))), "0.500 ± 0.000");
        assert_eq!(number(f64::NAN), NOTHING);
        assert_eq!([number(-1e-7), number(-0.25)], ["0.000", "-0.250"]);
        let digits = [0.0, 0.612_345, -31.575_5, 3e-4, 123_456.0, 2.5e7, f64::INFINITY].map(significant);
        assert_eq!(digits, ["0", "0.6123", "-31.58", "3.000e-4", "123456", "2.500e7", NOTHING]);
    }
}
