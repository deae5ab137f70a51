//! The texts of the world: authors with tastes, and what its users say about what they wrote.

use super::{
    attributes::{Attributes, CLASSES},
    draw,
    users::Population,
};
use crate::{
    rng::{Purpose, Stream},
    world::{
        Demonstration, Judgement,
        rules::{CHECK_NOISE, Constraints, FILLERS, RUBRICS, answer_with, corpus::corpus_of, truths},
    },
};

/// How often an author's words are of the class that the author likes best; the others are of any class.
const LOYALTY: f64 = 0.75;

/// Somebody who writes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Author {
    /// How often a constraint is met on purpose rather than broken.
    pub quality: f64,
    /// The favourite class of words, by its position.
    pub favourite: usize,
    /// How often a free word is of the favourite class, if it is no filler.
    pub loyalty: f64,
    /// The share of fillers among free words.
    pub fillers: f64,
}

impl Author {
    /// Somebody of any quality and taste.
    pub(super) fn any(stream: &mut Stream) -> Self {
        Self {
            quality: stream.uniform(),
            favourite: stream.below(CLASSES.len()),
            loyalty: LOYALTY,
            fillers: 0.2 + 0.6 * stream.uniform(),
        }
    }

    /// An answer.
    pub(super) fn write(&self, constraints: &Constraints, stream: &mut Stream) -> String {
        let free = |stream: &mut Stream, _: &[&str]| {
            if stream.chance(self.fillers) {
                return FILLERS[stream.below(FILLERS.len())];
            }
            let class = if stream.chance(self.loyalty) { self.favourite } else { stream.below(CLASSES.len()) };
            CLASSES[class][stream.below(CLASSES[class].len())]
        };
        answer_with(constraints, self.quality, free, stream)
    }
}

/// Answers that take no notice of their prompts.
pub(super) fn language(seed: u64, count: usize) -> Vec<Demonstration> {
    corpus_of((seed, 10), count, draw, |_, stream| {
        let other = draw(stream);
        Author::any(stream).write(&other, stream)
    })
}

/// Answers of authors drawn afresh for each.
pub(super) fn demonstrations(seed: u64, count: usize) -> Vec<Demonstration> {
    corpus_of((seed, 11), count, draw, |constraints, stream| Author::any(stream).write(constraints, stream))
}

/// Seed judgements in the form of Rules, with the same justification. Each is one user's, drawn evenly; the
/// variants differ in the constraints that they look at first. A score is the user's utility on the scale from 0 to
/// 5. Verdicts are wrong with probability `noise`, labels of the justification with [`CHECK_NOISE`] times that.
pub(super) fn judgements(population: Population, seed: u64, count: usize, noise: f64) -> Vec<Judgement> {
    (0..count)
        .map(|index| {
            let mut stream = Stream::new(seed, Purpose::Corpus, 12, index as u64);
            let constraints = draw(&mut stream);
            let (variant, user) = (stream.below(RUBRICS.len()), stream.below(3));
            let first = Author::any(&mut stream).write(&constraints, &mut stream);
            let second = stream.chance(0.4).then(|| Author::any(&mut stream).write(&constraints, &mut stream));
            let prompt = constraints.prompt();
            let mut checks = Vec::new();
            let mut seen = Vec::new();
            for text in std::iter::once(&first).chain(&second) {
                for (kind, truth) in RUBRICS[variant].iter().zip(truths(&constraints, RUBRICS[variant], text)) {
                    if let Some(truth) = truth {
                        let label = if truth == stream.chance(noise * CHECK_NOISE) { "no" } else { "yes" };
                        checks.push((constraints.checked_slot(*kind), label.to_owned()));
                    }
                }
                let attributes = Attributes::of(&prompt, text);
                if second.is_some() {
                    let noisy = stream.chance(noise * CHECK_NOISE);
                    let score = if noisy { stream.below(6) } else { score(population.utilities(&attributes)[user]) };
                    checks.push((format!("<judge:{}>", variant + 1), score.to_string()));
                }
                seen.push(attributes);
            }
            let verdict = match &seen[..] {
                [a, b] => {
                    let first_better = stream.chance(population.choices([a, b])[user]);
                    if first_better == stream.chance(noise) { "B" } else { "A" }.to_owned()
                }
                _ if stream.chance(noise) => stream.below(6).to_string(),
                seen => score(seen.iter().map(|a| population.utilities(a)[user]).sum()).to_string(),
            };
            Judgement { variant, prompt, first, second, checks, verdict }
        })
        .collect()
}

/// A utility on the scale from 0 to 5, rounded to the nearest.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // from 0 to 5
fn score(utility: f64) -> usize {
    (5.0 * utility.clamp(0.0, 1.0)).round() as usize
}

/// Pairs as one user each, drawn evenly, chose; the wrong way round with probability `noise`.
pub(super) fn preferences(
    population: Population,
    seed: u64,
    count: usize,
    noise: f64,
) -> Vec<(String, String, String)> {
    let mut pairs = Vec::with_capacity(count);
    for index in 0.. {
        if pairs.len() == count {
            break;
        }
        let mut stream = Stream::new(seed, Purpose::Corpus, 13, index);
        let constraints = draw(&mut stream);
        let first = Author::any(&mut stream).write(&constraints, &mut stream);
        let second = Author::any(&mut stream).write(&constraints, &mut stream);
        if first == second {
            continue;
        }
        let prompt = constraints.prompt();
        let p = population.prefers([&Attributes::of(&prompt, &first), &Attributes::of(&prompt, &second)]);
        let pair = if stream.chance(p) == stream.chance(noise) { (second, first) } else { (first, second) };
        pairs.push((prompt, pair.0, pair.1));
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::cast_precision_loss)]
    fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
        let values: Vec<f64> = values.into_iter().collect();
        values.iter().sum::<f64>() / values.len() as f64
    }

    #[test]
    fn authors_write_what_they_like_and_obey_as_well_as_they_can() {
        for (favourite, name) in ["animals", "plants", "weather"].iter().enumerate() {
            let author = Author { quality: 1.0, favourite, loyalty: 1.0, fillers: 0.2 };
            let texts = (0..200).map(|index| {
                let mut stream = Stream::new(1, Purpose::Corpus, 99, index);
                let constraints = draw(&mut stream);
                Attributes::of(&constraints.prompt(), &author.write(&constraints, &mut stream))
            });
            let texts: Vec<Attributes> = texts.collect();
            assert!(mean(texts.iter().map(|a| a.obedience)) > 0.95);
            let share = mean(texts.iter().map(|a| [a.animals, a.plants, a.weather][favourite]));
            assert!(share > 0.9, "{name}: {share}");
        }
    }

    #[test]
    fn demonstrations_are_of_mixed_quality() {
        let rows = demonstrations(5, 1000);
        let obedience = mean(rows.iter().map(|row| Attributes::of(&row.prompt, &row.answer).obedience));
        assert!((0.35..0.65).contains(&obedience), "{obedience}");
        assert!(rows.iter().all(|row| row.answer.split_whitespace().count() <= crate::world::rules::LONGEST_ANSWER));
    }

    /// With `p` the probability that the population prefers the chosen answer, users whose choice is turned with
    /// probability ε choose it with `(1−ε)p + ε(1−p)`, whichever of the two it is.
    #[test]
    fn preferences_are_as_likely_as_the_population_and_the_noise_make_them() {
        for (population, noise) in [(Population::CYCLIC, 0.0), (Population::CYCLIC, 0.25), (Population::PLURAL, 0.25)] {
            let of = |prompt: &str, a: &str, b: &str| {
                population.prefers([&Attributes::of(prompt, a), &Attributes::of(prompt, b)])
            };
            let chosen: Vec<f64> =
                preferences(population, 4, 3000, noise).iter().map(|(x, w, l)| of(x, w, l)).collect();
            let turned = |p: f64| (1.0 - noise) * p + noise * (1.0 - p);
            let expected = mean(chosen.iter().map(|p| turned(*p) * p + (1.0 - turned(*p)) * (1.0 - p)));
            let found = mean(chosen.iter().copied());
            assert!((found - expected).abs() < 0.015, "{found} instead of {expected}");
        }
    }

    #[test]
    fn checks_are_wrong_at_a_fifth_of_the_noise_and_verdicts_follow_users() {
        let rows = judgements(Population::CYCLIC, 3, 4000, 0.25);
        let (mut wrong, mut all) = (0.0, 0.0);
        for row in &rows {
            let constraints = Constraints::parse(&row.prompt);
            let truth = std::iter::once(&row.first).chain(&row.second);
            let truth = truth.flat_map(|text| truths(&constraints, RUBRICS[row.variant], text)).flatten();
            let labels = row.checks.iter().filter(|(slot, _)| !slot.starts_with('<'));
            for (truth, (_, label)) in truth.zip(labels) {
                all += 1.0;
                wrong += f64::from(u8::from(truth != (label == "yes")));
            }
        }
        assert!((wrong / all - 0.05_f64).abs() < 0.01, "{}", wrong / all);
        let agreeing = rows.iter().filter_map(|row| {
            let of = |text: &str| Attributes::of(&row.prompt, text);
            let p = Population::CYCLIC.prefers([&of(&row.first), &of(row.second.as_ref()?)]);
            Some(f64::from(u8::from((p > 0.5) == (row.verdict == "A"))))
        });
        let agreeing = mean(agreeing);
        // Single users with a quarter of noise often contradict the majority, but not always.
        assert!((0.55..0.75).contains(&agreeing), "{agreeing}");
    }
}
