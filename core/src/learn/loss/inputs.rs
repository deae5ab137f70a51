//! What losses over pairs read. A loss never sees a token's identity, only log-probabilities, so that it
//! can be tested on plain numbers.

use burn::tensor::{Tensor, TensorData};

use crate::{Error, Result};

/// A batch of pairs. The first answer of each is the chosen one, unless `label` says otherwise.
#[derive(Debug, Clone)]
pub struct PairInputs {
    /// Log-probabilities under the policy of the first and of the second answer, each `[pairs]`: sums
    /// over the completion's tokens, the stop token included. Gradients flow through these.
    pub policy: [Tensor<1>; 2],
    /// The same under the frozen reference.
    pub reference: [Tensor<1>; 2],
    /// Tokens of the first and of the second completions, one number a pair.
    pub lengths: [Vec<usize>; 2],
    /// The probability that the first answer is better, `[pairs]`; `None` where it is for all. A loss with
    /// labels is `q ℓ(first, second) + (1 − q) ℓ(second, first)`, its expectation under them.
    pub label: Option<Tensor<1>>,
    /// What `bco_pair` subtracts from rewards, `[1]`, without a gradient; `None` is zero.
    pub shift: Option<Tensor<1>>,
    /// Numbers of single tokens, for objectives that [need](super::PairObjective::needs_tokens) them.
    pub tokens: Option<TokenInputs>,
}

/// Numbers of every completion token of a batch: those of all first answers one after the other, then
/// those of all second answers. This is the order of [`crate::learn::Batch::token_logprobs`] for a batch
/// of all first and then all second answers.
#[derive(Debug, Clone)]
pub struct TokenInputs {
    /// The token's log-probability under the policy, `[tokens]`.
    pub policy: Tensor<1>,
    /// The same under the frozen reference.
    pub reference: Tensor<1>,
    /// `log Σ_v p_v²` of the policy's distribution at the token, `[tokens]`, without a gradient: for WPO
    /// ([`crate::learn::Batch::statistics`]).
    pub collisions: Option<Tensor<1>>,
}

impl PairInputs {
    /// Pairs by their sums alone.
    #[must_use]
    pub fn new(policy: [Tensor<1>; 2], reference: [Tensor<1>; 2], lengths: [Vec<usize>; 2]) -> Self {
        Self { policy, reference, lengths, label: None, shift: None, tokens: None }
    }

    /// Pairs by their tokens, with the sums over them.
    ///
    /// # Errors
    /// If there are not as many tokens as the lengths say.
    pub fn from_tokens(tokens: TokenInputs, lengths: [Vec<usize>; 2]) -> Result<Self> {
        check_tokens(&tokens, &lengths)?;
        let policy = sum_by_answer(&tokens.policy, &lengths, |_, _| 1.0);
        let reference = sum_by_answer(&tokens.reference, &lengths, |_, _| 1.0);
        Ok(Self { tokens: Some(tokens), ..Self::new(policy, reference, lengths) })
    }

    /// The number of pairs.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.lengths[0].len()
    }

    /// Checks that all parts speak of the same pairs.
    ///
    /// # Errors
    /// Names the part that does not.
    pub fn check(&self) -> Result<()> {
        let pairs = self.pairs();
        let [chosen, rejected] = &self.policy;
        let [reference_chosen, reference_rejected] = &self.reference;
        let sizes = [
            ("the second lengths", self.lengths[1].len()),
            ("the policy's first log-probabilities", chosen.dims()[0]),
            ("the policy's second log-probabilities", rejected.dims()[0]),
            ("the reference's first log-probabilities", reference_chosen.dims()[0]),
            ("the reference's second log-probabilities", reference_rejected.dims()[0]),
            ("the labels", self.label.as_ref().map_or(pairs, |label| label.dims()[0])),
        ];
        for (what, size) in sizes {
            if size != pairs {
                return Err(Error::Recipe(format!("{what} are {size} numbers for {pairs} pairs")));
            }
        }
        if pairs == 0 {
            return Err(Error::Recipe("a loss over pairs was given no pairs".to_owned()));
        }
        self.tokens.as_ref().map_or(Ok(()), |tokens| check_tokens(tokens, &self.lengths))
    }
}

fn check_tokens(tokens: &TokenInputs, lengths: &[Vec<usize>; 2]) -> Result<()> {
    let total: usize = lengths.iter().flatten().sum();
    let collisions = tokens.collisions.as_ref().map_or(total, |collisions| collisions.dims()[0]);
    for (what, size) in [
        ("the policy's tokens", tokens.policy.dims()[0]),
        ("the reference's tokens", tokens.reference.dims()[0]),
        ("the tokens' collisions", collisions),
    ] {
        if size != total {
            return Err(Error::Recipe(format!("{what} are {size} numbers, but the completions have {total} tokens")));
        }
    }
    Ok(())
}

/// Sums `[tokens]` into the first and second answers, each `[pairs]`. A token counts as much as `weight`
/// says for its pair and its position in the completion, from 0.
pub(super) fn sum_by_answer(
    values: &Tensor<1>,
    lengths: &[Vec<usize>; 2],
    weight: impl Fn(usize, usize) -> f32,
) -> [Tensor<1>; 2] {
    let device = values.device();
    let total = values.dims()[0];
    let mut begin = 0;
    lengths.each_ref().map(|lengths| {
        let mut weights = vec![0.0; lengths.len() * total];
        for (pair, length) in lengths.iter().enumerate() {
            for position in 0..*length {
                weights[pair * total + begin + position] = weight(pair, position);
            }
            begin += length;
        }
        let weights = Tensor::<2>::from_data(TensorData::new(weights, [lengths.len(), total]), &device);
        weights.matmul(values.clone().unsqueeze_dim(1)).squeeze_dim(1)
    })
}

/// The lengths as numbers, each `[pairs]`; an empty completion counts as one token, so that means exist.
#[allow(clippy::cast_precision_loss)] // token counts
pub(super) fn token_counts(lengths: &[Vec<usize>; 2], like: &Tensor<1>) -> [Tensor<1>; 2] {
    lengths.each_ref().map(|lengths| {
        let counts: Vec<f32> = lengths.iter().map(|length| (*length).max(1) as f32).collect();
        Tensor::from_floats(counts.as_slice(), &like.device())
    })
}
