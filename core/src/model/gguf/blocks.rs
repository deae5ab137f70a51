//! Numbers as GGUF files store them: plain ones, and blocks of small whole numbers with a scale.
//!
//! A block's layout and arithmetic are those of ggml's reference. Products and sums are taken in f32
//! and in its order, so that every value is the same to the last bit.

use half::{bf16, f16};

/// A type of numbers.
pub(super) struct Format {
    /// Its number in files.
    pub code: u32,
    /// ggml's name.
    pub name: &'static str,
    /// Values of one block; rows are whole blocks.
    pub values: u64,
    /// Bytes of one block.
    pub bytes: u64,
    /// Appends the values of whole blocks.
    pub read: fn(&[u8], &mut Vec<f32>),
}

/// The types that are read.
const FORMATS: [Format; 11] = [
    Format { code: 0, name: "F32", values: 1, bytes: 4, read: f32s },
    Format { code: 1, name: "F16", values: 1, bytes: 2, read: f16s },
    Format { code: 30, name: "BF16", values: 1, bytes: 2, read: bf16s },
    Format { code: 2, name: "Q4_0", values: 32, bytes: 18, read: q4_0 },
    Format { code: 3, name: "Q4_1", values: 32, bytes: 20, read: q4_1 },
    Format { code: 6, name: "Q5_0", values: 32, bytes: 22, read: q5_0 },
    Format { code: 7, name: "Q5_1", values: 32, bytes: 24, read: q5_1 },
    Format { code: 8, name: "Q8_0", values: 32, bytes: 34, read: q8_0 },
    Format { code: 12, name: "Q4_K", values: 256, bytes: 144, read: q4_k },
    Format { code: 13, name: "Q5_K", values: 256, bytes: 176, read: q5_k },
    Format { code: 14, name: "Q6_K", values: 256, bytes: 210, read: q6_k },
];

/// The type of a number in files, if we read it.
pub(super) fn format(code: u32) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.code == code)
}

/// The format of packed matrices that a type is, if it is one.
pub(super) fn packed(code: u32) -> Option<selfsame_shaders::Format> {
    match code {
        1 => Some(selfsame_shaders::Format::F16),
        2 => Some(selfsame_shaders::Format::Q4),
        8 => Some(selfsame_shaders::Format::Q8),
        _ => None,
    }
}

/// The names of the types that are read, for messages.
pub(super) fn readable() -> String {
    FORMATS.map(|format| format.name).join(", ")
}

/// What people call a type that is not read.
pub(super) fn name(code: u32) -> String {
    let known = match code {
        9 => "Q8_1",
        10 => "Q2_K",
        11 => "Q3_K",
        15 => "Q8_K",
        16..=19 | 21..=23 | 29 => "one of the IQ types",
        20 => "IQ4_NL",
        24..=27 => "one of the types of whole numbers",
        28 => "F64",
        34 => "TQ1_0",
        35 => "TQ2_0",
        39 => "MXFP4",
        _ => return format!("number {code}"),
    };
    format!("number {code}, {known}")
}

impl Format {
    /// The bytes of a tensor whose sides are `shape`, rows last, if it has whole blocks and its size
    /// can be counted.
    pub fn size(&self, shape: &[u64]) -> Option<u64> {
        let row = shape.last().copied().unwrap_or(1);
        let values = shape.iter().try_fold(1_u64, |values, side| values.checked_mul(*side))?;
        let whole = row.is_multiple_of(self.values);
        if whole { (values / self.values).checked_mul(self.bytes) } else { None }
    }
}

fn f32s(bytes: &[u8], values: &mut Vec<f32>) {
    values.extend(bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)));
}

fn f16s(bytes: &[u8], values: &mut Vec<f32>) {
    values.extend(bytes.as_chunks().0.iter().map(|b| f16::from_le_bytes(*b).to_f32()));
}

fn bf16s(bytes: &[u8], values: &mut Vec<f32>) {
    values.extend(bytes.as_chunks().0.iter().map(|b| bf16::from_le_bytes(*b).to_f32()));
}

fn half(low: u8, high: u8) -> f32 {
    f16::from_le_bytes([low, high]).to_f32()
}

/// The 32 numbers of 16 bytes: all low halves, then all high halves.
fn nibbles(bytes: &[u8; 16]) -> impl Iterator<Item = u8> {
    bytes.iter().map(|byte| byte & 15).chain(bytes.iter().map(|byte| byte >> 4))
}

/// [`nibbles`] with a fifth bit, value by value from the lowest of four bytes on.
fn fives(high: [u8; 4], low: &[u8; 16]) -> impl Iterator<Item = u8> {
    let high = u32::from_le_bytes(high);
    nibbles(low).enumerate().map(move |(index, low)| low | if (high >> index) & 1 == 1 { 16 } else { 0 })
}

fn q4_0(bytes: &[u8], values: &mut Vec<f32>) {
    for [d0, d1, quants @ ..] in bytes.as_chunks::<18>().0 {
        let scale = half(*d0, *d1);
        values.extend(nibbles(quants).map(|quant| scale * (f32::from(quant) - 8.0)));
    }
}

fn q4_1(bytes: &[u8], values: &mut Vec<f32>) {
    for [d0, d1, m0, m1, quants @ ..] in bytes.as_chunks::<20>().0 {
        let (scale, least) = (half(*d0, *d1), half(*m0, *m1));
        values.extend(nibbles(quants).map(|quant| scale * f32::from(quant) + least));
    }
}

fn q5_0(bytes: &[u8], values: &mut Vec<f32>) {
    for [d0, d1, h0, h1, h2, h3, quants @ ..] in bytes.as_chunks::<22>().0 {
        let scale = half(*d0, *d1);
        values.extend(fives([*h0, *h1, *h2, *h3], quants).map(|quant| scale * (f32::from(quant) - 16.0)));
    }
}

fn q5_1(bytes: &[u8], values: &mut Vec<f32>) {
    for [d0, d1, m0, m1, h0, h1, h2, h3, quants @ ..] in bytes.as_chunks::<24>().0 {
        let (scale, least) = (half(*d0, *d1), half(*m0, *m1));
        values.extend(fives([*h0, *h1, *h2, *h3], quants).map(|quant| scale * f32::from(quant) + least));
    }
}

fn q8_0(bytes: &[u8], values: &mut Vec<f32>) {
    for [d0, d1, quants @ ..] in bytes.as_chunks::<34>().0 {
        let scale = half(*d0, *d1);
        values.extend(quants.iter().map(|quant| f32::from(quant.cast_signed()) * scale));
    }
}

/// Scales and minima of the eight parts of a block, six bits each: the first four of both in the low
/// bits of the first eight bytes, the others in the halves of the last four and the two bits left above.
fn parts(packed: &[u8; 12]) -> [(f32, f32); 8] {
    std::array::from_fn(|part| {
        let (scale, least) = if part < 4 {
            (packed[part] & 63, packed[part + 4] & 63)
        } else {
            let (low, both, least) = (packed[part - 4], packed[part + 4], packed[part]);
            (both & 15 | (low >> 6) << 4, both >> 4 | (least >> 6) << 4)
        };
        (f32::from(scale), f32::from(least))
    })
}

fn q4_k(bytes: &[u8], values: &mut Vec<f32>) {
    for block in bytes.as_chunks::<144>().0 {
        let [d0, d1, m0, m1, rest @ ..] = block;
        let (packed, quants) = rest.split_at(12);
        k_block((half(*d0, *d1), half(*m0, *m1)), packed, quants, |_, _| 0, values);
    }
}

fn q5_k(bytes: &[u8], values: &mut Vec<f32>) {
    for block in bytes.as_chunks::<176>().0 {
        let [d0, d1, m0, m1, rest @ ..] = block;
        let (packed, rest) = rest.split_at(12);
        let (high, quants) = rest.split_at(32);
        let fifth = |part: usize, index: usize| ((high[index] >> part) & 1) << 4;
        k_block((half(*d0, *d1), half(*m0, *m1)), packed, quants, fifth, values);
    }
}

/// Eight parts of 32 values, two parts in the halves of 32 bytes.
fn k_block(
    (scale, least): (f32, f32),
    packed: &[u8],
    quants: &[u8],
    high: impl Fn(usize, usize) -> u8,
    values: &mut Vec<f32>,
) {
    let parts = packed.first_chunk().map(parts).unwrap_or_default();
    for (part, (own_scale, own_least)) in parts.into_iter().enumerate() {
        let (scale, least) = (scale * own_scale, least * own_least);
        let shift = part % 2 * 4;
        let bytes = quants.chunks_exact(32).nth(part / 2).unwrap_or_default();
        let quants = bytes.iter().enumerate().map(|(index, byte)| (byte >> shift) & 15 | high(part, index));
        values.extend(quants.map(|quant| scale * f32::from(quant) - least));
    }
}

/// Two halves of four parts of 32 values: four low bits from the halves of 64 bytes, two high bits from
/// the quarters of 32 bytes, and a scale for every 16 values.
fn q6_k(bytes: &[u8], values: &mut Vec<f32>) {
    for block in bytes.as_chunks::<210>().0 {
        let (low, rest) = block.split_at(128);
        let (high, rest) = rest.split_at(64);
        let (scales, scale) = rest.split_at(16);
        let scale = half(scale[0], scale[1]);
        for part in 0..8 {
            let (side, quarter) = (part / 4, part % 4);
            let low = &low[side * 64 + quarter % 2 * 32..][..32];
            let high = &high[side * 32..][..32];
            values.extend(low.iter().zip(high).enumerate().map(|(index, (low, high))| {
                let quant = (low >> (quarter / 2 * 4)) & 15 | ((high >> (quarter * 2)) & 3) << 4;
                let own = f32::from(scales[part * 2 + index / 16].cast_signed());
                scale * own * (f32::from(quant) - 32.0)
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &serde_json::Value) -> Vec<u8> {
        let hex = hex.as_str().unwrap();
        (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
    }

    /// Against the `gguf` package of Python, bit for bit.
    #[test]
    fn every_type_is_read_as_the_reference_reads_it() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/goldens/gguf_blocks.json");
        let golden: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let cases = golden["cases"].as_object().unwrap();
        assert_eq!(cases.len(), FORMATS.len());
        for (name, case) in cases {
            let format = format(u32::try_from(case["code"].as_u64().unwrap()).unwrap()).unwrap();
            assert_eq!(format.name, name);
            let (blocks, expected) = (bytes(&case["blocks"]), bytes(&case["values"]));
            let mut values = Vec::new();
            (format.read)(&blocks, &mut values);
            let bits: Vec<[u8; 4]> = values.iter().map(|value| value.to_le_bytes()).collect();
            assert_eq!(bits, expected.as_chunks().0, "{name}");
            let count = values.len() as u64;
            assert_eq!(format.size(&[count / format.values, format.values]), Some(blocks.len() as u64), "{name}");
            assert!(values.iter().any(|value| *value < 0.0) && values.iter().any(|value| *value > 0.0), "{name}");
        }
    }

    #[test]
    fn a_size_that_is_none_is_not_counted() {
        let q8 = format(8).unwrap();
        assert_eq!(q8.size(&[2, 64]), Some(136));
        assert_eq!(q8.size(&[64, 2]), None, "rows are whole blocks");
        assert_eq!(q8.size(&[1 << 40, 1 << 40]), None);
        assert_eq!(q8.size(&[u64::MAX / 32, 32]), None);
        assert_eq!(format(0).unwrap().size(&[]), Some(4));
    }
}
