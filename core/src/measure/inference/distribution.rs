//! The distributions that tests need, in double precision.

// The letters of the formulas.
#![allow(clippy::many_single_char_names)]

use std::f64::consts::PI;

/// The 97.5 % point of the normal distribution.
pub const Z95: f64 = 1.959_963_984_540_054;

/// A continued fraction or series ends when a term changes nothing more.
const EPSILON: f64 = 1e-16;

/// Terms that are enough for any argument of a test.
const MOST_TERMS: u32 = 100_000;

/// Numbers of this size stand for nought in continued fractions (Lentz).
const TINY: f64 = 1e-300;

/// ln Γ(x) for positive x (Lanczos 1964, g = 7 with nine coefficients).
fn ln_gamma(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 9] = [
        0.999_999_999_999_809_9,
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        // Reflection.
        return (PI / (PI * x).sin()).ln() - ln_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let sum =
        COEFFICIENTS.iter().skip(1).zip(1_u32..).fold(COEFFICIENTS[0], |sum, (c, k)| sum + c / (x + f64::from(k)));
    let t = x + 7.5;
    0.5 * (2.0 * PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

/// The upper regularised incomplete gamma function Q(a, x).
fn gamma_q(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let scale = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum, mut at) = (1.0 / a, 1.0 / a, a);
        for _ in 0..MOST_TERMS {
            at += 1.0;
            term *= x / at;
            sum += term;
            if term < sum * EPSILON {
                break;
            }
        }
        return (1.0 - scale * sum).clamp(0.0, 1.0);
    }
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1.0 / TINY, 1.0 / b);
    let mut h = d;
    for k in 1..MOST_TERMS {
        let k = f64::from(k);
        let numerator = -k * (k - a);
        b += 2.0;
        d = 1.0 / nonzero(numerator * d + b);
        c = nonzero(b + numerator / c);
        h *= d * c;
        if (d * c - 1.0).abs() < EPSILON {
            break;
        }
    }
    (scale * h).clamp(0.0, 1.0)
}

fn nonzero(x: f64) -> f64 {
    if x.abs() < TINY { TINY } else { x }
}

/// The regularised incomplete beta function I_x(a, b).
fn beta_i(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    let scale = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (-x).ln_1p()).exp();
    // The continued fraction is quick on one side only.
    if x < (a + 1.0) / (a + b + 2.0) {
        scale * beta_fraction(a, b, x) / a
    } else {
        1.0 - scale * beta_fraction(b, a, 1.0 - x) / b
    }
}

fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    let (mut c, mut d) = (1.0, 1.0 / nonzero(1.0 - (a + b) * x / (a + 1.0)));
    let mut h = d;
    for k in 1..MOST_TERMS {
        let k = f64::from(k);
        for numerator in [
            k * (b - k) * x / ((a + 2.0 * k - 1.0) * (a + 2.0 * k)),
            -(a + k) * (a + b + k) * x / ((a + 2.0 * k) * (a + 2.0 * k + 1.0)),
        ] {
            d = 1.0 / nonzero(1.0 + numerator * d);
            c = nonzero(1.0 + numerator / c);
            h *= d * c;
        }
        if (d * c - 1.0).abs() < EPSILON {
            break;
        }
    }
    h
}

/// How often a normal number is at least as far from 0 as `z`.
#[must_use]
pub fn normal_two_sided(z: f64) -> f64 {
    gamma_q(0.5, z * z / 2.0)
}

/// How often a number with Student's t distribution is at least as far from 0 as `t`.
#[must_use]
pub fn t_two_sided(t: f64, degrees: f64) -> f64 {
    if t.is_infinite() { 0.0 } else { beta_i(degrees / 2.0, 0.5, degrees / (degrees + t * t)) }
}

/// The 97.5 % point of Student's t distribution.
#[must_use]
pub fn t95(degrees: f64) -> f64 {
    let (mut low, mut high) = (0.0, 2.0);
    while t_two_sided(high, degrees) > 0.05 && high < 1e12 {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if t_two_sided(middle, degrees) > 0.05 {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// How often a number with the chi-squared distribution is at least `x`.
#[must_use]
pub fn chi_squared_above(x: f64, degrees: f64) -> f64 {
    gamma_q(degrees / 2.0, x / 2.0)
}

/// How often a number with the noncentral F distribution is at most `f`: the central one at each count of a Poisson
/// distribution with mean `shift / 2`, weighted by it.
fn noncentral_f_below(f: f64, [above, below]: [f64; 2], shift: f64) -> f64 {
    let x = above * f / (above * f + below);
    let mean = shift / 2.0;
    if mean <= 0.0 {
        return beta_i(above / 2.0, below / 2.0, x);
    }
    // Nine standard deviations around the mean hold everything that counts.
    let reach = 9.0 * mean.sqrt() + 20.0;
    let (first, last) = ((mean - reach).max(0.0).floor(), (mean + reach).ceil());
    let (mut count, mut sum) = (first, 0.0);
    while count <= last {
        let weight = (count * mean.ln() - mean - ln_gamma(count + 1.0)).exp();
        sum += weight * beta_i(above / 2.0 + count, below / 2.0, x);
        count += 1.0;
    }
    sum.min(1.0)
}

/// The 95 % interval of the noncentrality of an F statistic (Steiger 2004): the shifts for which the statistic is the
/// 97.5 % and the 2.5 % point, 0 where there is none.
#[must_use]
pub fn noncentrality95(f: f64, degrees: [f64; 2]) -> [f64; 2] {
    [0.975, 0.025].map(|share| {
        let below = |shift| noncentral_f_below(f, degrees, shift);
        if below(0.0) <= share {
            return 0.0;
        }
        let (mut low, mut high) = (0.0, 1.0);
        while below(high) > share && high < 1e6 {
            high *= 2.0;
        }
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if below(middle) > share {
                low = middle;
            } else {
                high = middle;
            }
        }
        f64::midpoint(low, high)
    })
}
