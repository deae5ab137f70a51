//! What the CPU twins share: functions compiled for the processor's vectors, `e^x`, and plain access to
//! the CPU backend's tensors.

use burn::{
    backend::{
        Flex,
        flex::{FlexTensor, Layout},
        ops::FloatTensorOps,
        tensor::IntTensor,
    },
    tensor::{Bytes, DType, Shape},
};

/// What a function that [`wide`] or [`widest`] defines is compiled for, which its body knows as `VECTORS`.
pub(crate) mod vectors {
    /// Registers of four numbers, sixteen of them: SSE2, WebAssembly.
    pub(crate) const NARROW: u8 = 0;
    /// Sixteen registers of eight numbers or thirty-two of four, with a product and a sum in one instruction: AVX2, NEON.
    pub(crate) const HALF: u8 = 1;
    /// Thirty-two registers of sixteen: AVX-512.
    pub(crate) const WIDE: u8 = 2;
    /// What every processor of this architecture has.
    pub(crate) const LEAST: u8 = if cfg!(target_arch = "aarch64") { HALF } else { NARROW };

    /// Whether a product and a sum are one instruction.
    pub(crate) const fn fused(vectors: u8) -> bool {
        vectors != NARROW
    }
}

/// Defines a function that is compiled twice, the second time for AVX2, which is taken where the processor has it:
/// programs are built for the oldest x86-64, whose vectors are half as wide and lack half of the instructions.
/// Everything that it calls has to be inlined. Both compute the same, to the last bit, unless the body asks for its
/// [`vectors`].
macro_rules! wide {
    ($(#[$meta:meta])* fn $($function:tt)*) => {
        $crate::flex::compiled! { false $(#[$meta])* fn $($function)* }
    };
}
pub(crate) use wide;

/// [`wide`], and a third time for AVX-512: for loops over arrays of [`LANES`] numbers. Closures and iterators that the
/// compiler does not inline, such as what collects, are compiled for none of these.
macro_rules! widest {
    ($(#[$meta:meta])* fn $($function:tt)*) => {
        $crate::flex::compiled! { true $(#[$meta])* fn $($function)* }
    };
}
pub(crate) use widest;

/// What [`wide`] and [`widest`] have in common.
macro_rules! compiled {
    (
        $widest:literal $(#[$meta:meta])*
        fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block
    ) => {
        $(#[$meta])*
        fn $name($($argument: $type),*) $(-> $result)? {
            #[inline(always)]
            #[allow(clippy::inline_always)]
            fn plain<const VECTORS: u8>($($argument: $type),*) $(-> $result)? $body

            #[cfg(target_arch = "x86_64")]
            {
                use std::arch::is_x86_feature_detected as has;

                #[target_feature(enable = "avx2,fma")]
                fn with_avx2($($argument: $type),*) $(-> $result)? {
                    plain::<{ $crate::flex::vectors::HALF }>($($argument),*)
                }
                #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")]
                fn with_avx512($($argument: $type),*) $(-> $result)? {
                    plain::<{ $crate::flex::vectors::WIDE }>($($argument),*)
                }
                if has!("avx2") && has!("fma") {
                    if $widest && has!("avx512f") && has!("avx512vl") && has!("avx512bw") && has!("avx512dq") {
                        // SAFETY: the processor has what the function is compiled for.
                        #[allow(unsafe_code)]
                        return unsafe { with_avx512($($argument),*) };
                    }
                    // SAFETY: as above.
                    #[allow(unsafe_code)]
                    return unsafe { with_avx2($($argument),*) };
                }
            }
            plain::<{ $crate::flex::vectors::LEAST }>($($argument),*)
        }
    };
}
pub(crate) use compiled;

/// `e^x` to within two units in the last place for `x ≤ 88`, and a positive number next to nothing
/// below `-87`; without branches, so that it can be vectorised (range reduction and polynomial of the
/// Cephes library).
#[inline(always)]
#[allow(clippy::inline_always, clippy::excessive_precision)] // inlined, or not vectorised
pub(crate) fn exp(x: f32) -> f32 {
    /// `1.5 · 2²³`: adding it rounds to a whole number, which then stands in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.3, 88.3);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = x - n * 0.693_359_375;
    let r = r + n * 2.121_944_4e-4;
    let p = 1.987_569_15e-4;
    let p = p * r + 1.398_199_950_7e-3;
    let p = p * r + 8.333_451_907_3e-3;
    let p = p * r + 4.166_579_589_4e-2;
    let p = p * r + 1.666_666_545_9e-1;
    let p = p * r + 5.000_000_120_1e-1;
    let mantissa = p * r * r + r + 1.0;
    let exponent = (shifted.to_bits() << 23).wrapping_add(127 << 23);
    mantissa * f32::from_bits(exponent)
}

/// `e^x` in double precision for `x ≤ 709`, to within four units in the last place, and 0 where it would be below
/// `1e-307`; without branches, so that it can be vectorised. What is left of `x` behind a power of two is at most
/// `ln 2 / 2`, for which fourteen terms of the series are exact enough.
#[inline(always)]
#[allow(clippy::inline_always, clippy::excessive_precision, clippy::needless_range_loop)] // inlined, or not vectorised
pub(crate) fn exp_double<const VECTORS: u8>(x: f64) -> f64 {
    /// `1.5 · 2⁵²`: as in [`exp`].
    const ROUND: f64 = 6_755_399_441_055_744.0;
    const LEAST: f64 = -707.0;
    /// `1 / n!`, the last terms first.
    const TERMS: [f64; 14] = [
        1.0 / 6_227_020_800.0,
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ];
    let within = x.clamp(LEAST, 709.0);
    let shifted = within * std::f64::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    // ln 2 in two parts, of which the first has so few digits that its products are exact.
    let r = within - n * 0.693_147_180_369_123_816_49 - n * 1.908_214_929_270_587_7e-10;
    let mut mantissa = 0.0_f64;
    for term in 0..14 {
        let rest = TERMS[term];
        mantissa = if vectors::fused(VECTORS) { mantissa.mul_add(r, rest) } else { mantissa * r + rest };
    }
    let exponent = (shifted.to_bits() << 52).wrapping_add(1023 << 52);
    let result = mantissa * f64::from_bits(exponent);
    if x < LEAST { 0.0 } else { result }
}

/// Running sums that the compiler keeps in vectors.
pub(crate) const LANES: usize = 16;

/// `Σ a`
#[inline(always)]
#[allow(clippy::inline_always)] // inlined, or not vectorised
pub(crate) fn sum(a: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let (chunks, rest) = a.as_chunks::<LANES>();
    for a in chunks {
        for (sum, a) in sums.iter_mut().zip(a) {
            *sum += a;
        }
    }
    sums.iter().sum::<f32>() + rest.iter().sum::<f32>()
}

/// `Σ a · b`
#[inline(always)]
#[allow(clippy::inline_always, clippy::needless_range_loop)] // inlined, or not vectorised; iterators are not inlined
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for chunk in 0..a.len().min(b.len()) {
        for lane in 0..LANES {
            sums[lane] += a[chunk][lane] * b[chunk][lane];
        }
    }
    sums.iter().sum::<f32>() + rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum::<f32>()
}

/// `Σ a · b · c`
#[inline(always)]
#[allow(clippy::inline_always)] // inlined, or not vectorised
pub(crate) fn dot3(a: &[f32], b: &[f32], c: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let (c, rest_c) = c.as_chunks::<LANES>();
    for ((a, b), c) in a.iter().zip(b).zip(c) {
        for (((sum, a), b), c) in sums.iter_mut().zip(a).zip(b).zip(c) {
            *sum += a * b * c;
        }
    }
    let rest = rest_a.iter().zip(rest_b).zip(rest_c).map(|((a, b), c)| a * b * c);
    sums.iter().sum::<f32>() + rest.sum::<f32>()
}

/// `sums + factor · weights`, in one step a lane where that is an instruction. By value and without iterators: what loops over this is
/// kept in registers only so.
#[inline(always)]
#[allow(clippy::inline_always, clippy::needless_range_loop)] // inlined, or not vectorised
pub(crate) fn added<const VECTORS: u8>(sums: [f32; LANES], factor: f32, weights: &[f32; LANES]) -> [f32; LANES] {
    let mut result = [0.0; LANES];
    for lane in 0..LANES {
        let (sum, weight) = (sums[lane], weights[lane]);
        result[lane] = if vectors::fused(VECTORS) { factor.mul_add(weight, sum) } else { factor * weight + sum };
    }
    result
}

/// The largest of some values, `-inf` for none.
#[inline(always)]
#[allow(clippy::inline_always)] // inlined, or not vectorised
pub(crate) fn largest(values: &[f32]) -> f32 {
    let mut tops = [f32::NEG_INFINITY; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (top, value) in tops.iter_mut().zip(chunk) {
            *top = if *value > *top { *value } else { *top };
        }
    }
    tops.iter().chain(rest).copied().fold(f32::NEG_INFINITY, f32::max)
}

/// The sizes of a tensor's two axes.
pub(crate) fn dimensions(tensor: &FlexTensor) -> [usize; 2] {
    let shape = tensor.layout().shape();
    [shape[0], shape[1]]
}

/// The values of a contiguous f32 tensor.
pub(crate) fn values(tensor: &FlexTensor) -> &[f32] {
    &tensor.storage::<f32>()[tensor.layout().start_offset()..][..tensor.layout().num_elements()]
}

/// Whole numbers such as class numbers, whatever integer type the device is set to.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // class numbers
pub(crate) fn integers(tensor: &IntTensor<Flex>) -> Vec<usize> {
    let tensor = tensor.to_contiguous();
    let count = tensor.layout().num_elements();
    let start = tensor.layout().start_offset();
    match tensor.dtype() {
        DType::I64 => tensor.storage::<i64>()[start..][..count].iter().map(|v| *v as usize).collect(),
        _ => tensor.storage::<i32>()[start..][..count].iter().map(|v| *v as usize).collect(),
    }
}

/// A tensor of these values.
pub(crate) fn tensor(values: Vec<f32>, shape: &[usize]) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(values), Layout::contiguous(Shape::from(shape.to_vec())), DType::F32)
}

/// Another view of a tensor's memory: `strides` and `offset` count elements from its beginning.
pub(crate) fn view(tensor: &FlexTensor, shape: &[usize], strides: &[usize], offset: usize) -> FlexTensor {
    let strides = strides.iter().map(|stride| stride.cast_signed()).collect();
    let offset = tensor.layout().start_offset() + offset;
    FlexTensor::from_arc(tensor.data_arc(), Layout::new(Shape::from(shape.to_vec()), strides, offset), DType::F32)
}

/// The backend's matrix product, of batches too.
pub(crate) fn product(left: FlexTensor, right: FlexTensor) -> FlexTensor {
    Flex::float_matmul(left, right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
    fn exp_is_exact_to_two_units() {
        for index in -87_000..=60_000 {
            let x = index as f32 / 1000.0;
            let exact = f64::from(x).exp();
            let error = (f64::from(exp(x)) - exact).abs() / exact;
            assert!(error < 2.4e-7, "{x}: {error:e}");
        }
        assert!(exp(-1e9) < 2e-38 && exp(-1e9) > 0.0);
        // What went wrong elsewhere stays visible.
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn exp_in_double_precision_is_exact_to_four_units() {
        for index in -706_999..=709_000 {
            let x = f64::from(index) / 1000.0 + 1e-7;
            let exact = x.min(709.0).exp();
            let [narrow, half] = [exp_double::<{ vectors::NARROW }>(x), exp_double::<{ vectors::HALF }>(x)];
            let error = (narrow - exact).abs().max((half - exact).abs()) / exact;
            assert!(error < 9e-16, "{x}: {error:e}");
        }
        let exp = exp_double::<{ vectors::LEAST }>;
        assert_eq!([exp(0.0), exp(-708.0), exp(f64::NEG_INFINITY)], [1.0, 0.0, 0.0]);
        assert!(exp(f64::NAN).is_nan());
    }

    #[test]
    #[allow(clippy::cast_precision_loss)]
    fn sums_and_maxima_lose_nothing_at_the_end() {
        for count in [0, 1, 15, 16, 17, 100] {
            let values: Vec<f32> = (0..count).map(|i| i as f32 - 50.0).collect();
            let total = values.iter().sum::<f32>();
            assert_eq!(sum(&values), total);
            assert_eq!(dot(&values, &vec![2.0; count]), 2.0 * total);
            assert_eq!(dot3(&values, &vec![2.0; count], &vec![0.5; count]), total);
            assert_eq!(largest(&values), values.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        }
    }
}
