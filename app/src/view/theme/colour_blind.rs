//! Whether the lines of a chart are told apart by eyes that lack one kind of cone.

use egui::Color32;

use super::{linear, of_mode};

/// Linear sRGB as eyes see it that lack the long (protanopia), the middle (deuteranopia) or the short
/// (tritanopia) cone: Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of
/// Color Vision Deficiency", IEEE TVCG 15(6), 2009; the matrices of severity 1.0.
const SIGHTS: [(&str, [[f64; 3]; 3]); 4] = [
    ("all three cones", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    (
        "protanopia",
        [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]],
    ),
    (
        "deuteranopia",
        [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
    ),
    (
        "tritanopia",
        [[1.255_528, -0.076_749, -0.178_779], [-0.078_411, 0.930_809, 0.147_602], [0.004_733, 0.691_367, 0.303_900]],
    ),
];

/// Linear sRGB (IEC 61966-2-1) to XYZ, of which row sums are the white of D65.
const XYZ: [[f64; 3]; 3] = [
    [0.412_456_4, 0.357_576_1, 0.180_437_5],
    [0.212_672_9, 0.715_152_2, 0.072_175_0],
    [0.019_333_9, 0.119_192_0, 0.950_304_1],
];

/// The least distance between two lines of a chart. About 2.3 is just noticeable where two areas touch.
const APART: f64 = 10.0;

fn times(matrix: &[[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row.iter().zip(vector).map(|(m, v)| m * v).sum())
}

/// What is seen of a colour, in linear sRGB; what no screen can show is cut off.
fn seen(color: Color32, sight: &[[f64; 3]; 3]) -> [f64; 3] {
    times(sight, linear(color)).map(|channel| channel.clamp(0.0, 1.0))
}

/// CIELAB of 1976, from linear sRGB.
fn lab(linear: [f64; 3]) -> [f64; 3] {
    let (xyz, white) = (times(&XYZ, linear), times(&XYZ, [1.0; 3]));
    let [x, y, z] = [0, 1, 2].map(|axis| {
        let share = xyz[axis] / white[axis];
        let knee = 6.0_f64 / 29.0;
        if share > knee.powi(3) { share.cbrt() } else { share / (3.0 * knee.powi(2)) + 4.0 / 29.0 }
    });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// The colour difference of CIE 1976.
fn difference(a: Color32, b: Color32, sight: &[[f64; 3]; 3]) -> f64 {
    let (a, b) = (lab(seen(a, sight)), lab(seen(b, sight)));
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

#[test]
fn the_measure_is_that_of_the_literature() {
    // The corners of sRGB in CIELAB under D65, as colour calculators have them.
    for (color, known) in [
        (Color32::from_rgb(255, 0, 0), [53.24, 80.09, 67.20]),
        (Color32::from_rgb(0, 255, 0), [87.73, -86.18, 83.18]),
        (Color32::from_rgb(0, 0, 255), [32.30, 79.19, -107.86]),
        (Color32::WHITE, [100.0, 0.0, 0.0]),
    ] {
        let lab = lab(linear(color));
        assert!(lab.iter().zip(known).all(|(ours, known)| (ours - known).abs() < 0.02), "{color:?}: {lab:?}");
    }
    for (name, sight) in &SIGHTS {
        // What has no colour has none for anybody: every row sums to one.
        for row in sight {
            assert!((row.iter().sum::<f64>() - 1.0).abs() < 2e-6, "{name}: {row:?}");
        }
    }
    // Red without long cones is a column of the matrix: dark, and without blue.
    assert_eq!(seen(Color32::from_rgb(255, 0, 0), &SIGHTS[1].1), [0.152_286, 0.114_503, 0.0]);
    // Pairs that were once in use, and their distances by another program.
    let pair = |a: &str, b: &str, sight: usize| {
        difference(Color32::from_hex(a).unwrap(), Color32::from_hex(b).unwrap(), &SIGHTS[sight].1)
    };
    assert!((pair("#c75000", "#7a6000", 1) - 2.9).abs() < 0.06);
    assert!((pair("#56b4e9", "#a99cf0", 2) - 2.7).abs() < 0.06);
}

#[test]
fn lines_are_told_apart_by_all_eyes() {
    for dark in [false, true] {
        let lines = of_mode(dark).series.clone();
        for (name, sight) in &SIGHTS {
            for (index, a) in lines.iter().enumerate() {
                for b in &lines[index + 1..] {
                    let apart = difference(*a, *b, sight);
                    assert!(apart >= APART, "{a:?} and {b:?} with {name}, dark {dark}: {apart}");
                }
            }
        }
    }
}
