//! Texts as vectors: the means of a model's hidden states.

use burn::tensor::{Tensor, TensorData};

use super::batch::by_beginning;
use crate::{
    Result,
    device::read_floats,
    model::{Decoder, Layout},
};

/// The mean over its tokens of the last hidden states of every text, `[hidden]` each, without gradients.
///
/// # Errors
/// If a token is unknown to the model, or the device fails.
pub async fn embeddings(model: &Decoder, texts: &[&[u32]], budget: usize) -> Result<Vec<Vec<f32>>> {
    let last = model.config().num_hidden_layers;
    Ok(embeddings_after(model, &[last], texts, budget).await?.pop().unwrap_or_default())
}

/// The same after so many blocks each, as [`Decoder::hidden_after`] has them: for each of `depths` a list of one
/// `[hidden]` a text, which is empty where the text is. The model is gone through once, as deep as it has to be.
///
/// # Errors
/// If a token is unknown to the model, or the device fails.
#[allow(clippy::cast_precision_loss)] // token counts
pub async fn embeddings_after(
    model: &Decoder,
    depths: &[usize],
    texts: &[&[u32]],
    budget: usize,
) -> Result<Vec<Vec<Vec<f32>>>> {
    for text in texts {
        model.check_tokens(*text)?;
    }
    let device = model.device();
    let width = model.config().hidden_size;
    let items: Vec<Vec<&[u32]>> = texts.iter().map(|text| vec![*text]).collect();
    let mut found = vec![vec![Vec::new(); texts.len()]; depths.len()];
    for group in by_beginning(&items, budget) {
        let wanted: Vec<(&[u32], Vec<usize>)> =
            group.iter().map(|index| (texts[*index], (0..texts[*index].len()).collect())).collect();
        if wanted.iter().all(|(text, _)| text.is_empty()) {
            continue;
        }
        let (layout, order) = Layout::new(&wanted, &device);
        let after = model.hidden_after(&layout, depths);
        let states = after.first().map_or(0, |hidden| hidden.dims()[0]);
        // Texts that begin alike share hidden states.
        let mut shares = vec![0.0_f32; group.len() * states];
        let mut token = 0;
        for ((text, _), shares) in wanted.iter().zip(shares.chunks_exact_mut(states)) {
            for _ in *text {
                let place = order.as_ref().map_or(token, |order| order[token]);
                shares[place] = 1.0 / text.len() as f32;
                token += 1;
            }
        }
        let shares = Tensor::<2>::from_data(TensorData::new(shares, [group.len(), states]), &device);
        for (found, hidden) in found.iter_mut().zip(after) {
            let values = read_floats(shares.clone().matmul(hidden).reshape([group.len() * width])).await?;
            for (index, value) in group.iter().zip(values.chunks(width)) {
                found[*index] = value.to_vec();
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embeddings_of_texts_that_share_states_are_their_own_means() {
        let model = Decoder::random(crate::model::Config::llama(16, 24, 2, 2, 1, 40), 2, &[], &crate::device::cpu());
        let texts: [&[u32]; 5] = [&[1, 2, 3, 4], &[1, 2, 3, 9, 8], &[], &[1, 2], &[7, 2, 3]];
        let found = pollster::block_on(embeddings(&model, &texts, 64)).unwrap();
        for (text, found) in texts.iter().zip(&found).filter(|(text, _)| !text.is_empty()) {
            let (layout, _) = Layout::new(&[(*text, (0..text.len()).collect())], &model.device());
            let mean = model.hidden(&layout).mean_dim(0).into_data().try_to_vec::<f32>().unwrap();
            assert_eq!(found.len(), 16);
            assert!(found.iter().zip(&mean).all(|(x, y)| (x - y).abs() < 1e-5), "{found:?} {mean:?}");
        }
        let unknown = pollster::block_on(embeddings(&model, &[&[1, 40]], 64)).unwrap_err().to_string();
        assert!(unknown.contains("40"), "{unknown}");
    }

    /// After all blocks it is what the model says; after fewer, what a model without the others says.
    #[test]
    fn a_model_read_half_is_a_model_of_half_the_blocks() {
        let model = Decoder::random(crate::model::Config::llama(16, 24, 3, 2, 1, 40), 2, &[], &crate::device::cpu());
        let texts: [&[u32]; 3] = [&[1, 2, 3, 4], &[1, 2, 9], &[7, 2, 3]];
        let found = pollster::block_on(embeddings_after(&model, &[3, 1], &texts, 64)).unwrap();
        let mut weights = model.weights().clone();
        weights.layers.truncate(1);
        let half = model.with_weights(weights);
        for (depth, of) in [(0, &model), (1, &half)] {
            let expected = pollster::block_on(embeddings(&model_of(of), &texts, 64)).unwrap();
            for (found, expected) in found[depth].iter().flatten().zip(expected.iter().flatten()) {
                assert!((found - expected).abs() < 1e-5, "{found} {expected}");
            }
        }
    }

    /// A model whose shape says as many blocks as it has.
    fn model_of(model: &Decoder) -> Decoder {
        let mut config = model.config().clone();
        config.num_hidden_layers = model.weights().layers.len();
        Decoder::new(config, model.weights().clone())
    }
}
