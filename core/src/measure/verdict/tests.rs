use super::{
    Expected::{Less, More, Same},
    Verdict::{Inconclusive, NotReproduced, Reproduced},
    *,
};

const FIVE: [f64; 5] = [0.031, 0.012, 0.045, -0.004, 0.027];

fn near(interval: Option<Interval>, low: f64, high: f64) {
    let interval = interval.unwrap();
    assert!((interval.low - low).abs() < 1e-5 && (interval.high - high).abs() < 1e-5, "{interval:?}");
}

/// scipy 1.17: `stats.t.interval(.95, 4, mean(x), sem(x))`; numpy: `quantile` of the means, and of the
/// t-ratios, of all `product(x, repeat=5)`.
#[test]
fn intervals_are_those_of_scipy_and_numpy() {
    // The tabled quantile of t has three decimals.
    near(student_interval(&FIVE), -0.001_119, 0.045_519);
    near(percentile_interval(&FIVE), 0.0062, 0.0358);
    near(studentised_interval(&FIVE), -0.012_496, 0.041_801);
    for method in [student_interval, percentile_interval, studentised_interval] {
        assert_eq!(method(&[0.3]), None);
        near(method(&[0.25, 0.25]), 0.25, 0.25);
    }
    assert_eq!(studentised_interval(&[0.1, 0.2, 0.4]).map(|of| of.high), Some(f64::INFINITY));
    // More seeds than are gone through: drawn, and the same every time.
    let many: Vec<f64> = (0..20).map(|seed| f64::from(seed % 7) / 10.0).collect();
    let drawn = percentile_interval(&many).unwrap();
    assert_eq!(percentile_interval(&many), Some(drawn));
    // The normal approximation, whose error 20 divides by 19 where the bootstrap's does not.
    let mean = Mean::of(many.iter().copied());
    let half = 1.96 * mean.error * (19.0_f64 / 20.0).sqrt();
    assert!((drawn.low - (mean.mean - half)).abs() < 0.01 && (drawn.high - (mean.mean + half)).abs() < 0.01);
}

#[test]
fn verdicts_by_their_definitions() {
    let verdict = |center: f64, expected, least| {
        // A spread whose interval is ±0.0233 around the center.
        let differences: Vec<f64> = FIVE.iter().map(|value| value - 0.0222 + center).collect();
        judge(&differences, expected, least).unwrap().verdict
    };
    for (center, expected, least, becomes) in [
        (0.05, More, 0.02, Reproduced),
        (0.03, More, 0.04, Inconclusive),
        (0.03, More, 0.06, NotReproduced),
        (0.01, More, 0.02, Inconclusive),
        (-0.01, More, 0.02, NotReproduced),
        (-0.05, Less, 0.02, Reproduced),
        (0.05, Less, 0.02, NotReproduced),
        (0.0, Less, 0.02, Inconclusive),
        (0.005, Same, 0.03, Reproduced),
        (0.02, Same, 0.03, Inconclusive),
        (-0.06, Same, 0.03, NotReproduced),
    ] {
        assert_eq!(verdict(center, expected, least), becomes, "{center} {expected:?} {least}");
    }
    let one = judge(&[0.5], More, 0.02).unwrap();
    assert_eq!((one.difference, one.interval, one.verdict), (0.5, None, Inconclusive));
    assert_eq!(judge(&[], More, 0.02), None);
    assert_eq!(judge(&[f64::NAN, 0.1], More, 0.02), None);
    // Where nothing was learned nothing differs, and that says nothing.
    let nothing = judge(&[0.0; 5], More, 0.02).unwrap();
    assert_eq!((nothing.difference, nothing.interval, nothing.verdict), (0.0, None, Inconclusive));
}

/// A distribution of mean 0 and variance 1.
type Shape = (&'static str, fn(&mut Stream) -> f64);

const NORMAL: Shape = ("normal", |stream| {
    let (radius, angle) = ((-2.0 * (1.0 - stream.uniform()).ln()).sqrt(), std::f64::consts::TAU * stream.uniform());
    radius * angle.cos()
});

const UNIFORM: Shape = ("uniform", |stream| (stream.uniform() - 0.5) * 12.0_f64.sqrt());

/// A difference of two exponential numbers: long tails on both sides.
const LAPLACE: Shape =
    ("Laplace", |stream| ((1.0 - stream.uniform()).ln() - (1.0 - stream.uniform()).ln()) / 2.0_f64.sqrt());

fn sample((_, draw): Shape, trial: u64, seeds: usize, effect: f64) -> Vec<f64> {
    let mut stream = Stream::new(7, Purpose::Bootstrap, 1, trial);
    (0..seeds).map(|_| effect + draw(&mut stream)).collect()
}

#[allow(clippy::cast_precision_loss)] // trials
fn rate(trials: u64, hit: impl Fn(u64) -> bool) -> f64 {
    (0..trials).filter(|trial| hit(*trial)).count() as f64 / trials as f64
}

/// Why Student's interval decides: how often each contains the truth with five seeds.
#[test]
fn coverage_with_five_seeds() {
    const TRIALS: u64 = 400;
    println!("coverage of 95 % intervals, 5 seeds    Student  percentile  bootstrap-t");
    for shape in [NORMAL, UNIFORM, LAPLACE] {
        let covered = |trials, method: fn(&[f64]) -> Option<Interval>| {
            rate(trials, |trial| {
                method(&sample(shape, trial, 5, 0.0)).is_some_and(|of| of.low <= 0.0 && 0.0 <= of.high)
            })
        };
        let student = covered(20_000, student_interval);
        let [percentile, studentised] = [percentile_interval, studentised_interval].map(|of| covered(TRIALS, of));
        println!("{:<38} {student:.3}    {percentile:.3}       {studentised:.3}", shape.0);
        // A standard error of 20,000 trials is 0.0016, of 400 trials 0.011 to 0.019.
        if shape.0 == "normal" {
            assert!((student - 0.95).abs() < 0.006, "{student}");
        }
        assert!(student > 0.92, "{}: {student}", shape.0);
        assert!((0.76..0.90).contains(&percentile), "{}: {percentile}", shape.0);
        assert!(studentised > 0.90, "{}: {studentised}", shape.0);
    }
}

/// How often differences of known effect are found and ruled out, with `least` in units of the spread over seeds.
/// `first` is the trial to begin with: other trials are other samples.
fn rates(first: u64, seeds: usize, effect: f64, expected: Expected, least: f64) -> [f64; 2] {
    const TRIALS: u64 = 10_000;
    [Reproduced, NotReproduced].map(|verdict| {
        rate(TRIALS, |trial| {
            let differences = sample(NORMAL, first + trial, seeds, effect);
            judge(&differences, expected, least).is_some_and(|outcome| outcome.verdict == verdict)
        })
    })
}

/// By seeds, for effects of 0, 1, 2 and 3 spreads: how often more is found and ruled out where an effect of one spread
/// is worth the name. scipy 1.17, with `s` of a chi distribution and `t = stats.t.ppf(.975, n - 1)`: the integral over
/// `s` of `1 - norm.cdf((max(1, t s / sqrt(n)) - effect) * sqrt(n))`, and `nct.cdf(-t, n - 1, (effect - 1) * sqrt(n))`.
const FOUND: [(usize, [[f64; 2]; 4]); 2] = [
    (3, [[0.0092, 0.178_61], [0.147_53, 0.025], [0.466_74, 0.000_65], [0.745_24, 0.0]]),
    (5, [[0.006_47, 0.401_32], [0.327_24, 0.025], [0.905_73, 0.000_07], [0.997_68, 0.0]]),
];

/// A standard error of 10,000 trials is 0.005 at most.
fn assert_rates(found: [f64; 2], expected: [f64; 2], what: &str) {
    let near = found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 0.02);
    assert!(near, "{what}: {found:?}, not {expected:?}");
    println!("{what:<40} {:>10.3}  {:>14.3}  {:>12.3}", found[0], found[1], 1.0 - found[0] - found[1]);
}

/// Less is more with the sign turned round, on samples of its own.
#[test]
fn less_is_found_as_often_as_more() {
    println!("{:<40} reproduced  not reproduced  inconclusive", "");
    for (seeds, expected) in FOUND {
        for (effect, expected) in [0.0, 1.0, 2.0, 3.0].into_iter().zip(expected) {
            let more = rates(0, seeds, effect, More, 1.0);
            assert_rates(more, expected, &format!("more, {seeds} seeds, effect {effect}"));
            let less = rates(50_000, seeds, -effect, Less, 1.0);
            assert_rates(less, expected, &format!("less, {seeds} seeds, effect -{effect}"));
        }
        // What goes the other way is never taken for it.
        let [found, ruled_out] = rates(50_000, seeds, 2.0, Less, 1.0);
        assert!(found == 0.0 && ruled_out > 0.7, "{seeds} seeds: {found} {ruled_out}");
    }
}

/// Both ends of what counts as the same are two spreads away; at an end it is found, and ruled out, in 2.5 of 100.
///
/// scipy 1.17: the integral over `s` of the normal mass between `-2 + t s / sqrt(n)` and `2 - t s / sqrt(n)`, and
/// `nct.sf(t, n - 1, (effect - 2) * sqrt(n)) + nct.cdf(-t, n - 1, (effect + 2) * sqrt(n))`.
#[test]
fn the_same_is_found_within_its_ends_alone() {
    let expected = [
        (3, [[0.323_72, 0.0], [0.172_14, 0.000_65], [0.024_97, 0.025], [0.000_65, 0.178_61], [0.0, 0.470_75]]),
        (5, [[0.828_85, 0.0], [0.400_62, 0.000_07], [0.025, 0.025], [0.000_07, 0.401_32], [0.0, 0.908_88]]),
    ];
    println!("{:<40} reproduced  not reproduced  inconclusive", "");
    for (seeds, expected) in expected {
        for (effect, expected) in [0.0, 1.0, 2.0, 3.0, 4.0].into_iter().zip(expected) {
            for sign in [1.0, -1.0] {
                let found = rates(100_000, seeds, sign * effect, Same, 2.0);
                assert_rates(found, expected, &format!("same, {seeds} seeds, effect {}", sign * effect));
            }
        }
    }
}

#[test]
fn a_claim_is_as_good_as_the_worst_of_its_tests() {
    for (verdicts, expected) in [
        (&[Reproduced, Reproduced][..], Some(Reproduced)),
        (&[Reproduced, Inconclusive], Some(Inconclusive)),
        (&[Inconclusive, NotReproduced], Some(NotReproduced)),
        (&[NotReproduced, Reproduced], Some(NotReproduced)),
        (&[], None),
    ] {
        assert_eq!(together(verdicts.iter().copied()), expected, "{verdicts:?}");
    }
}

/// Two tests that know nothing of each other are both found in the product of their rates, and one of them is ruled
/// out in what neither is spared of.
#[test]
fn two_deciding_tests_find_less_and_rule_out_more() {
    const TRIALS: u64 = 10_000;
    println!("{:<40} reproduced  not reproduced  inconclusive", "");
    let tested = |first: u64, seeds: usize, effect: f64| {
        judge(&sample(NORMAL, first, seeds, effect), More, 1.0).map(|outcome| outcome.verdict)
    };
    for (seeds, single) in FOUND {
        for first in 0..4 {
            // Both effects are there, or the second is not.
            for second in [first, 0] {
                let effects = [first, second].map(|place| [0.0, 1.0, 2.0, 3.0][place]);
                let claim = |trial: u64| {
                    let both = [tested(trial, seeds, effects[0]), tested(200_000 + trial, seeds, effects[1])];
                    together(both.into_iter().flatten())
                };
                let found = [Reproduced, NotReproduced].map(|of| rate(TRIALS, |trial| claim(trial) == Some(of)));
                let [a, b] = [single[first], single[second]];
                let expected = [a[0] * b[0], 1.0 - (1.0 - a[1]) * (1.0 - b[1])];
                assert_rates(found, expected, &format!("two tests, {seeds} seeds, effects {effects:?}"));
                // An effect that is not there is not made up for by one that is.
                assert!(effects[1] > 0.0 || found[0] < 0.025, "{seeds} seeds, {effects:?}: {found:?}");
            }
        }
    }
}

/// How often each verdict is given for effects of known size, in units of the spread over seeds.
#[test]
fn right_verdicts_by_the_size_of_the_effect() {
    const TRIALS: u64 = 10_000;
    // scipy 1.17: `1 - nct.cdf(t.ppf(.975, n - 1), n - 1, effect * sqrt(n))`.
    let power = [(3, [0.025, 0.178_61, 0.470_75, 0.745_27]), (5, [0.025, 0.401_32, 0.908_88, 0.997_68])];
    println!("seeds  effect  least  reproduced  not reproduced  inconclusive");
    for (seeds, powers) in power {
        for (effect, power) in [0.0, 1.0, 2.0, 3.0].into_iter().zip(powers) {
            let given = |least: f64, verdict| {
                let outcome = |trial| judge(&sample(NORMAL, trial, seeds, effect), More, least);
                rate(TRIALS, |trial| outcome(trial).is_some_and(|outcome| outcome.verdict == verdict))
            };
            // Any effect at all is worth the name: the power of the one-sided test at 2.5 %.
            let found = given(1e-9, Reproduced);
            assert!((found - power).abs() < 0.02, "{seeds} seeds, effect {effect}: {found}, not {power}");
            // An effect of one spread is: its own size is never ruled out too often, its absence never found.
            let [reproduced, ruled_out] = [Reproduced, NotReproduced].map(|of| given(1.0, of));
            let open = 1.0 - reproduced - ruled_out;
            println!("{seeds:>5}  {effect:>6}  {:>5}  {reproduced:>10.3}  {ruled_out:>14.3}  {open:>12.3}", 1.0);
            let wrong = if effect < 1.0 { reproduced } else { ruled_out };
            assert!(wrong < 0.03, "{seeds} seeds, effect {effect}: {wrong}");
            if effect == 0.0 {
                // By the symmetry of the test around half of the least effect.
                assert!((ruled_out - powers[1]).abs() < 0.02, "{seeds} seeds: {ruled_out}");
            }
        }
    }
}
