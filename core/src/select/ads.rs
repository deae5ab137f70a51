//! Which generated ads are learned from.

use super::Candidates;
use crate::world::ads::{Ad, Brief, Validity, similarity};

/// The best ad of each brief by its score, as the positions of brief and ad among the candidates, best first. It has
/// to name its brand and no other where `brand_kept` asks for it, and must not be nearly the same as a better one for whatever brief: ads whose
/// [`similarity`] reaches `alike` are. Then the brief's next best has its turn; a brief without any is left out. An ad
/// whose score is not finite is not learned from.
#[must_use]
pub fn best_ads(candidates: &[Candidates], scores: &[Vec<f32>], brand_kept: bool, alike: f64) -> Vec<(usize, usize)> {
    let mut turns: Vec<(f32, usize, usize)> = scores
        .iter()
        .enumerate()
        .flat_map(|(brief, of)| of.iter().enumerate().map(move |(answer, score)| (*score, brief, answer)))
        .collect();
    turns.retain(|(score, _, _)| score.is_finite());
    turns.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let mut kept: Vec<(Brief, Ad)> = Vec::new();
    let mut positions = Vec::new();
    let mut served = vec![false; candidates.len()];
    for (_, at, answer) in turns {
        let Some((group, served)) = candidates.get(at).zip(served.get_mut(at)) else { continue };
        let text = group.answers.get(answer).map(|answer| answer.text.as_str()).unwrap_or_default();
        let (Ok(brief), Ok(ad)) = (Brief::parse(&group.prompt.text), Ad::parse(text)) else { continue };
        let fresh = || kept.iter().all(|(other, old)| similarity((&brief, &ad), (other, old)) < alike);
        let kept_brand = !brand_kept || Validity::of(&brief, &ad).brand_valid();
        if !*served && kept_brand && fresh() {
            *served = true;
            positions.push((at, answer));
            kept.push((brief, ad));
        }
    }
    positions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        prompt::Prompt,
        sample::{Answer, FinishReason},
    };

    fn group(brand: &str, answers: &[String]) -> Candidates {
        let answer = |text: &String| Answer {
            ids: vec![2],
            text: text.clone(),
            logprobs: Vec::new(),
            sampling_logprob: 0.0,
            finish: FinishReason::Stop,
        };
        let text = format!("{brand} entertainment film first-light 30s landscape <resp>");
        Candidates {
            prompt: Prompt { id: brand.to_owned(), text },
            ids: vec![1],
            answers: answers.iter().map(answer).collect(),
        }
    }

    fn ad(thing: &str, brand: &str) -> String {
        format!("pace:low <scene> {thing} film red on blue warm joy faces:1 clear {brand} silent")
    }

    #[test]
    fn the_best_with_its_brand_that_is_new_is_kept() {
        // Both brands sell entertainment.
        let candidates = [
            group(
                "Belado",
                &[ad("dog", "Belado"), ad("woman", "Corado"), ad("woman", "Belado"), "pace:low".to_owned()],
            ),
            group("Lumado", &[ad("woman", "Lumado"), ad("cat", "Lumado")]),
            group("Belado", &[ad("horse", "untitled")]),
        ];
        let scores = [vec![0.2, 0.9, 0.8, 1.0], vec![0.7, 0.6], vec![0.5]];
        // The rival and what is no ad are passed over; `woman` for another brand is the same template again.
        assert_eq!(best_ads(&candidates, &scores, true, 0.9), [(0, 2), (1, 1)]);
        // Where brands do not count, a rival's is the best.
        assert_eq!(best_ads(&candidates, &scores, false, 1.1), [(0, 1), (1, 0), (2, 0)]);
        // What may not be learned from leaves its turn to the next best.
        let without = [vec![0.2, 0.9, f32::NEG_INFINITY, 1.0], vec![0.7, 0.6], vec![f32::NEG_INFINITY]];
        assert_eq!(best_ads(&candidates, &without, true, 1.1), [(1, 0), (0, 0)]);
        // Where nothing counts as alike, the best of every brief is kept.
        assert_eq!(best_ads(&candidates, &scores, true, 1.1), [(0, 2), (1, 0)]);
    }
}
