//! What drives a score: the ad without one of its scenes, or with one of its words taken out, is rated again. The truth
//! is asked the very same questions, so that the two can be compared.

use selfsame_core::{
    judge::Opinion,
    measure::{inference::spearman, memorability::truths},
    world::ads::{
        Ad, Brief, Scene, Tag, Terms, listed, spoken_phrase,
        words::{Color, Complexity, Emotion, Pace, Thing, Tone},
    },
};

use super::said;
use crate::view::words::{t, with};

/// What stands where a scene has to show something.
const NEUTRAL_TAG: Tag = Tag::Thing(Thing::Table);

/// What stands where a scene has to have a colour.
const NEUTRAL_COLOR: Color = Color::Gray;

/// Differences of truths below this are none.
const NOTHING: f64 = 1e-9;

/// A part of an ad, and the ad without it.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// What people call it.
    pub name: String,
    /// Whether it is a whole scene.
    pub whole: bool,
    /// The ad without it.
    without: Ad,
}

/// What a part adds to the share of viewers who remember.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// What people call it.
    pub name: String,
    /// Whether it is a whole scene.
    pub whole: bool,
    /// By how much Henry expects more with it than without.
    pub henry: f64,
    /// By how much it truly is more.
    pub truth: f64,
}

/// The parts of an ad: every scene, where there is more than one, and everything that could be said otherwise.
pub fn parts(ad: &Ad) -> Vec<Part> {
    let mut parts = Vec::new();
    if ad.scenes.len() > 1 {
        for number in 1..=ad.scenes.len() {
            let mut without = ad.clone();
            without.scenes.remove(number - 1);
            parts.push(Part { name: with("ads.part_scene", &[("number", &number)]), whole: true, without });
        }
    }
    if ad.pace != Pace::Low {
        let name = with("ads.part_pace", &[("pace", &said::pace(ad.pace))]);
        parts.push(Part { name, whole: false, without: Ad { pace: Pace::Low, ..ad.clone() } });
    }
    for (number, scene) in (1..).zip(&ad.scenes) {
        for (what, changed) in phrases(scene) {
            let mut without = ad.clone();
            if let Some(place) = without.scenes.get_mut(number - 1) {
                *place = changed;
            }
            let name = with("ads.part", &[("number", &number), ("what", &what)]);
            parts.push(Part { name, whole: false, without });
        }
    }
    parts
}

/// What a scene says beyond the plainest scene, each with the scene that does not say it.
fn phrases(scene: &Scene) -> Vec<(String, Scene)> {
    let mut found = Vec::new();
    for (index, tag) in scene.tags.iter().enumerate() {
        let mut tags = scene.tags.clone();
        if tags.len() > 1 {
            tags.remove(index);
        } else {
            tags = vec![NEUTRAL_TAG];
        }
        if tags != scene.tags {
            found.push((tag.word().to_owned(), Scene { tags, ..scene.clone() }));
        }
    }
    let colors = |of: &[Color]| listed(of.iter().map(|color| color.word()));
    let neutral = vec![NEUTRAL_COLOR];
    if scene.foreground != neutral {
        let name = with("ads.part_front", &[("colors", &colors(&scene.foreground))]);
        found.push((name, Scene { foreground: neutral.clone(), ..scene.clone() }));
    }
    if scene.background != neutral {
        let name = with("ads.part_behind", &[("colors", &colors(&scene.background))]);
        found.push((name, Scene { background: neutral, ..scene.clone() }));
    }
    if scene.tone != Tone::Neutral {
        let name = with("ads.tone", &[("tone", &scene.tone.word())]);
        found.push((name, Scene { tone: Tone::Neutral, ..scene.clone() }));
    }
    if scene.emotion != Emotion::Flat {
        found.push((scene.emotion.word().to_owned(), Scene { emotion: Emotion::Flat, ..scene.clone() }));
    }
    if scene.faces > 0 {
        found.push((said::faces(scene.faces), Scene { faces: 0, ..scene.clone() }));
    }
    if scene.complexity == Complexity::High {
        found.push((t("ads.busy").to_owned(), Scene { complexity: Complexity::Low, ..scene.clone() }));
    }
    for (key, phrase, plain) in [
        ("ads.on_screen", scene.text, Scene { text: None, ..scene.clone() }),
        ("ads.voice", scene.voice, Scene { voice: None, ..scene.clone() }),
    ] {
        if let Some(phrase) = phrase {
            found.push((with(key, &[("text", &spoken_phrase(phrase))]), plain));
        }
    }
    found
}

/// What a Henry has to rate: the ad itself, and then the ad without each of its parts.
pub fn texts(brief: Brief, ad: &Ad, parts: &[Part]) -> Vec<String> {
    std::iter::once(ad).chain(parts.iter().map(|part| &part.without)).map(|ad| said::read(brief, ad)).collect()
}

/// What the parts do, from the opinions of [`texts`]; `None` as long as some are missing.
pub fn effects(brief: Brief, ad: &Ad, parts: &[Part], opinions: &[Opinion]) -> Option<Vec<Effect>> {
    let (first, rest) = opinions.split_first()?;
    if rest.len() < parts.len() {
        return None;
    }
    let ads: Vec<(&Brief, &Ad)> =
        std::iter::once(ad).chain(parts.iter().map(|p| &p.without)).map(|ad| (&brief, ad)).collect();
    let truths: Vec<f64> = truths(&ads).iter().map(Terms::memorability).collect();
    let (true_first, true_rest) = truths.split_first()?;
    let effects = parts.iter().zip(rest).zip(true_rest).map(|((part, opinion), truth)| Effect {
        name: part.name.clone(),
        whole: part.whole,
        henry: first.expected() - opinion.expected(),
        truth: true_first - truth,
    });
    Some(effects.collect())
}

/// How well what drives Henry agrees with what drives the truth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// Spearman's rank correlation over the words; `None` where one side is all the same.
    pub rank: Option<f64>,
    /// The words that are compared.
    pub words: usize,
    /// Those of them that truly make a difference.
    pub matter: usize,
    /// Those of these to which Henry gives the right sign.
    pub right: usize,
}

impl Agreement {
    /// Of the words of an ad; whole scenes are left out, since they are made of them.
    pub fn of(effects: &[Effect]) -> Self {
        let words: Vec<&Effect> = effects.iter().filter(|effect| !effect.whole).collect();
        let (henry, truth): (Vec<f64>, Vec<f64>) = words.iter().map(|e| (e.henry, e.truth)).unzip();
        let matter: Vec<&&Effect> = words.iter().filter(|effect| effect.truth.abs() > NOTHING).collect();
        let right = matter.iter().filter(|effect| effect.henry * effect.truth > 0.0).count();
        Self {
            rank: spearman(&henry, &truth).map(|outcome| outcome.effect).filter(|rank| rank.is_finite()),
            words: words.len(),
            matter: matter.len(),
            right,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BRIEF: &str = "Belado entertainment film first-light 30s landscape <resp>";
    const AD: &str = "pace:high <scene> woman runs film red gold on white warm joy faces:1 clear Belado why-wait \
                      <scene> dog black on gray blue cool fear faces:0 busy untitled silent";

    fn opinion(of: f64) -> Opinion {
        let mut chances = vec![0.0; 100];
        #[allow(clippy::cast_possible_truncation)] // shares
        let share = of as f32;
        (chances[0], chances[99]) = (1.0 - share, share);
        Opinion::new(chances)
    }

    #[test]
    fn every_part_is_an_ad_without_one_thing() {
        let ad = Ad::parse(AD).unwrap();
        let parts = parts(&ad);
        assert_eq!(parts.iter().filter(|part| part.whole).count(), 2);
        // The pace; three tags, two colours, tone, feeling, face, screen and voice; a tag, two colours, tone, feeling,
        // clutter.
        assert_eq!(parts.len(), 2 + 1 + 10 + 6, "{parts:#?}");
        for part in &parts {
            assert_ne!(part.without, ad);
            assert_eq!(Ad::parse(&part.without.tokens()).as_ref(), Ok(&part.without), "{}", part.name);
        }
        let one = Ad { scenes: ad.scenes[..1].to_vec(), ..ad };
        assert!(super::parts(&one).iter().all(|part| !part.whole), "an ad has a scene at least");
    }

    /// A Henry who says the truth has the truth's effects, and agrees with it.
    #[test]
    fn who_knows_the_truth_agrees_with_it() {
        let (brief, ad) = (Brief::parse(BRIEF).unwrap(), Ad::parse(AD).unwrap());
        let parts = parts(&ad);
        let true_of = |ad: &Ad| truths(&[(&brief, ad)])[0].memorability();
        let all = || std::iter::once(&ad).chain(parts.iter().map(|part| &part.without));
        let opinions: Vec<Opinion> = all().map(|ad| opinion(true_of(ad))).collect();
        let found = effects(brief, &ad, &parts, &opinions).unwrap();
        assert!(found.iter().all(|effect| (effect.henry - effect.truth).abs() < 1e-6), "{found:?}");
        let agreement = Agreement::of(&found);
        assert!(agreement.rank.unwrap() > 0.8 && agreement.right == agreement.matter, "{agreement:?}");
        assert!((4..agreement.words).contains(&agreement.matter), "colours and tones truly do nothing: {agreement:?}");
        assert_eq!(effects(brief, &ad, &parts, &opinions[1..]), None, "all have to be there");
        let against: Vec<Opinion> = all().map(|ad| opinion(1.0 - true_of(ad))).collect();
        let agreement = Agreement::of(&effects(brief, &ad, &parts, &against).unwrap());
        assert!(agreement.rank.unwrap() < -0.8 && agreement.right == 0, "{agreement:?}");
    }
}
