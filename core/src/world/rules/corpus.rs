//! The texts of the world: its language, demonstrations of mixed quality, noisy judgements.

use super::{
    Demonstration, Judgement, LONGEST_ANSWER,
    constraint::{Band, Constraints, Kind},
    vocabulary::{FILLERS, WORDS},
};
use crate::{
    judge::JudgePrompt,
    rng::{Purpose, Stream},
};

/// What each judge variant looks at. The halves share nothing, so that the variants make
/// *different* mistakes: each is blind to what the other sees.
pub(in crate::world) const RUBRICS: [&[Kind]; 2] =
    [&[Kind::Must, Kind::Never, Kind::First, Kind::Last], &[Kind::Order, Kind::Count, Kind::Length]];

/// The justification's labels are wrong this often, relative to the verdicts.
pub(in crate::world) const CHECK_NOISE: f64 = 0.2;

/// How often the teacher tries to meet a constraint.
pub(in crate::world) const TEACHER_QUALITY: f64 = 0.85;

/// Share of filler words in free positions.
const FILLER_RATE: f64 = 0.8;

/// How often a free word comes before one that was asked for.
const RAMBLE: f64 = 0.3;

/// One judge prompt per rubric. The prompt comes after the answer and serves as the list of what to
/// look for: at each of its slots one glance back tells whether the answer meets it. The variants
/// differ in nothing but the mark that asks for the opinion.
pub(super) fn judge_prompts() -> Vec<JudgePrompt> {
    (1..=RUBRICS.len())
        .map(|k| {
            let looked_at = format!("<check> {{prompt}} <judge:{k}>");
            JudgePrompt {
                name: ["content", "form"][k - 1].to_owned(),
                pointwise: format!("<resp> {{response}} {looked_at}"),
                pairwise: format!("<resp> {{response}} {looked_at} <versus> {{other}} {looked_at} <verdict:{k}>"),
                scores: (0..=5).map(|score| score.to_string()).collect(),
                verdicts: ["A".to_owned(), "B".to_owned()],
                turn: None,
            }
        })
        .collect()
}

/// A free word: filler or any word that is not in `taboo`.
pub(super) fn free_word(stream: &mut Stream, taboo: &[&str]) -> &'static str {
    if stream.chance(FILLER_RATE) {
        return FILLERS[stream.below(FILLERS.len())];
    }
    loop {
        let word = WORDS[stream.below(WORDS.len())];
        if !taboo.contains(&word) {
            return word;
        }
    }
}

/// An answer that tries to meet each constraint with probability `quality` and to break it
/// otherwise. Constraints can get in each other's way, so the intention is not always reached.
///
/// The authors of this world write what they were asked for first, in the order of the slots, and
/// then ramble: a small model can pick that up in minutes. How much they ramble in between, and
/// with which words, is free.
pub(in crate::world) fn answer(constraints: &Constraints, quality: f64, stream: &mut Stream) -> String {
    answer_with(constraints, quality, free_word, stream)
}

/// [`answer`] of an author who has words of their own for what is free. `free` is given the words that it must not
/// be.
pub(in crate::world) fn answer_with(
    constraints: &Constraints,
    quality: f64,
    free: impl Fn(&mut Stream, &[&str]) -> &'static str,
    stream: &mut Stream,
) -> String {
    let mut wants = |present: bool| present.then(|| stream.chance(quality));
    let must = wants(constraints.must.is_some());
    let never = wants(constraints.never.is_some());
    let first = wants(constraints.first.is_some());
    let last = wants(constraints.last.is_some());
    let order = wants(constraints.order.is_some());
    let count = wants(constraints.count.is_some());
    let length = wants(constraints.length.is_some());

    let taboo = constraints.words();
    let mut asked: Vec<&str> = Vec::new();
    if let (Some(word), Some(true)) = (&constraints.must, must) {
        asked.push(word);
    }
    if let (Some((early, late)), Some(met)) = (&constraints.order, order) {
        if met {
            asked.extend([early.as_str(), late]);
        } else {
            asked.extend([&[late.as_str(), early.as_str()][..], &[early], &[late]][stream.below(3)]);
        }
    }
    if let (Some((word, times)), Some(met)) = (&constraints.count, count) {
        let times = if met { *times } else { [*times - 1, *times + 1, 0][stream.below(3)] };
        asked.extend(std::iter::repeat_n(word.as_str(), times));
    }
    if let (Some(word), Some(false)) = (&constraints.never, never) {
        asked.insert(stream.below(asked.len() + 1), word);
    }

    let mut words: Vec<&str> = vec![match (&constraints.first, first) {
        (Some(word), Some(true)) => word,
        _ => free(stream, &taboo),
    }];
    for word in asked {
        if stream.chance(RAMBLE) {
            words.push(free(stream, &taboo));
        }
        words.push(word);
    }
    let band = constraints.length.filter(|_| length == Some(true));
    let avoided = constraints.length.filter(|_| length == Some(false));
    let size = loop {
        let band = band.unwrap_or_else(|| Band::ALL[stream.below(3)]);
        if Some(band) != avoided {
            break band.range().start() + stream.below(band.range().count());
        }
    };
    while words.len() + 1 < size.min(LONGEST_ANSWER) {
        words.push(free(stream, &taboo));
    }
    words.push(match (&constraints.last, last) {
        (Some(word), Some(true)) => word,
        _ => free(stream, &taboo),
    });
    words.join(" ")
}

/// An answer of an author who tries to meet nearly every constraint.
pub(super) fn lesson(constraints: &Constraints, stream: &mut Stream) -> String {
    answer(constraints, TEACHER_QUALITY, stream)
}

/// Answers that take no notice of their prompts.
pub(super) fn language(seed: u64, count: usize) -> Vec<Demonstration> {
    corpus(seed, 0, count, |_, stream| {
        let other = Constraints::draw(stream);
        let quality = stream.uniform();
        answer(&other, quality, stream)
    })
}

/// Answers that follow their prompts with a quality drawn afresh for each.
pub(super) fn demonstrations(seed: u64, count: usize) -> Vec<Demonstration> {
    corpus(seed, 1, count, |constraints, stream| {
        let quality = stream.uniform();
        answer(constraints, quality, stream)
    })
}

fn corpus(
    seed: u64,
    part: u32,
    count: usize,
    write: impl FnMut(&Constraints, &mut Stream) -> String,
) -> Vec<Demonstration> {
    corpus_of((seed, part), count, Constraints::draw, write)
}

/// Part `part` of what the authors of a world wrote: prompts that are drawn, and what is written to each.
pub(in crate::world) fn corpus_of(
    (seed, part): (u64, u32),
    count: usize,
    draw: impl Fn(&mut Stream) -> Constraints,
    mut write: impl FnMut(&Constraints, &mut Stream) -> String,
) -> Vec<Demonstration> {
    (0..count)
        .map(|index| {
            let mut stream = Stream::new(seed, Purpose::Corpus, part, index as u64);
            let constraints = draw(&mut stream);
            Demonstration { answer: write(&constraints, &mut stream), prompt: constraints.prompt() }
        })
        .collect()
}

/// Seed judgements. A verdict is wrong with probability `noise` (a wrong score is any of the six,
/// drawn evenly), a label of the justification with [`CHECK_NOISE`] times that. The justification is
/// a "yes" or "no" at every slot of the rubric and, before a comparison, the score of each answer.
pub(super) fn judgements(seed: u64, count: usize, noise: f64) -> Vec<Judgement> {
    (0..count)
        .map(|index| {
            let mut stream = Stream::new(seed, Purpose::Corpus, 2, index as u64);
            let constraints = Constraints::draw(&mut stream);
            let variant = stream.below(RUBRICS.len());
            let write = |stream: &mut Stream| {
                let quality = stream.uniform();
                answer(&constraints, quality, stream)
            };
            let first = write(&mut stream);
            let second = stream.chance(0.4).then(|| write(&mut stream));
            let mut checks = Vec::new();
            let mut totals = Vec::new();
            for text in std::iter::once(&first).chain(&second) {
                let rubric = RUBRICS[variant];
                let truths = truths(&constraints, rubric, text);
                for (kind, truth) in rubric.iter().zip(&truths) {
                    if let Some(truth) = truth {
                        let label = if *truth == stream.chance(noise * CHECK_NOISE) { "no" } else { "yes" };
                        checks.push((constraints.checked_slot(*kind), label.to_owned()));
                    }
                }
                let total = truths.iter().filter(|truth| **truth != Some(false)).count();
                totals.push(total);
                if second.is_some() {
                    let noisy = stream.chance(noise * CHECK_NOISE);
                    let score = if noisy { stream.below(6) } else { score(total, rubric.len()) };
                    checks.push((format!("<judge:{}>", variant + 1), score.to_string()));
                }
            }
            let verdict = match totals[..] {
                [a, b] => {
                    let first_better = if a == b { stream.chance(0.5) } else { a > b };
                    if first_better == stream.chance(noise) { "B" } else { "A" }.to_owned()
                }
                _ if stream.chance(noise) => stream.below(6).to_string(),
                _ => score(totals[0], RUBRICS[variant].len()).to_string(),
            };
            Judgement { variant, prompt: constraints.prompt(), first, second, checks, verdict }
        })
        .collect()
}

/// Preferences of annotators who see the whole truth, the `reward` of an answer to a prompt, and err with
/// probability `noise`.
pub(in crate::world) fn preferences(
    seed: u64,
    count: usize,
    noise: f64,
    reward: impl Fn(&str, &str) -> f64,
) -> Vec<(String, String, String)> {
    let write = |constraints: &Constraints, stream: &mut Stream| {
        let quality = stream.uniform();
        answer(constraints, quality, stream)
    };
    preferences_of((seed, 3), (count, noise), Constraints::draw, write, reward)
}

/// Part `part` of a world's texts: pairs of what its authors write to prompts that are drawn, the one of the larger
/// `reward` first, the wrong way round with probability `noise`. Pairs of equal reward are left out.
pub(in crate::world) fn preferences_of(
    (seed, part): (u64, u32),
    (count, noise): (usize, f64),
    draw: impl Fn(&mut Stream) -> Constraints,
    write: impl Fn(&Constraints, &mut Stream) -> String,
    reward: impl Fn(&str, &str) -> f64,
) -> Vec<(String, String, String)> {
    let mut pairs = Vec::with_capacity(count);
    for index in 0.. {
        if pairs.len() == count {
            break;
        }
        let mut stream = Stream::new(seed, Purpose::Corpus, part, index);
        let constraints = draw(&mut stream);
        let (first, second) = (write(&constraints, &mut stream), write(&constraints, &mut stream));
        let prompt = constraints.prompt();
        let difference = reward(&prompt, &first) - reward(&prompt, &second);
        if difference == 0.0 {
            continue;
        }
        let pair = if (difference > 0.0) == stream.chance(noise) { (second, first) } else { (first, second) };
        pairs.push((prompt, pair.0, pair.1));
    }
    pairs
}

/// Whether each part of the rubric is satisfied; `None` where the prompt does not ask for it.
pub(in crate::world) fn truths(constraints: &Constraints, rubric: &[Kind], answer: &str) -> Vec<Option<bool>> {
    let words: Vec<&str> = answer.split_whitespace().collect();
    rubric.iter().map(|kind| constraints.met(*kind, &words)).collect()
}

/// `satisfied` of `of` on the scale 0 to 5, rounded to the nearest.
fn score(satisfied: usize, of: usize) -> usize {
    (10 * satisfied + of) / (2 * of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demonstrations_are_of_mixed_quality() {
        let rows = demonstrations(5, 2000);
        let grades: Vec<_> = rows.iter().map(|d| super::super::grade(&d.prompt, &d.answer)).collect();
        #[allow(clippy::cast_precision_loss)]
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let reward = mean(&grades.iter().map(|g| g.reward).collect::<Vec<_>>());
        let all = mean(&grades.iter().map(|g| f64::from(u8::from(g.all_met))).collect::<Vec<_>>());
        assert!((0.42..0.60).contains(&reward), "mean oracle reward {reward}");
        assert!((0.08..0.30).contains(&all), "all constraints met in {all}");
    }

    #[test]
    fn quality_one_meets_nearly_everything_and_zero_nearly_nothing() {
        let mean = |quality: f64| {
            let mut total = 0.0;
            for index in 0..500 {
                let mut stream = Stream::new(9, Purpose::Corpus, 9, index);
                let constraints = Constraints::draw(&mut stream);
                let text = answer(&constraints, quality, &mut stream);
                total += super::super::grade(&constraints.prompt(), &text).reward;
            }
            total / 500.0
        };
        assert!(mean(1.0) > 0.9, "{}", mean(1.0));
        assert!(mean(0.0) < 0.2, "{}", mean(0.0));
    }

    #[test]
    fn the_known_noise_is_the_noise() {
        let wrong = |noise: f64| {
            let rows = judgements(3, 4000, noise);
            let mut counts = (0_u32, 0_u32);
            for row in &rows {
                let constraints = Constraints::parse(&row.prompt);
                let rubric = RUBRICS[row.variant];
                let truth: Vec<bool> = std::iter::once(&row.first)
                    .chain(&row.second)
                    .flat_map(|text| truths(&constraints, rubric, text))
                    .flatten()
                    .collect();
                let labels: Vec<_> = row.checks.iter().filter(|(slot, _)| !slot.starts_with('<')).collect();
                assert_eq!(truth.len(), labels.len());
                for (truth, (_, label)) in truth.iter().zip(labels) {
                    counts.0 += u32::from(*truth != (label == "yes"));
                    counts.1 += 1;
                }
            }
            f64::from(counts.0) / f64::from(counts.1)
        };
        assert!(wrong(0.0).abs() < 1e-12);
        assert!((wrong(0.25) - 0.05).abs() < 0.01, "{}", wrong(0.25));
    }

    #[test]
    fn preferences_are_wrong_as_often_as_they_say() {
        let reward = |prompt: &str, answer: &str| super::super::grade(prompt, answer).reward;
        let rows = preferences(4, 1000, 0.25, reward);
        let wrong = rows.iter().filter(|(x, w, l)| reward(x, w) < reward(x, l)).count();
        assert!((200..300).contains(&wrong), "{wrong}");
    }

    #[test]
    fn scores_round_to_the_scale() {
        assert_eq!((0..=4).map(|k| score(k, 4)).collect::<Vec<_>>(), [0, 1, 3, 4, 5]);
        assert_eq!((0..=3).map(|k| score(k, 3)).collect::<Vec<_>>(), [0, 2, 3, 5]);
    }
}
