//! The internal judges: symmetry, range, what they say without knowledge, and their gradients.

use burn::tensor::{Tensor, activation::sigmoid};
use selfsame_core::{
    device::readings,
    judge::{Comparison, Form, Generative, Implicit, default_prompts},
    learn::{Batch, Sequence, batch::score},
    model::{Decoder, Mapper},
    world::{World, rules::Rules},
};
use selfsame_tests::{constant_model, gradients, read, rules_tokenizer, tiny, vector};

/// Prompts with two answers each, in tokens.
fn rows(count: usize) -> Vec<[Vec<u32>; 3]> {
    let tokenizer = rules_tokenizer();
    let texts = Rules.preferences(6, count, 0.0);
    texts
        .iter()
        .map(|(prompt, first, second)| {
            let piece = |text: &str| tokenizer.encode_piece(text).unwrap();
            [tokenizer.encode(prompt).unwrap(), piece(first), piece(second)]
        })
        .collect()
}

fn comparisons(rows: &[[Vec<u32>; 3]], swapped: bool) -> Vec<Comparison<'_>> {
    rows.iter()
        .map(|[prompt, first, second]| Comparison {
            prompt,
            answers: if swapped { [second, first] } else { [first, second] },
        })
        .collect()
}

fn judges(form: Form) -> Vec<Generative> {
    let tokenizer = rules_tokenizer();
    Rules.judge_prompts().iter().map(|prompt| Generative::new(prompt, form, &tokenizer).unwrap()).collect()
}

/// The model with the weights of one name replaced.
fn replaced(model: &Decoder, name: &str, edit: impl Fn(Vec<f32>) -> Vec<f32>) -> Decoder {
    struct Edit<'a, F>(&'a str, F, usize);
    impl<F: Fn(Vec<f32>) -> Vec<f32>> Mapper for Edit<'_, F> {
        fn map<const D: usize>(&mut self, name: &str, weight: Tensor<D>) -> Tensor<D> {
            if name != self.0 {
                return weight;
            }
            self.2 += 1;
            vector(&(self.1)(read(&weight))).reshape(weight.dims())
        }
    }
    let mut edit = Edit(name, edit, 0);
    let weights = model.weights().clone().map(&mut edit);
    assert_eq!(edit.2, 1, "there is one weight {name}");
    model.with_weights(weights)
}

/// A model that knows nothing: its logits are all zero.
fn ignorant() -> Decoder {
    replaced(&tiny(1), "model.norm.weight", |values| vec![0.0; values.len()])
}

#[test]
fn swapping_the_answers_turns_the_preference_round() {
    let (model, rows) = (tiny(1), rows(9));
    for form in [Form::Pointwise, Form::Pairwise] {
        for judge in judges(form) {
            let straight = read(&judge.preference_logits(&model, &comparisons(&rows, false)));
            let swapped = read(&judge.preference_logits(&model, &comparisons(&rows, true)));
            assert!(
                straight.iter().any(|logit| logit.abs() > 1e-3),
                "{}: the judge has opinions: {straight:?}",
                judge.name()
            );
            for (a, b) in straight.iter().zip(&swapped) {
                assert!((a + b).abs() < 1e-5, "{form:?}, {}: {a} and {b}", judge.name());
            }
            let preferred = pollster::block_on(judge.prefer(&model, &comparisons(&rows, false), 4096)).unwrap();
            for (p, logit) in preferred.iter().zip(read(&sigmoid(vector(&straight)))) {
                assert!((p - logit).abs() < 1e-5, "{form:?}: {p} and {logit}");
            }
        }
    }
}

#[test]
fn equal_answers_are_preferred_by_nobody() {
    let model = tiny(1);
    let mut rows = rows(4);
    for row in &mut rows {
        row[2] = row[1].clone();
    }
    for form in [Form::Pointwise, Form::Pairwise] {
        for judge in judges(form) {
            for logit in read(&judge.preference_logits(&model, &comparisons(&rows, false))) {
                assert!(logit.abs() < 1e-5, "{form:?}: {logit}");
            }
        }
    }
}

#[test]
fn scores_keep_to_the_scale_and_do_not_depend_on_the_company() {
    let (model, rows) = (tiny(1), rows(12));
    // A louder model is surer of itself, and still within the scale.
    let loud = replaced(&model, "model.norm.weight", |values| values.iter().map(|v| v * 50.0).collect());
    for model in [model, loud] {
        for judge in judges(Form::Pointwise) {
            let items: Vec<(&[u32], &[u32])> =
                rows.iter().flat_map(|[p, a, b]| [(&p[..], &a[..]), (&p[..], &b[..])]).collect();
            let scores = pollster::block_on(judge.score(&model, &items, 10_000)).unwrap();
            assert_eq!(scores.len(), items.len());
            assert!(scores.iter().all(|score| (0.0..=5.0).contains(score)), "{scores:?}");
            let spread =
                scores.iter().fold(f32::MIN, |a, b| a.max(*b)) - scores.iter().fold(f32::MAX, |a, b| a.min(*b));
            assert!(spread > 1e-3, "the judge tells answers apart: {scores:?}");
            for budget in [1, 90] {
                let again = pollster::block_on(judge.score(&model, &items, budget)).unwrap();
                for (a, b) in scores.iter().zip(&again) {
                    assert!((a - b).abs() < 2e-4, "budget {budget}: {a} and {b}");
                }
            }
        }
    }
}

#[test]
fn without_knowledge_the_score_is_in_the_middle_and_the_verdict_open() {
    let (model, rows) = (ignorant(), rows(3));
    for judge in judges(Form::Pointwise) {
        let items: Vec<(&[u32], &[u32])> = rows.iter().map(|[p, a, _]| (&p[..], &a[..])).collect();
        for score in read(&judge.expected_scores(&model, &items)) {
            assert!((score - 2.5).abs() < 1e-6, "{score}");
        }
    }
    for form in [Form::Pointwise, Form::Pairwise] {
        for judge in judges(form) {
            for p in pollster::block_on(judge.prefer(&model, &comparisons(&rows, false), 4096)).unwrap() {
                assert!((p - 0.5).abs() < 1e-6, "{form:?}: {p}");
            }
        }
    }
}

/// A model that says the same whatever it reads.
fn stubborn(opinions: &[(&str, f32)]) -> Decoder {
    let tokenizer = rules_tokenizer();
    let mut logits = vec![0.0; tokenizer.size()];
    for (label, logit) in opinions {
        logits[tokenizer.single(label).unwrap() as usize] = *logit;
    }
    constant_model(&logits)
}

#[test]
fn a_judge_that_always_says_a_changes_every_verdict_with_the_order() {
    let rows = rows(5);
    let pairs = comparisons(&rows, false);
    let biased = stubborn(&[("A", 2.0), ("B", -1.0)]);
    for judge in judges(Form::Pairwise) {
        let flips = pollster::block_on(judge.both_orders(&biased, &pairs, 300)).unwrap().flips;
        assert!((flips - 1.0).abs() < 1e-12, "{flips}");
        // Asked in both orders, such a judge has no preference.
        for logit in read(&judge.preference_logits(&biased, &pairs)) {
            assert!(logit.abs() < 1e-6, "{logit}");
        }
    }
    for judge in judges(Form::Pointwise) {
        let flips = pollster::block_on(judge.both_orders(&biased, &pairs, 300)).unwrap().flips;
        assert!(flips.abs() < 1e-12, "a score does not know the other answer");
    }
}

#[test]
fn preference_and_flips_come_of_the_same_forward_passes() {
    let (model, rows) = (tiny(1), rows(9));
    let pairs = comparisons(&rows, false);
    let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<u32>>();
    for form in [Form::Pointwise, Form::Pairwise] {
        for (judge, prompt) in judges(form).iter().zip(Rules.judge_prompts()) {
            let before = readings();
            let preferred = pollster::block_on(judge.prefer(&model, &pairs, 300)).unwrap();
            let needed = readings() - before;
            let both = pollster::block_on(judge.both_orders(&model, &pairs, 300)).unwrap();
            assert_eq!(readings() - before, 2 * needed, "{form:?}: no more is read than for the preference alone");
            assert_eq!(bits(&both.preferred), bits(&preferred), "{form:?}, {}", judge.name());
            if form == Form::Pointwise {
                continue;
            }
            // By the logits of single texts: a verdict stays where it is if the same label is likelier in both orders.
            let [a, b] = prompt.verdicts.each_ref().map(|label| rules_tokenizer().single(label).unwrap());
            let says_a = |row: &[Vec<u32>; 3], [first, second]: [usize; 2]| {
                let text = judge.pairwise_sequence(&row[0], &row[first], &row[second], a);
                let logits = read(&Batch::new(&[&text], &model.device()).logits(&model));
                logits[a as usize] > logits[b as usize]
            };
            let flipped = rows.iter().filter(|row| says_a(row, [1, 2]) == says_a(row, [2, 1])).count();
            #[allow(clippy::cast_precision_loss)] // pair counts
            let expected = flipped as f64 / rows.len() as f64;
            assert!((both.flips - expected).abs() < 1e-12, "{}: {} and {expected}", judge.name(), both.flips);
        }
    }
}

#[test]
fn the_expected_score_is_the_mean_over_the_score_tokens_alone() {
    let rows = rows(2);
    let items: Vec<(&[u32], &[u32])> = rows.iter().map(|[p, a, _]| (&p[..], &a[..])).collect();
    // What is not a score does not count, however loud it is; nor does what all scores have more of.
    let model = stubborn(&[("0", 0.5), ("1", -1.0), ("4", 2.0), ("5", 1.0), ("fox", 30.0)]);
    let louder = stubborn(&[("0", 3.5), ("1", 2.0), ("2", 3.0), ("3", 3.0), ("4", 5.0), ("5", 4.0), ("fox", 30.0)]);
    let weights: Vec<f64> = [0.5, -1.0, 0.0, 0.0, 2.0, 1.0].map(f64::exp).into();
    let mean = weights.iter().zip([0.0, 1.0, 2.0, 3.0, 4.0, 5.0]).map(|(w, k)| w * k).sum::<f64>()
        / weights.iter().sum::<f64>();
    for judge in judges(Form::Pointwise) {
        for score in [&model, &louder].into_iter().flat_map(|model| read(&judge.expected_scores(model, &items))) {
            assert!((f64::from(score) - mean).abs() < 1e-5, "{score} instead of {mean}");
        }
    }
}

#[test]
fn the_implicit_reward_of_the_base_itself_is_zero() {
    let (model, rows) = (tiny(1), rows(5));
    let sequences: Vec<Sequence> = rows.iter().map(|[p, a, _]| Sequence::completion(p, a)).collect();
    let total = |model: &Decoder| -> Vec<f64> {
        let scores = pollster::block_on(score(model, &sequences, 4096)).unwrap();
        scores.iter().map(|row| row.iter().map(|l| f64::from(*l)).sum()).collect()
    };
    let (policy, base, other) = (total(&model), total(&model.clone()), total(&tiny(2)));
    for length_power in [0.0, 0.5, 1.0] {
        let implicit = Implicit { beta: 0.7, length_power };
        for index in 0..rows.len() {
            let length = rows[index][1].len();
            assert!(implicit.reward(policy[index], base[index], length).abs() < 1e-12);
            #[allow(clippy::cast_precision_loss)]
            let expected = 0.7 * (policy[index] - other[index]) / (length as f64).powf(length_power);
            let reward = implicit.reward(policy[index], other[index], length);
            assert!((reward - expected).abs() < 1e-9 && reward.abs() > 1e-3, "{reward}");
        }
        #[allow(clippy::cast_possible_truncation)]
        let as_tensor = |values: &[f64]| vector(&values.iter().map(|v| *v as f32).collect::<Vec<_>>());
        let lengths: Vec<usize> = rows.iter().map(|row| row[1].len()).collect();
        let same = [as_tensor(&policy), as_tensor(&policy)];
        let logits = implicit.preference_logits(same.clone(), same, [&lengths, &lengths]);
        assert!(read(&logits).iter().all(|logit| *logit == 0.0));
        // As a tensor it is the difference of the rewards.
        let reversed: Vec<f64> = policy.iter().rev().copied().collect();
        let lengths_reversed: Vec<usize> = lengths.iter().rev().copied().collect();
        let base = [as_tensor(&other), as_tensor(&other)];
        let logits =
            implicit.preference_logits([as_tensor(&policy), as_tensor(&reversed)], base, [&lengths, &lengths_reversed]);
        for (index, logit) in read(&logits).into_iter().enumerate() {
            let first = implicit.reward(policy[index], other[index], lengths[index]);
            let second = implicit.reward(reversed[index], other[index], lengths_reversed[index]);
            assert!((f64::from(logit) - (first - second)).abs() < 1e-4, "{logit}");
        }
    }
}

/// A model that is surer of itself than a random one, so that differences stand out from rounding.
fn outspoken() -> Decoder {
    replaced(&tiny(1), "model.norm.weight", |values| values.iter().map(|v| v * 4.0).collect())
}

/// Compares the gradient of `value` by one element of a weight, the one with the largest gradient,
/// with a central difference.
fn check_gradient(value: &dyn Fn(&Decoder) -> Tensor<1>, weight: &str, what: &str) {
    let model = outspoken();
    let tracked = model.tracked();
    let gradient = gradients(&tracked, &value(&tracked).sum()).remove(weight).unwrap();
    let (element, gradient) = gradient.into_iter().enumerate().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())).unwrap();
    let gradient = f64::from(gradient);
    let step = 1e-2_f32;
    let at = |shift: f32| {
        let moved = replaced(&model, weight, |mut values| {
            values[element] += shift;
            values
        });
        read(&value(&moved)).into_iter().map(f64::from).sum::<f64>()
    };
    let difference = (at(step) - at(-step)) / f64::from(2.0 * step);
    assert!(gradient.abs() > 2e-3, "{what}, {weight}: a gradient of {gradient} tests nothing");
    assert!((gradient / difference - 1.0).abs() < 1e-2, "{what}, {weight}[{element}]: {gradient} and {difference}");
}

#[test]
fn judgements_have_gradients() {
    let rows = rows(6);
    let items: Vec<(&[u32], &[u32])> = rows.iter().map(|[p, a, _]| (&p[..], &a[..])).collect();
    let weights = ["model.norm.weight", "model.layers.1.post_attention_layernorm.weight"];
    for judge in judges(Form::Pointwise) {
        for weight in weights {
            check_gradient(&|model| judge.expected_scores(model, &items), weight, "expected score");
        }
    }
    for form in [Form::Pointwise, Form::Pairwise] {
        for judge in judges(form) {
            // The preferences of all rows cancel in part; one row at a time does not.
            let first = comparisons(&rows[..1], false);
            for weight in weights {
                check_gradient(
                    &|model| judge.preference_logits(model, &first),
                    weight,
                    &format!("{form:?} preference"),
                );
            }
        }
    }
}

#[test]
fn labels_of_several_tokens_and_unknown_placeholders_are_refused() {
    let tokenizer = rules_tokenizer();
    let good = Rules.judge_prompts().remove(0);
    let refused = |edit: &dyn Fn(&mut selfsame_core::judge::JudgePrompt)| {
        let mut prompt = good.clone();
        edit(&mut prompt);
        Generative::new(&prompt, Form::Pointwise, &tokenizer).unwrap_err().to_string()
    };
    assert!(refused(&|p| p.scores[2] = "the fox".to_owned()).contains("the fox"));
    assert!(refused(&|p| p.verdicts[1] = "the fox".to_owned()).contains("the fox"));
    assert!(refused(&|p| p.pointwise += " {thing}").contains("{thing}"));
    assert!(refused(&|p| p.pointwise = "{prompt}".to_owned()).contains("{response}"));
    assert!(refused(&|p| p.pairwise = p.pairwise.replace("{other}", "{response}")).contains("{response}"));
    assert!(refused(&|p| p.scores.truncate(1)).contains("two"));
    assert_eq!(default_prompts().len(), 2);
}
