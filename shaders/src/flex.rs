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

/// Defines a function that is compiled twice, the second time for AVX2, which is taken where the
/// processor has it: programs are built for the oldest x86-64, whose vectors are half as wide and lack
/// half of the instructions. Everything that it calls has to be inlined.
macro_rules! wide {
    ($(#[$meta:meta])* fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block) => {
        $(#[$meta])*
        fn $name($($argument: $type),*) $(-> $result)? {
            #[inline(always)]
            #[allow(clippy::inline_always)]
            fn plain($($argument: $type),*) $(-> $result)? $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,fma")]
                fn with_avx2($($argument: $type),*) $(-> $result)? {
                    plain($($argument),*)
                }
                if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
                    // SAFETY: the processor has what the function is compiled for.
                    #[allow(unsafe_code)]
                    return unsafe { with_avx2($($argument),*) };
                }
            }
            plain($($argument),*)
        }
    };
}
pub(crate) use wide;

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
#[allow(clippy::inline_always)] // inlined, or not vectorised
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
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
