//! Questions to LAMBDA's own ads. Nobody knows what is true there.

use selfsame_core::{
    prompt::scored::{LambdaAd, LambdaScene},
    world::ads::words::{Complexity, Pace, Tone},
};

use super::finding::{Question, Sample, Unit};

/// Beginnings of LAMBDA's words for bad feelings; its list of feelings is open.
const NEGATIVE: [&str; 48] = [
    "abus",
    "accident",
    "addict",
    "adversity",
    "anger",
    "angry",
    "anguish",
    "arguing",
    "assault",
    "bad",
    "bankrupt",
    "battle",
    "bored",
    "broken",
    "brutal",
    "crim",
    "damage",
    "danger",
    "death",
    "desperate",
    "devil",
    "difficult",
    "dirty",
    "disease",
    "displeased",
    "emergency",
    "fear",
    "fight",
    "fraud",
    "harass",
    "horrible",
    "immoral",
    "infect",
    "injur",
    "irritat",
    "issue",
    "murder",
    "pain",
    "pollut",
    "poverty",
    "problem",
    "punish",
    "sad",
    "scream",
    "sick",
    "struggl",
    "suffer",
    "terrible",
];

/// LAMBDA's tags that are people.
const PEOPLE: [&str; 12] =
    ["person", "man", "woman", "girl", "boy", "child", "baby", "couple", "crowd", "family", "student", "player"];

/// The questions; ads without a score are left out.
#[must_use]
pub fn questions(ads: &[LambdaAd]) -> Vec<Question> {
    let scored: Vec<(&LambdaAd, f64)> = ads.iter().filter_map(|ad| Some((ad, ad.score?))).collect();
    let question = |name: &str, sample| Question { name: name.to_owned(), unit: Unit::Ads, sample, truth: None };
    let split = |name: &str, names: [&str; 2], is: &dyn Fn(&LambdaAd) -> Option<bool>| {
        let of = |wanted| scored.iter().filter(|(ad, _)| is(ad) == Some(wanted)).map(|(_, score)| *score).collect();
        question(name, Sample::Ranked([(names[0].to_owned(), of(true)), (names[1].to_owned(), of(false))]))
    };
    let beside = |name: &str, what: &str, of: &dyn Fn(&LambdaAd) -> f64| {
        let pairs = scored.iter().map(|(ad, score)| (of(ad), *score)).collect();
        question(name, Sample::Beside { name: what.to_owned(), pairs })
    };
    let paces = |first: Pace, second: Pace| {
        move |ad: &LambdaAd| match ad.pace {
            pace if pace == first => Some(true),
            pace if pace == second => Some(false),
            _ => None,
        }
    };
    let shows_brand = |ad: &LambdaAd, scene: Option<&LambdaScene>| {
        scene.is_some_and(|scene| scene.text.to_lowercase().contains(&ad.brand.to_lowercase()))
    };
    let of_scenes = "share of scenes";
    vec![
        split("pace: high against low", ["high", "low"], &paces(Pace::High, Pace::Low)),
        split("pace: medium against low", ["medium", "low"], &paces(Pace::Medium, Pace::Low)),
        beside("scenes with people", of_scenes, &|ad| share(ad, has_people)),
        beside("faces", "faces a scene", &|ad| f64::from(ad.scenes.iter().map(|s| s.faces).sum::<u32>()) / scenes(ad)),
        beside("negative scenes", of_scenes, &|ad| share(ad, negative)),
        beside("busy scenes", of_scenes, &|ad| share(ad, |scene| scene.complexity == Some(Complexity::High))),
        split("brand on screen at the start", ["yes", "no"], &|ad| Some(shows_brand(ad, ad.scenes.first()))),
        split("brand on screen at the end", ["yes", "no"], &|ad| Some(shows_brand(ad, ad.scenes.last()))),
        beside("duration", "seconds", &|ad| ad.duration),
        beside("scenes", "number of scenes", &scenes),
        beside("warm tone", of_scenes, &|ad| share(ad, |scene| scene.tone == Some(Tone::Warm))),
        beside("text on screen", of_scenes, &|ad| share(ad, |scene| !scene.text.is_empty())),
        split("something is said", ["yes", "no"], &|ad| Some(ad.audio.is_some())),
    ]
}

#[allow(clippy::cast_precision_loss)] // a handful of scenes
fn scenes(ad: &LambdaAd) -> f64 {
    ad.scenes.len().max(1) as f64
}

#[allow(clippy::cast_precision_loss)] // a handful of scenes
fn share(ad: &LambdaAd, is: impl Fn(&LambdaScene) -> bool) -> f64 {
    ad.scenes.iter().filter(|scene| is(scene)).count() as f64 / scenes(ad)
}

fn has_people(scene: &LambdaScene) -> bool {
    scene.faces > 0 || scene.tags.iter().any(|tag| PEOPLE.contains(&tag.as_str()))
}

/// Whether more than half of a scene's feelings are bad ones.
fn negative(scene: &LambdaScene) -> bool {
    let bad = scene.emotions.iter().filter(|word| NEGATIVE.iter().any(|start| word.starts_with(start))).count();
    2 * bad > scene.emotions.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feelings_and_people_are_told_by_their_words() {
        let scene = |emotions: &[&str], tags: &[&str]| LambdaScene {
            emotions: emotions.iter().map(|word| (*word).to_owned()).collect(),
            tags: tags.iter().map(|word| (*word).to_owned()).collect(),
            ..LambdaScene::default()
        };
        assert!(negative(&scene(&["dangerous", "fun", "fighting"], &[])));
        assert!(!negative(&scene(&["danger", "fun"], &[])) && !negative(&scene(&[], &[])));
        assert!(has_people(&scene(&[], &["car", "woman"])) && !has_people(&scene(&[], &["car", "human"])));
    }
}
