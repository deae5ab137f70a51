//! Learning only from pairs on which several internal reward models agree, and making them agree (SCIR,
//! arXiv 2502.08922): what `scir` does with all judges of a policy, and `seed-ads` with Henry and the implicit reward.

use burn::tensor::{Tensor, activation::sigmoid};

use crate::{
    Result,
    learn::{
        KEPT, MARGIN, OPINION, Objective,
        loss::{bernoulli_divergence, bernoulli_entropy, margin, soft_logistic},
    },
    run::{PairBatch, Snapshot},
};

/// How opinions on pairs become an objective.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// Scale of the update's implicit reward.
    pub beta: f64,
    /// Weight of the inconsistency penalty, λ_c.
    pub consistency: f64,
    /// Weight of the entropy of the judges, λ_h.
    pub confidence: f64,
    /// Share of a phase before the entropy counts.
    pub confidence_warmup: f64,
    /// How far from ½ every judge must be for a pair to count.
    pub margin: f64,
    /// Whether only pairs count on which all agree; else all count, by the mean opinion.
    pub filter: bool,
}

impl Agreement {
    /// DPO where the judges agree, plus their inconsistency, plus their entropy. `opinions` and `labels` are each
    /// judge's logits of "the first answer is better", `[pairs]`: the former are pulled together, with gradients into
    /// the judges that have some, the latter say which pairs count and how. The log gets the opinions under `names`.
    ///
    /// # Errors
    /// If the recipe did not ask for the start's log-probabilities when it began to learn.
    pub fn objective<'a>(
        &self,
        names: impl Iterator<Item = &'a str>,
        opinions: &[Tensor<1>],
        labels: &[Tensor<1>],
        batch: &PairBatch<'_>,
        progress: f64,
    ) -> Result<Objective> {
        let reference = batch.reference(Snapshot::Start)?;
        Ok(self.of(names, opinions, labels, [&batch.policy, &reference], progress))
    }

    /// The objective, with the two answers' log-probabilities under the policy and under the reference, `[pairs]` each.
    fn of<'a>(
        &self,
        names: impl Iterator<Item = &'a str>,
        opinions: &[Tensor<1>],
        labels: &[Tensor<1>],
        [policy, reference]: [&[Tensor<1>; 2]; 2],
        progress: f64,
    ) -> Objective {
        let (label, mask) = self.verdict(labels);
        let delta = margin(policy.clone(), reference.clone(), self.beta);
        let preference = soft_logistic(delta.clone(), label.clone()) * mask.clone();
        // Which answer is the chosen one is the judges' verdict; pairs without one have none.
        let [first, second] = [0, 1].map(|side| (policy[side].clone() - reference[side].clone()).detach() * self.beta);
        let turned = label.clone().neg() + 1.0;
        let chosen = (first.clone() * label.clone() + second.clone() * turned.clone()) * mask.clone();
        let rejected = (first * turned + second * label) * mask.clone();
        let mut items: Vec<(String, Tensor<1>)> =
            names.zip(opinions).map(|(name, logit)| (format!("{OPINION}{name}"), sigmoid(logit.clone()))).collect();
        items.push((KEPT.to_owned(), mask.clone()));
        items.push((MARGIN.to_owned(), delta));

        let mut inconsistency = preference.zeros_like();
        let mut pairs_of_judges = 0.0;
        for (index, first) in opinions.iter().enumerate() {
            for second in &opinions[index + 1..] {
                inconsistency = inconsistency + bernoulli_divergence(first.clone(), second.clone());
                pairs_of_judges += 1.0;
            }
        }
        let inconsistency = inconsistency / f64::max(pairs_of_judges, 1.0);
        #[allow(clippy::cast_precision_loss)] // a handful of judges
        let count = opinions.len() as f64;
        let entropy =
            opinions.iter().fold(preference.zeros_like(), |sum, logit| sum + bernoulli_entropy(logit.clone())) / count;
        let confidence = if progress < self.confidence_warmup { 0.0 } else { self.confidence };
        let kept = mask.mean();
        let of_kept = |rewards: Tensor<1>| rewards.mean() / (kept.clone() + 1e-9);
        let loss = preference.clone().mean()
            + inconsistency.clone().mean() * self.consistency
            + entropy.clone().mean() * confidence;
        Objective {
            items,
            loss,
            metrics: vec![
                ("loss/preference", preference.mean()),
                ("loss/inconsistency", inconsistency.mean()),
                ("loss/entropy", entropy.mean()),
                ("kept", kept.clone()),
                ("rewards/chosen", of_kept(chosen.clone())),
                ("rewards/rejected", of_kept(rejected.clone())),
                ("rewards/accuracies", of_kept((chosen.clone() - rejected.clone()).greater_elem(0.0).float())),
                ("rewards/margins", of_kept(chosen - rejected)),
                ("logps/first", policy[0].clone().mean()),
                ("logps/second", policy[1].clone().mean()),
            ],
        }
    }

    /// The common verdict: label 1 where the first answer is preferred, and a mask of the pairs
    /// that count. Neither carries a gradient: which pairs count is a decision, not an objective.
    fn verdict(&self, opinions: &[Tensor<1>]) -> (Tensor<1>, Tensor<1>) {
        let threshold = (0.5 + self.margin).ln() - (0.5 - self.margin).ln();
        let detached: Vec<Tensor<1>> = opinions.iter().map(|logit| logit.clone().detach()).collect();
        let all = |test: &dyn Fn(Tensor<1>) -> Tensor<1>| detached.iter().cloned().map(test).reduce(|a, b| a * b);
        let mean = detached.iter().cloned().map(sigmoid).reduce(|a, b| a + b);
        let (Some(firsts), Some(seconds), Some(mean)) = (
            all(&|logit| logit.greater_elem(threshold).float()),
            all(&|logit| logit.lower_elem(-threshold).float()),
            mean,
        ) else {
            let nothing = Tensor::zeros([0], &burn::tensor::Device::flex());
            return (nothing.clone(), nothing);
        };
        if self.filter {
            return (firsts.clone(), firsts + seconds);
        }
        #[allow(clippy::cast_precision_loss)] // a handful of judges
        let label = mean.greater_elem(detached.len() as f64 / 2.0).float();
        (label.clone(), label.ones_like())
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;

    use super::*;
    use crate::{
        device,
        judge::{Comparison, Form, Generative},
        learn::adamw::gradients,
        model::{Config, Decoder},
        text::Tokenizer,
        world::{World as _, rules::Rules},
    };

    const SETTINGS: Agreement =
        Agreement { beta: 0.5, consistency: 0.4, confidence: 0.3, confidence_warmup: 0.25, margin: 0.0, filter: true };

    /// Three judges' logits on four pairs: all for the first answer, all for the second, divided, and one without a
    /// side.
    const OPINIONS: [[f32; 4]; 3] = [[2.0, -1.0, 1.0, 0.5], [0.5, -0.2, -0.5, 0.0], [1.0, -3.0, -3.0, 1.0]];
    const POLICY: [[f32; 4]; 2] = [[-3.0, -5.0, -4.0, -2.0], [-4.0, -3.0, -6.0, -2.5]];
    const REFERENCE: [[f32; 4]; 2] = [[-3.5, -4.0, -4.0, -2.0], [-3.0, -3.5, -5.0, -3.0]];

    /// A tensor in a gradient graph.
    fn tensor(values: &[f32]) -> Tensor<1> {
        Tensor::from_data(TensorData::from(values), &device::cpu().autodiff())
    }

    fn read(tensor: Tensor<1>) -> Vec<f32> {
        let tensor = if tensor.is_autodiff() { tensor.inner() } else { tensor };
        tensor.into_data().try_to_vec::<f32>().unwrap()
    }

    fn close(found: &[f32], expected: &[f64]) {
        assert_eq!(found.len(), expected.len(), "{found:?} {expected:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!((f64::from(*found) - expected).abs() < 1e-5, "{found} instead of {expected}");
        }
    }

    fn objective(settings: &Agreement, opinions: &[Tensor<1>], labels: &[Tensor<1>], progress: f64) -> Objective {
        let (policy, reference) = (POLICY.map(|side| tensor(&side)), REFERENCE.map(|side| tensor(&side)));
        settings.of(["a", "b", "c"].into_iter(), opinions, labels, [&policy, &reference], progress)
    }

    fn of(settings: &Agreement, opinions: &[[f32; 4]; 3], progress: f64) -> Objective {
        let opinions = opinions.map(|judge| tensor(&judge));
        objective(settings, &opinions, &opinions, progress)
    }

    fn metric(objective: &Objective, name: &str) -> f32 {
        let found = objective.metrics.iter().find(|(known, _)| *known == name).unwrap();
        read(found.1.clone())[0]
    }

    fn item(objective: &Objective, name: &str) -> Vec<f32> {
        let found = objective.items.iter().find(|(known, _)| known == name).unwrap();
        read(found.1.clone())
    }

    /// The definitions in double precision: the symmetric Kullback-Leibler divergence of two coins, and their entropy.
    fn divergence(first: f64, second: f64) -> f64 {
        let [p, q] = [first, second].map(probability);
        let one_way = |p: f64, q: f64| p * (p / q).ln() + (1.0 - p) * ((1.0 - p) / (1.0 - q)).ln();
        0.5 * (one_way(p, q) + one_way(q, p))
    }

    fn entropy(logit: f64) -> f64 {
        let p = probability(logit);
        -p * p.ln() - (1.0 - p) * (1.0 - p).ln()
    }

    fn probability(logit: f64) -> f64 {
        1.0 / (1.0 + (-logit).exp())
    }

    fn wide(opinions: &[[f32; 4]; 3]) -> [[f64; 4]; 3] {
        opinions.map(|judge| judge.map(f64::from))
    }

    /// Over the two judges of every pair of them and over the pairs of answers.
    fn inconsistency(opinions: &[[f32; 4]; 3]) -> f64 {
        let [a, b, c] = wide(opinions);
        let two = |x: [f64; 4], y: [f64; 4]| x.iter().zip(y).map(|(x, y)| divergence(*x, y)).sum::<f64>() / 4.0;
        (two(a, b) + two(a, c) + two(b, c)) / 3.0
    }

    fn mean_entropy(opinions: &[[f32; 4]; 3]) -> f64 {
        wide(opinions).as_flattened().iter().map(|logit| entropy(*logit)).sum::<f64>() / 12.0
    }

    /// DPO on the first two pairs, to the first answer and to the second: β times the log-ratios' difference is
    /// ½ (0.5 − (−1)) = 0.75 and ½ (−1 − 0.5) = −0.75. The other two cost nothing, and count in the mean.
    fn preference() -> f64 {
        (-probability(0.75).ln() - probability(0.75).ln()) / 4.0
    }

    #[test]
    fn only_pairs_on_which_all_are_of_one_side_count() {
        let found = of(&SETTINGS, &OPINIONS, 0.0);
        assert_eq!(item(&found, KEPT), [1.0, 1.0, 0.0, 0.0]);
        close(&item(&found, MARGIN), &[0.75, -0.75, 0.5, -0.25]);
        close(&item(&found, "opinion/c"), &[1.0, -3.0, -3.0, 1.0].map(probability));
        close(&[metric(&found, "loss/preference"), metric(&found, "kept")], &[preference(), 0.5]);
        // Of the kept: chosen 0.25 and 0.25, rejected −0.5 and −0.5, so that the policy is right about both.
        let rewards =
            ["chosen", "rejected", "accuracies", "margins"].map(|of| metric(&found, &format!("rewards/{of}")));
        close(&rewards, &[0.25, -0.5, 1.0, 0.75]);
    }

    #[test]
    fn a_margin_asks_every_judge_to_be_sure() {
        // σ(0.5) = 0.622, σ(−0.2) = 0.450: with 0.1 the second pair falls, with 0.13 the first as well.
        for (margin, kept) in [(0.1, [1.0, 0.0, 0.0, 0.0]), (0.13, [0.0; 4])] {
            assert_eq!(item(&of(&Agreement { margin, ..SETTINGS }, &OPINIONS, 0.0), KEPT), kept, "{margin}");
        }
    }

    #[test]
    fn without_the_filter_all_count_by_the_mean_opinion() {
        let found = of(&Agreement { filter: false, ..SETTINGS }, &OPINIONS, 0.0);
        assert_eq!(item(&found, KEPT), [1.0; 4]);
        // The mean of σ(1), σ(−0.5) and σ(−3) is 0.385, so that the third pair is of the second answer; that of the
        // fourth, 0.618, of the first.
        let losses = [0.75, 0.75, -0.5, -0.25].map(|margin: f64| -probability(margin).ln());
        close(&[metric(&found, "loss/preference")], &[losses.iter().sum::<f64>() / 4.0]);
    }

    #[test]
    fn labels_of_another_time_decide_what_counts_and_how() {
        let (now, then) = (OPINIONS.map(|judge| tensor(&judge)), [[-1.0_f32, 1.0, 1.0, -1.0]; 3].map(|j| tensor(&j)));
        let found = objective(&SETTINGS, &now, &then, 0.0);
        assert_eq!(item(&found, KEPT), [1.0; 4]);
        let losses = [-0.75, -0.75, 0.5, 0.25].map(|margin: f64| -probability(margin).ln());
        close(&[metric(&found, "loss/preference")], &[losses.iter().sum::<f64>() / 4.0]);
        // What is pulled together and logged are the opinions of now.
        close(&item(&found, "opinion/a"), &[2.0, -1.0, 1.0, 0.5].map(probability));
        close(&[metric(&found, "loss/inconsistency")], &[inconsistency(&OPINIONS)]);
    }

    #[test]
    fn the_penalty_is_the_mean_over_every_two_judges() {
        let found = of(&SETTINGS, &OPINIONS, 0.0);
        close(&[metric(&found, "loss/inconsistency")], &[inconsistency(&OPINIONS)]);
        close(&[metric(&found, "loss/entropy")], &[mean_entropy(&OPINIONS)]);
    }

    #[test]
    fn judges_of_one_opinion_cost_nothing_right_or_wrong() {
        for side in [1.5, -1.5, 0.0] {
            let found = of(&SETTINGS, &[[side; 4]; 3], 0.0);
            close(&[metric(&found, "loss/inconsistency")], &[0.0]);
        }
        // A judge alone has nobody to differ from.
        let alone = [tensor(&OPINIONS[0])];
        close(&[metric(&objective(&SETTINGS, &alone, &alone, 0.0), "loss/inconsistency")], &[0.0]);
    }

    #[test]
    fn the_entropy_counts_from_its_warm_up_on() {
        let before = preference() + 0.4 * inconsistency(&OPINIONS);
        let after = before + 0.3 * mean_entropy(&OPINIONS);
        for (progress, expected) in [(0.0, before), (0.249, before), (0.25, after), (1.0, after)] {
            close(&read(of(&SETTINGS, &OPINIONS, progress).loss), &[expected]);
        }
    }

    #[test]
    fn the_loss_has_the_gradient_of_finite_differences_in_the_opinions() {
        let leaves = OPINIONS.map(|judge| tensor(&judge).require_grad());
        let gradients = objective(&SETTINGS, &leaves, &leaves, 1.0).loss.sum().backward();
        // What depends on the opinions: which pairs count is a decision and has no gradient.
        let cost = |opinions: &[[f32; 4]; 3]| 0.4 * inconsistency(opinions) + 0.3 * mean_entropy(opinions);
        let step = 1e-2_f32;
        for (judge, leaf) in leaves.iter().enumerate() {
            let found = read(leaf.grad(&gradients).unwrap());
            for (pair, found) in found.into_iter().enumerate() {
                let moved = |by: f32| {
                    let mut opinions = OPINIONS;
                    opinions[judge][pair] += by;
                    cost(&opinions)
                };
                let expected = (moved(step) - moved(-step)) / (2.0 * f64::from(step));
                assert!((f64::from(found) - expected).abs() < 1e-4, "judge {judge}, pair {pair}: {found}, {expected}");
            }
        }
    }

    /// Through the judges into the model: that is how they get better, and what is lost if opinions are detached.
    #[test]
    fn the_penalty_and_the_entropy_reach_the_weights_behind_the_judges_and_the_verdict_does_not() {
        let tokenizer = Tokenizer::parse(&Rules.tokenizer_json()).unwrap();
        let model = Decoder::random(Config::llama(16, 32, 1, 2, 1, tokenizer.size()), 3, &[], &device::cpu());
        let [prompt, first, second] =
            ["must:fox never:any <resp>", "the fox", "sun moon"].map(|text| tokenizer.encode_piece(text).unwrap());
        let pairs = [Comparison { prompt: &prompt, answers: [&first, &second] }; 4];
        let judges = Rules.judge_prompts();
        let judges = judges.iter().map(|prompt| Generative::new(prompt, Form::Pointwise, &tokenizer).unwrap());
        let judges: Vec<Generative> = judges.collect();
        assert!(judges.len() > 1);
        let moved = |settings: &Agreement| {
            let tracked = model.tracked();
            let opinions: Vec<_> = judges.iter().map(|judge| judge.preference_logits(&tracked, &pairs)).collect();
            let loss = objective(settings, &opinions, &opinions, 1.0).loss.sum();
            gradients(&tracked, &loss).into_iter().flat_map(read).map(f32::abs).sum::<f32>()
        };
        let off = Agreement { consistency: 0.0, confidence: 0.0, ..SETTINGS };
        assert!(moved(&Agreement { confidence: 0.0, ..SETTINGS }) > 0.0);
        assert!(moved(&Agreement { consistency: 0.0, ..SETTINGS }) > 0.0);
        assert_eq!(moved(&off).to_bits(), 0.0_f32.to_bits());
        assert_eq!(moved(&Agreement { filter: false, ..off }).to_bits(), 0.0_f32.to_bits());
    }
}
