//! How far an axis reaches, where its ticks go and what they say.

/// A tick: where it is in axis space, and its label.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// The place.
    pub at: f64,
    /// The label; empty where it would be too much.
    pub label: String,
}

/// The least and the greatest of those values that are finite; `None` where there are none.
#[must_use]
pub fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).fold(None, |extent, value| {
        Some(extent.map_or((value, value), |(low, high): (f64, f64)| (low.min(value), high.max(value))))
    })
}

/// Ticks on round numbers, about `most` of them; only on whole ones where `whole`.
pub fn linear([low, high]: [f64; 2], most: f64, whole: bool) -> Vec<Tick> {
    let step = step(high - low, most);
    let step = if whole { step.max(1.0) } else { step };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a few digits
    let digits = if step >= 1.0 { 0 } else { (-step.log10() - 1e-9).ceil().clamp(0.0, 12.0) as usize };
    let first = (low / step - 1e-9).ceil();
    (0..64)
        .map(|index| (first + f64::from(index)) * step)
        .take_while(|at| *at <= high + 1e-9 * step)
        .map(|at| {
            // What rounds to nought has no sign.
            let at = if at.abs() < 1e-9 * step { 0.0 } else { at };
            let label = match () {
                () if at == 0.0 && step < 5e-4 => "0".to_owned(),
                () if at.abs() >= 1e6 || step < 5e-4 => exponent(at),
                () => format!("{at:.digits$}"),
            };
            Tick { at, label }
        })
        .collect()
}

/// Ticks of a logarithmic axis whose bounds are given as logarithms. Within a decade round numbers
/// say more than powers of ten.
pub fn logarithmic([low, high]: [f64; 2], most: f64) -> Vec<Tick> {
    if high - low < 1.0 {
        let values = linear([10_f64.powf(low), 10_f64.powf(high)], most, false);
        return values.into_iter().filter(|tick| tick.at > 0.0).map(|t| Tick { at: t.at.log10(), ..t }).collect();
    }
    linear([low, high], most, true)
        .into_iter()
        .map(|tick| Tick { label: plain(10_f64.powf(tick.at)), ..tick })
        .collect()
}

/// The smallest of 1, 2, 5, 10, … that leaves at most `most` steps.
fn step(width: f64, most: f64) -> f64 {
    let rough = width / most.max(1.0);
    if !(rough.is_finite() && rough > 0.0) {
        return 1.0;
    }
    let decade = 10_f64.powf(rough.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * decade).find(|step| *step >= rough).unwrap_or(rough)
}

/// A number with as many digits as it has, at most six behind the point.
pub fn plain(value: f64) -> String {
    if value != 0.0 && (value.abs() >= 1e6 || value.abs() < 1e-4) {
        return exponent(value);
    }
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A number as `3e-4` or `1.25e7`.
fn exponent(value: f64) -> String {
    let text = format!("{value:.2e}");
    match text.split_once('e') {
        Some((digits, power)) => format!("{}e{power}", digits.trim_end_matches('0').trim_end_matches('.')),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn what_is_not_finite_is_no_part_of_an_extent() {
        let values = [f64::NAN, 2.0, f64::INFINITY, -0.5, f64::NEG_INFINITY, 1.0];
        assert_eq!(extent(values.into_iter()), Some((-0.5, 2.0)));
        assert_eq!(extent([3.0].into_iter()), Some((3.0, 3.0)));
        assert_eq!(extent([f64::NAN, f64::INFINITY].into_iter()), None);
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(labels(&linear([-0.1, 1.02], 6.0, false)), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(&linear([-0.2, 3.2], 20.0, true)), ["0", "1", "2", "3"]);
        assert_eq!(labels(&linear([0.0, 3e-4], 3.0, false)), ["0", "1e-4", "2e-4", "3e-4"]);
        assert_eq!(labels(&linear([0.0, 4e6], 2.0, false)), ["0", "2e6", "4e6"]);
        assert!(linear([f64::NAN, 1.0], 5.0, false).is_empty());
    }

    #[test]
    fn logarithmic_ticks_are_powers_or_round_numbers() {
        assert_eq!(labels(&logarithmic([-3.2, 1.1], 6.0)), ["0.001", "0.01", "0.1", "1", "10"]);
        let near = logarithmic([0.1, 0.6], 4.0);
        assert_eq!(labels(&near), ["2", "3"]);
        assert!((near[0].at - 2_f64.log10()).abs() < 1e-12);
    }
}
