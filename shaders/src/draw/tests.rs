//! The kernel against the draw in double precision, and both against closed forms.

use burn::tensor::{Device, Tensor, TensorData};

use super::{Drawn, Filters, draw, drawn, fraction, uniforms};

/// Numbers in `[0, 1)` that look random.
fn numbers(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        // SplitMix64 (Steele, Lea and Flood 2014).
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    #[allow(clippy::cast_precision_loss)]
    (0..count).map(|_| (next() >> 11) as f64 / 9_007_199_254_740_992.0).collect()
}

/// Logits with a few likely tokens and many unlikely ones; every fifth is the same as the one before.
#[allow(clippy::cast_possible_truncation)]
fn logits(count: usize, spread: f64, seed: u64) -> Vec<f32> {
    let mut logits: Vec<f32> =
        numbers(count, seed).iter().map(|u| (-(1.0 - u).ln() * spread - 3.0 * spread) as f32).collect();
    (4..count).step_by(5).for_each(|at| logits[at] = logits[at - 1]);
    logits
}

/// Draws on a device: a row of logits for each number.
fn on(device: &Device, logits: &[f32], with: &[f64], filters: Filters) -> Vec<Drawn> {
    let shape = [with.len(), logits.len() / with.len()];
    let logits = Tensor::from_data(TensorData::new(logits.to_vec(), shape), device);
    // As the second step of two, the first of which has other numbers.
    let of_both: Vec<f64> = with.iter().map(|u| 1.0 - u).chain(with.iter().copied()).collect();
    let result = draw(logits, uniforms(&of_both, device), 1, filters);
    drawn(&result.into_data().try_to_vec::<i32>().unwrap())
}

/// How far a number is from where the draw goes over to the next token, in either direction.
fn to_the_bounds(logits: &[f32], filters: Filters, token: u32, uniform: f64) -> f64 {
    let p = filters.distribution(logits);
    let before: f64 = p[..token as usize].iter().sum();
    (uniform - before).abs().min((uniform - before - p[token as usize]).abs())
}

fn every_filter() -> Vec<Filters> {
    let none = Filters::NONE;
    vec![
        none,
        Filters { temperature: 0.0, ..none },
        Filters { temperature: 1e-4, ..none },
        Filters { temperature: 0.7, ..none },
        Filters { temperature: 3.0, ..none },
        Filters { top_k: 1, ..none },
        Filters { top_k: 4, ..none },
        Filters { top_k: 50, temperature: 1.3, ..none },
        Filters { top_p: 1e-6, ..none },
        Filters { top_p: 0.5, ..none },
        Filters { top_p: 0.95, temperature: 1.5, ..none },
        Filters { top_p: 0.999_999, ..none },
        Filters { min_p: 0.05, ..none },
        Filters { min_p: 1.0, ..none },
        Filters { temperature: 0.9, top_k: 30, top_p: 0.9, min_p: 0.02 },
    ]
}

/// Draws the same on both devices and counts the tokens that are not the same. These must lie where a bound rounds.
fn compare(gpu: &Device, rows: usize, classes: usize, spread: f64) -> [usize; 2] {
    let (mut all, mut others) = (0, 0);
    for (seed, filters) in (0..).zip(every_filter()) {
        let logits = logits(rows * classes, spread, 100 + seed);
        let with = numbers(rows, 1000 + seed);
        let [exact, found] = [Device::flex(), gpu.clone()].map(|device| on(&device, &logits, &with, filters));
        for (((exact, found), row), u) in exact.iter().zip(&found).zip(logits.chunks(classes)).zip(&with) {
            all += 1;
            if exact.token != found.token {
                others += 1;
                let distance = to_the_bounds(row, filters, exact.token, *u);
                assert!(distance < 2e-6, "{filters:?}: {found:?} instead of {exact:?}, {distance:e} from a bound");
                continue;
            }
            assert!((exact.logprob - found.logprob).abs() < 1e-5, "{filters:?}: {found:?} instead of {exact:?}");
            let gap = (exact.sampling_logprob - found.sampling_logprob).abs();
            assert!(gap < 1e-5 * (1.0 + exact.sampling_logprob.abs()), "{filters:?}: {found:?} instead of {exact:?}");
        }
    }
    [all, others]
}

#[test]
fn the_kernel_draws_what_the_processor_draws() {
    let Some(gpu) = crate::adapter() else { return };
    // Below a workgroup, at one, no multiple of one.
    for (rows, classes, spread) in [(40, 5, 1.0), (40, 131, 2.0), (40, 256, 1.0), (40, 1003, 1.5)] {
        let [all, others] = compare(&gpu, rows, classes, spread);
        assert!(all == 15 * rows && others <= 1, "{others} of {all} tokens of {classes} differ");
    }
}

#[test]
fn the_kernel_knows_large_vocabularies() {
    let Some(gpu) = crate::adapter() else { return };
    let [all, others] = compare(&gpu, 2, 49_152, 1.0);
    assert!(all == 30 && others <= 1, "{others} of {all} tokens differ");
}

/// What only one answer is right for, on either device.
#[test]
fn ends_and_ties_are_exact() {
    let devices = [Some(Device::flex()), crate::adapter()];
    let none = Filters::NONE;
    let greedy = Filters { temperature: 0.0, ..none };
    let last = 1.0 - f64::EPSILON / 2.0;
    // Logits, filters, number, token, its share of what is drawn from.
    let cases: [(&[f32], Filters, f64, u32, f64); 22] = [
        // Four equals: each has a quarter, and its quarter begins with it.
        (&[1.0; 4], none, 0.0, 0, 0.25),
        (&[1.0; 4], none, 0.25, 1, 0.25),
        (&[1.0; 4], none, 0.749, 2, 0.25),
        (&[1.0; 4], none, last, 3, 0.25),
        // Equals of the last that is kept are kept too.
        (&[1.0; 4], Filters { top_k: 1, ..none }, last, 3, 0.25),
        (&[0.0, 5.0, 4.0, 5.0], Filters { top_k: 1, ..none }, 0.5, 3, 0.5),
        (&[0.0, 5.0, 4.0, 6.0], Filters { top_k: 1, ..none }, last, 3, 1.0),
        (&[3.0, 5.0, 4.0, 6.0], Filters { top_k: 9, temperature: 0.1, ..none }, 0.5, 3, 0.999_954_6),
        // Half the mass is reached by the first two of four equals.
        (&[1.0; 4], Filters { top_p: 0.5, ..none }, last, 1, 0.5),
        (&[1.0; 4], Filters { top_p: 0.500_001, ..none }, last, 2, 1.0 / 3.0),
        (&[1.0; 4], Filters { top_p: 1e-30, ..none }, last, 0, 1.0),
        (&[-1.0, 2.0, 2.0, -9.0], Filters { top_p: 0.1, ..none }, last, 1, 1.0),
        // The k best share what p is of.
        (&[2.0, 2.0, -1.0, 2.0, 2.0], Filters { top_k: 4, top_p: 0.75, ..none }, last, 3, 1.0 / 3.0),
        (&[0.0, -0.0], Filters { top_k: 1, ..none }, 0.75, 1, 0.5),
        (&[-1.0, 3.0, 3.0], Filters { min_p: 1.0, ..none }, last, 2, 0.5),
        // All mass on one token, whatever is asked for.
        (&[-200.0, 300.0, -200.0], none, last, 1, 1.0),
        (&[f32::NEG_INFINITY, 3.0, f32::NEG_INFINITY], none, last, 1, 1.0),
        (&[-200.0, 300.0, -200.0], Filters { top_k: 2, top_p: 0.999, min_p: 0.1, ..none }, 0.0, 1, 1.0),
        (&[7.0], none, 0.3, 0, 1.0),
        (&[1.0, 3.0, 3.0], greedy, last, 1, 1.0),
        (&[3.0, -8.0, 3.0], greedy, 0.0, 0, 1.0),
        (&[-5.0, -4.0], greedy, 0.0, 1, 1.0),
    ];
    for device in devices.into_iter().flatten() {
        for (logits, filters, u, token, share) in cases {
            let found = on(&device, logits, &[u], filters)[0];
            assert_eq!(found.token, token, "{logits:?} {filters:?} {u}: {found:?}");
            let own = logits.iter().map(|l| f64::from(l - logits[token as usize]).exp()).sum::<f64>().ln();
            assert!((f64::from(found.logprob) + own).abs() < 1e-6, "{logits:?} {filters:?}: {found:?}");
            assert!((f64::from(found.sampling_logprob) - share.ln()).abs() < 1e-6, "{logits:?} {filters:?}: {found:?}");
        }
    }
}

#[test]
fn numbers_keep_all_their_bits() {
    for number in [0.0, 0.5, 1.0 - f64::EPSILON / 2.0, f64::EPSILON / 2.0, 0.1] {
        let [low, high] = fraction(number);
        #[allow(clippy::cast_precision_loss)]
        let back = (u64::from(high) << 32 | u64::from(low)) as f64 / 2.0_f64.powi(64);
        assert_eq!(back, number);
    }
}
