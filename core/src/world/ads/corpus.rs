//! The texts of the world: its language, seed ads of mixed quality, noisy judgements.

use super::{
    ad::{Ad, Brief, Scene},
    author::write,
    brand::Brand,
    memory::Terms,
    words::{Complexity, Pace, Valence},
};
use crate::{
    judge::JudgePrompt,
    rng::{Purpose, Stream},
    world::{Demonstration, Judgement},
};

/// What a judge can look for in an ad: rules of thumb, which know nothing of brands, industries or interactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Check {
    Pace,
    People,
    Clear,
    Negative,
    Arc,
    Early,
    Late,
}

/// What each judge variant looks at. The halves share nothing, so that the variants make different mistakes.
const RUBRICS: [(&str, &[Check]); 2] = [
    ("picture", &[Check::Pace, Check::People, Check::Clear]),
    ("story", &[Check::Negative, Check::Arc, Check::Early, Check::Late]),
];

/// The justification's labels are wrong this often, relative to the verdicts.
const CHECK_NOISE: f64 = 0.2;

/// How good the author is who teaches.
const TEACHER_QUALITY: f64 = 0.95;

impl Check {
    const ALL: [Self; 7] = [Self::Pace, Self::People, Self::Clear, Self::Negative, Self::Arc, Self::Early, Self::Late];

    /// The token that asks.
    const fn question(self) -> &'static str {
        match self {
            Self::Pace => "<ask:pace>",
            Self::People => "<ask:people>",
            Self::Clear => "<ask:clear>",
            Self::Negative => "<ask:negative>",
            Self::Arc => "<ask:arc>",
            Self::Early => "<ask:early>",
            Self::Late => "<ask:late>",
        }
    }

    fn holds(self, brief: &Brief, ad: &Ad) -> bool {
        let is = |valence| move |scene: &Scene| scene.emotion.valence() == valence;
        match self {
            Self::Pace => ad.pace == Pace::High,
            Self::People => 2 * ad.scenes.iter().filter(|scene| scene.has_people()).count() >= ad.scenes.len(),
            Self::Clear => ad.scenes.iter().all(|scene| scene.complexity == Complexity::Low),
            Self::Negative => ad.scenes.iter().any(is(Valence::Negative)),
            Self::Arc => {
                let rest = ad.scenes.iter().skip_while(|scene| scene.emotion.valence() != Valence::Negative);
                rest.clone().any(is(Valence::Positive))
            }
            Self::Early => ad.scenes.first().is_some_and(|scene| scene.shows(brief.brand)),
            Self::Late => ad.scenes.last().is_some_and(|scene| scene.shows(brief.brand)),
        }
    }
}

/// The tokens that ask about an ad.
pub(super) fn questions() -> [&'static str; 7] {
    Check::ALL.map(Check::question)
}

/// One judge prompt per rubric: the ad, the brief, the questions of the rubric, the mark that asks for the opinion.
pub(super) fn judge_prompts() -> Vec<JudgePrompt> {
    RUBRICS
        .iter()
        .zip(1..)
        .map(|((name, checks), k)| {
            let asked = checks.iter().map(|check| check.question()).collect::<Vec<_>>().join(" ");
            let looked_at = format!("<check> {{prompt}} {asked} <judge:{k}>");
            JudgePrompt {
                name: (*name).to_owned(),
                pointwise: format!("<resp> {{response}} {looked_at}"),
                pairwise: format!("<resp> {{response}} {looked_at} <versus> {{other}} {looked_at} <verdict:{k}>"),
                scores: (0..=5).map(|score| score.to_string()).collect(),
                verdicts: ["A".to_owned(), "B".to_owned()],
                turn: None,
            }
        })
        .collect()
}

/// A brief of a brand that is learned from.
pub(super) fn learned_brief(stream: &mut Stream) -> Brief {
    Brief::draw(Brand::COUNT, |brand| !brand.held_out(), stream)
}

fn ad_of_any_quality(brief: &Brief, stream: &mut Stream) -> Ad {
    let quality = stream.uniform();
    write(brief, quality, stream)
}

/// An ad by a good author.
pub(super) fn lesson(brief: &Brief, stream: &mut Stream) -> String {
    write(brief, TEACHER_QUALITY, stream).tokens()
}

/// Ads of all brands, each beside the brief of another.
pub(super) fn language(seed: u64, count: usize) -> Vec<Demonstration> {
    corpus(seed, 0, count, |stream| {
        let (asked, other) = (learned_brief(stream), Brief::draw(Brand::COUNT, |_| true, stream));
        (asked, ad_of_any_quality(&other, stream))
    })
}

/// Ads of brands that are learned from, by authors of all qualities.
pub(super) fn demonstrations(seed: u64, count: usize) -> Vec<Demonstration> {
    corpus(seed, 1, count, |stream| {
        let brief = learned_brief(stream);
        (brief, ad_of_any_quality(&brief, stream))
    })
}

fn corpus(seed: u64, part: u32, count: usize, draw: impl Fn(&mut Stream) -> (Brief, Ad)) -> Vec<Demonstration> {
    (0..count)
        .map(|index| {
            let (brief, ad) = draw(&mut Stream::new(seed, Purpose::Corpus, part, index as u64));
            Demonstration { prompt: brief.prompt(), answer: ad.tokens() }
        })
        .collect()
}

/// Seed judgements, by the rules of thumb of a rubric. A verdict is wrong with probability `noise` (a wrong score is
/// any of the six, drawn evenly), a label of the justification with [`CHECK_NOISE`] times that.
pub(super) fn judgements(seed: u64, count: usize, noise: f64) -> Vec<Judgement> {
    (0..count)
        .map(|index| {
            let mut stream = Stream::new(seed, Purpose::Corpus, 2, index as u64);
            let brief = learned_brief(&mut stream);
            let variant = stream.below(RUBRICS.len());
            let (_, rubric) = RUBRICS[variant];
            let first = ad_of_any_quality(&brief, &mut stream);
            let second = stream.chance(0.4).then(|| ad_of_any_quality(&brief, &mut stream));
            let (mut checks, mut totals) = (Vec::new(), Vec::new());
            for ad in std::iter::once(&first).chain(&second) {
                for check in rubric {
                    let truth = check.holds(&brief, ad);
                    let label = if truth == stream.chance(noise * CHECK_NOISE) { "no" } else { "yes" };
                    checks.push((check.question().to_owned(), label.to_owned()));
                }
                let total = rubric.iter().filter(|check| check.holds(&brief, ad)).count();
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
                _ => score(totals[0], rubric.len()).to_string(),
            };
            let second = second.map(|ad| ad.tokens());
            Judgement { variant, prompt: brief.prompt(), first: first.tokens(), second, checks, verdict }
        })
        .collect()
}

/// Preferences of annotators who know `m*` and err with probability `noise`.
pub(super) fn preferences(seed: u64, count: usize, noise: f64) -> Vec<(String, String, String)> {
    (0..count)
        .map(|index| {
            let mut stream = Stream::new(seed, Purpose::Corpus, 3, index as u64);
            let brief = learned_brief(&mut stream);
            let [first, second] = [(); 2].map(|()| ad_of_any_quality(&brief, &mut stream));
            let worth = |ad: &Ad| Terms::of(&brief, ad).logit();
            let first_better = worth(&first) > worth(&second);
            let (chosen, rejected) =
                if first_better == stream.chance(noise) { (second, first) } else { (first, second) };
            (brief.prompt(), chosen.tokens(), rejected.tokens())
        })
        .collect()
}

/// `satisfied` of `of` on the scale 0 to 5, rounded to the nearest.
fn score(satisfied: usize, of: usize) -> usize {
    (10 * satisfied + of) / (2 * of)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn truth(prompt: &str, answer: &str) -> f64 {
        Terms::of(&Brief::parse(prompt).unwrap(), &Ad::parse(answer).unwrap()).logit()
    }

    #[test]
    fn nothing_of_a_held_out_brand_is_learned_from() {
        let held_out = |prompt: &str| Brief::parse(prompt).unwrap().brand.held_out();
        let named = |ad: &str| ad.split_whitespace().filter_map(Brand::of).any(Brand::held_out);
        assert!(demonstrations(1, 500).iter().all(|row| !held_out(&row.prompt)));
        assert!(judgements(1, 500, 0.2).iter().all(|row| !held_out(&row.prompt)));
        assert!(preferences(1, 500, 0.2).iter().all(|row| !held_out(&row.0)));
        assert!(language(1, 500).iter().any(|row| named(&row.answer)), "their names are part of the language");
    }

    #[test]
    fn the_known_noise_is_the_noise() {
        let wrong = preferences(4, 1000, 0.25).iter().filter(|(x, w, l)| truth(x, w) < truth(x, l)).count();
        assert!((200..300).contains(&wrong), "{wrong}");
        assert!(preferences(4, 300, 0.0).iter().all(|(x, w, l)| truth(x, w) >= truth(x, l)));
        let wrong = |noise: f64| {
            let (mut wrong, mut all) = (0_u32, 0_u32);
            for row in judgements(3, 3000, noise) {
                let brief = Brief::parse(&row.prompt).unwrap();
                let ads = std::iter::once(&row.first).chain(&row.second).map(|text| Ad::parse(text).unwrap());
                let rubric = RUBRICS[row.variant].1;
                let truths = ads.flat_map(|ad| rubric.iter().map(|check| check.holds(&brief, &ad)).collect::<Vec<_>>());
                let labels = row.checks.iter().filter(|(asked, _)| asked.starts_with("<ask"));
                for (truth, (_, label)) in truths.zip(labels) {
                    wrong += u32::from(truth != (label == "yes"));
                    all += 1;
                }
            }
            f64::from(wrong) / f64::from(all)
        };
        assert!(wrong(0.0).abs() < 1e-12);
        assert!((wrong(0.25) - 0.05).abs() < 0.01, "{}", wrong(0.25));
    }

    #[test]
    fn rules_of_thumb_are_right_more_often_than_a_coin() {
        let (mut right, mut all) = (0_u32, 0_u32);
        for row in judgements(8, 4000, 0.0) {
            let Some(second) = &row.second else { continue };
            let difference = truth(&row.prompt, &row.first) - truth(&row.prompt, second);
            right += u32::from((difference > 0.0) == (row.verdict == "A"));
            all += 1;
        }
        let share = f64::from(right) / f64::from(all);
        assert!((0.6..0.9).contains(&share), "{share}");
    }
}
