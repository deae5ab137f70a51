//! The log-density ratio of two models, token by token: the reward of CDR (arXiv 2411.02481).

use crate::{
    Result,
    learn::{Sequence, batch::score},
    model::Decoder,
};

/// `log π_strong − log π_weak` of every label of every sequence. Both models read the same tokens, so that one
/// offset serves both.
///
/// # Errors
/// If a token is unknown to a model, or the device fails.
pub async fn log_ratios(
    strong: &Decoder,
    weak: &Decoder,
    sequences: &[Sequence],
    budget: usize,
) -> Result<Vec<Vec<f32>>> {
    let (strong, weak) = (score(strong, sequences, budget).await?, score(weak, sequences, budget).await?);
    let ratio = |(strong, weak): (&Vec<f32>, &Vec<f32>)| strong.iter().zip(weak).map(|(s, w)| s - w).collect();
    Ok(strong.iter().zip(&weak).map(ratio).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{device, model::Config};

    #[test]
    fn a_ratio_with_itself_is_zero_and_swapping_turns_it() {
        let model = |seed| Decoder::random(Config::llama(32, 64, 2, 4, 2, 50), seed, &[], &device::cpu());
        let (one, other) = (model(1), model(2));
        let rows = [Sequence::completion(&[1, 5, 9], &[7, 3, 2]), Sequence::completion(&[1, 4], &[8, 2])];
        let ratios = |strong, weak| pollster::block_on(log_ratios(strong, weak, &rows, 64)).unwrap();
        assert_eq!(ratios(&one, &one), [vec![0.0; 3], vec![0.0; 2]]);
        let (there, back) = (ratios(&one, &other), ratios(&other, &one));
        assert!(there.iter().flatten().all(|ratio| *ratio != 0.0));
        for (there, back) in there.iter().flatten().zip(back.iter().flatten()) {
            assert_eq!(*there, -*back);
        }
    }
}
