//! In which order rows are learned from: as in the file, or in the order that TRL draws for a seed.

use serde::{Deserialize, Serialize};

/// The order of the rows of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// What `transformers` and `accelerate` draw: `torch.randperm` with the seed plus the epoch.
    #[default]
    Trl,
    /// As in the file, in every epoch.
    File,
}

impl Order {
    /// The rows of an epoch, counted from 0, by their indices.
    #[must_use]
    pub fn of(self, rows: usize, seed: u64, epoch: usize) -> Vec<usize> {
        match self {
            Self::File => (0..rows).collect(),
            Self::Trl => random_permutation(rows, seed.wrapping_add(epoch as u64)),
        }
    }
}

/// `torch.randperm(count, generator=torch.Generator().manual_seed(seed))`.
fn random_permutation(count: usize, seed: u64) -> Vec<usize> {
    let mut generator = Mersenne::new(seed);
    let mut order: Vec<usize> = (0..count).collect();
    for index in 0..count.saturating_sub(1) {
        let step = u64::from(generator.next()) % (count - index) as u64;
        order.swap(index, index + usize::try_from(step).unwrap_or_default());
    }
    order
}

/// MT19937 (Matsumoto and Nishimura, "Mersenne twister", 1998), the generator of PyTorch's CPU.
struct Mersenne {
    state: [u32; Self::SIZE],
    used: usize,
}

impl Mersenne {
    const SIZE: usize = 624;
    const MIDDLE: usize = 397;

    /// As PyTorch, of a seed only the lower 32 bits.
    #[allow(clippy::cast_possible_truncation)] // on purpose
    fn new(seed: u64) -> Self {
        let mut state = [0; Self::SIZE];
        let mut last = seed as u32;
        for (index, slot) in (0_u32..).zip(&mut state) {
            if index > 0 {
                last = 1_812_433_253_u32.wrapping_mul(last ^ (last >> 30)).wrapping_add(index);
            }
            *slot = last;
        }
        Self { state, used: Self::SIZE }
    }

    fn next(&mut self) -> u32 {
        if self.used == Self::SIZE {
            self.twist();
            self.used = 0;
        }
        let mut y = self.state[self.used];
        self.used += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    fn twist(&mut self) {
        for index in 0..Self::SIZE {
            let mixed = (self.state[index] & 0x8000_0000) | (self.state[(index + 1) % Self::SIZE] & 0x7fff_ffff);
            let odd = if mixed & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[index] = self.state[(index + Self::MIDDLE) % Self::SIZE] ^ (mixed >> 1) ^ odd;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_published_one() {
        // The reference implementation's first number for its default seed.
        assert_eq!(Mersenne::new(5489).next(), 3_499_211_612);
    }

    #[test]
    fn the_file_is_a_permutation_too() {
        assert_eq!(Order::File.of(3, 9, 2), [0, 1, 2]);
        for rows in [0, 1, 2, 700] {
            let mut order = Order::Trl.of(rows, 42, 1);
            order.sort_unstable();
            assert_eq!(order, (0..rows).collect::<Vec<_>>());
        }
    }
}
