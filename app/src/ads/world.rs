//! Questions to the synthetic study, each with what the world says is true.
//!
//! Ads of a brand are alike, and so are the answers of a viewer: what belongs to brands is asked of brands, and what
//! belongs to viewers of viewers.

use std::collections::BTreeMap;

use selfsame_core::{
    measure::stats::mean,
    world::ads::{
        Brand, Response, Scene, StudiedAd, Study, Viewer,
        words::{Color, Complexity, Industry, Orientation, Pace, Title, Tone, Valence},
    },
};

use super::finding::{Group, Question, Sample, Truth, Unit};

/// The questions.
#[must_use]
pub fn questions(study: &Study) -> Vec<Question> {
    let mut questions = of_viewers(study);
    questions.extend(of_ads(study));
    questions.extend(of_brands(study));
    questions
}

fn question(name: &str, unit: Unit, sample: Sample, truth: Truth) -> Question {
    Question { name: name.to_owned(), unit, sample, truth: Some(truth) }
}

/// The score of an ad over the viewers of both groups.
fn score(ad: &StudiedAd) -> f64 {
    let [a, b] = ad.labels;
    f64::from(a.recalled + b.recalled) / f64::from((a.viewers + b.viewers).max(1))
}

/// Two groups of ads: those that are, and those that are not.
fn split(study: &Study, names: [&str; 2], is: impl Fn(&StudiedAd) -> Option<bool>) -> Sample {
    let of = |wanted| study.ads.iter().filter(|ad| is(ad) == Some(wanted)).map(score).collect();
    Sample::Ranked([(names[0].to_owned(), of(true)), (names[1].to_owned(), of(false))])
}

fn beside(study: &Study, name: &str, of: impl Fn(&StudiedAd) -> f64) -> Sample {
    Sample::Beside { name: name.to_owned(), pairs: study.ads.iter().map(|ad| (of(ad), score(ad))).collect() }
}

/// The share of an ad's scenes.
#[allow(clippy::cast_precision_loss)] // a handful of scenes
fn share(ad: &StudiedAd, is: impl Fn(&Scene) -> bool) -> f64 {
    ad.ad.scenes.iter().filter(|scene| is(scene)).count() as f64 / ad.ad.scenes.len().max(1) as f64
}

fn of_ads(study: &Study) -> Vec<Question> {
    use Truth::{Differs, Down, Nothing, Up};
    let paces = |first: Pace, second: Pace, names| {
        split(study, names, move |ad| match ad.ad.pace {
            pace if pace == first => Some(true),
            pace if pace == second => Some(false),
            _ => None,
        })
    };
    let negative = |scene: &Scene| scene.emotion.valence() == Valence::Negative;
    let arc = move |ad: &StudiedAd| {
        let mut rest = ad.ad.scenes.iter().skip_while(|scene| !negative(scene));
        rest.any(|scene| scene.emotion.valence() == Valence::Positive)
    };
    let first = |ad: &StudiedAd| ad.ad.scenes.first().is_some_and(|scene| scene.shows(ad.brief.brand));
    let last = |ad: &StudiedAd| ad.ad.scenes.last().is_some_and(|scene| scene.shows(ad.brief.brand));
    let rival =
        |ad: &StudiedAd| ad.ad.scenes.iter().flat_map(Scene::brands).any(|brand: Brand| brand != ad.brief.brand);
    let yes_no = ["yes", "no"];
    let titles = Title::ALL.iter().map(|title| -> Group {
        let scores = study.ads.iter().filter(|ad| ad.brief.title == *title).map(score).collect();
        (title.word().to_owned(), scores)
    });
    let titles = titles.filter(|(_, scores)| !scores.is_empty()).collect();
    let ads = |name, sample, truth| question(name, Unit::Ads, sample, truth);
    vec![
        ads("pace: high against low", paces(Pace::High, Pace::Low, ["high", "low"]), Up),
        ads("pace: medium against low", paces(Pace::Medium, Pace::Low, ["medium", "low"]), Up),
        ads("scenes with people", beside(study, "share of scenes", |ad| share(ad, Scene::has_people)), Up),
        ads("faces", beside(study, "faces a scene", faces), Up),
        ads("a negative scene", split(study, yes_no, move |ad| Some(share(ad, negative) > 0.0)), Up),
        ads("negative, then positive", split(study, yes_no, move |ad| Some(arc(ad))), Up),
        ads(
            "busy scenes",
            beside(study, "share of scenes", |ad| share(ad, |s| s.complexity == Complexity::High)),
            Down,
        ),
        ads("brand on screen at the start", split(study, yes_no, move |ad| Some(first(ad))), Up),
        ads("brand on screen at the end", split(study, yes_no, move |ad| Some(last(ad))), Up),
        ads("another brand is named", split(study, yes_no, move |ad| Some(rival(ad))), Down),
        ads("duration", beside(study, "seconds", |ad| f64::from(ad.brief.duration)), Nothing),
        ads(
            "orientation: landscape against others",
            split(study, ["landscape", "others"], |ad| Some(ad.brief.orientation == Orientation::Landscape)),
            Nothing,
        ),
        ads(
            "warm tone at the start",
            split(study, yes_no, |ad| Some(ad.ad.scenes.first()?.tone == Tone::Warm)),
            Nothing,
        ),
        ads(
            "red in front at the start",
            split(study, yes_no, |ad| Some(ad.ad.scenes.first()?.foreground.contains(&Color::Red))),
            Nothing,
        ),
        ads("title", Sample::Several(titles), Nothing),
        ads(
            "product",
            Sample::Beside {
                name: "place in its industry's list".to_owned(),
                pairs: study.ads.iter().map(|ad| (f64::from(ad.brief.product as u8 % 4), score(ad))).collect(),
            },
            Nothing,
        ),
        brand_differences(study, Differs),
    ]
}

#[allow(clippy::cast_precision_loss)] // a handful of scenes
fn faces(ad: &StudiedAd) -> f64 {
    let total: u32 = ad.ad.scenes.iter().map(|scene| u32::from(scene.faces)).sum();
    f64::from(total) / ad.ad.scenes.len().max(1) as f64
}

/// Whether ads of one brand are alike; asked of ads, since it is about them.
fn brand_differences(study: &Study, truth: Truth) -> Question {
    let mut brands: BTreeMap<Brand, Vec<f64>> = BTreeMap::new();
    for ad in &study.ads {
        brands.entry(ad.brief.brand).or_default().push(score(ad));
    }
    let groups = brands.into_iter().map(|(brand, scores)| (brand.name(), scores)).collect();
    question("brand", Unit::Ads, Sample::Several(groups), truth)
}

fn of_brands(study: &Study) -> Vec<Question> {
    let mut brands: BTreeMap<Brand, Vec<f64>> = BTreeMap::new();
    for ad in &study.ads {
        brands.entry(ad.brief.brand).or_default().push(score(ad));
    }
    let means: Vec<(Industry, f64)> =
        brands.iter().filter_map(|(brand, scores)| Some((brand.industry(), mean(scores.iter().copied())?))).collect();
    let favourite =
        |industry: Industry| matches!(industry, Industry::Food | Industry::Entertainment | Industry::Technology);
    let of = |wanted| means.iter().filter(move |(industry, _)| favourite(*industry) == wanted).map(|(_, mean)| *mean);
    let industries = Industry::ALL.iter().map(|industry| -> Group {
        let of = means.iter().filter(|(other, _)| other == industry).map(|(_, mean)| *mean);
        (industry.word().to_owned(), of.collect())
    });
    let industries = industries.filter(|(_, means)| !means.is_empty()).collect();
    vec![
        question(
            "food, entertainment, technology against other industries",
            Unit::Brands,
            Sample::Means([("the three".to_owned(), of(true).collect()), ("others".to_owned(), of(false).collect())]),
            Truth::Up,
        ),
        question("industry", Unit::Brands, Sample::Several(industries), Truth::Differs),
    ]
}

fn of_viewers(study: &Study) -> Vec<Question> {
    let mut answers: Vec<Vec<&Response>> = vec![Vec::new(); study.viewers.len()];
    for response in &study.responses {
        if let Some(list) = answers.get_mut(response.viewer) {
            list.push(response);
        }
    }
    let recall = |responses: &[&Response], is: &dyn Fn(&Response) -> bool| {
        let of: Vec<f64> = responses.iter().filter(|r| is(r)).map(|r| f64::from(u8::from(r.recalled))).collect();
        mean(of.iter().copied())
    };
    let each: Vec<(&Viewer, f64)> = study
        .viewers
        .iter()
        .zip(&answers)
        .filter_map(|(viewer, responses)| Some((viewer, recall(responses, &|_| true)?)))
        .collect();
    let blocks = |wanted| each.iter().filter(move |(viewer, _)| viewer.blocks_ads == wanted).map(|(_, score)| *score);
    // Those who were asked under both conditions.
    let within = |names: [&str; 2], first: &dyn Fn(&Response) -> bool, second: &dyn Fn(&Response) -> bool| {
        let pairs = answers.iter().filter_map(|of| Some((recall(of, first)?, recall(of, second)?)));
        let (a, b): (Vec<f64>, Vec<f64>) = pairs.unzip();
        Sample::Within([(names[0].to_owned(), a), (names[1].to_owned(), b)])
    };
    let viewers = |name, sample, truth| question(name, Unit::Viewers, sample, truth);
    vec![
        viewers(
            "ad-blocker users against others",
            Sample::Means([
                ("ad-blocker".to_owned(), blocks(true).collect()),
                ("none".to_owned(), blocks(false).collect()),
            ]),
            Truth::Down,
        ),
        viewers(
            "brand known to the viewer",
            within(["known", "unknown"], &|r| r.knows_brand, &|r| !r.knows_brand),
            Truth::Up,
        ),
        viewers(
            "attention",
            Sample::Beside {
                name: "share of checks passed".to_owned(),
                pairs: each.iter().map(|(viewer, score)| (viewer.attention, *score)).collect(),
            },
            Truth::Up,
        ),
        viewers(
            "after three days against one",
            within(["three days", "one day"], &|r| r.days == 3, &|r| r.days == 1),
            Truth::Down,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use selfsame_core::world::ads::StudyConfig;

    use super::{super::finding::answer, *};

    /// Over several studies: what is true is found, in its direction, far more often than what is not.
    #[test]
    fn the_tests_find_what_is_true_and_little_else() {
        let (mut found, mut real, mut wrong_way, mut false_found, mut null) = (0, 0, 0, 0, 0);
        for seed in 1..=3 {
            let study = Study::run(&StudyConfig { seed, ..StudyConfig::default() });
            for finding in answer(questions(&study), seed) {
                assert!(finding.outcome.is_some(), "{}", finding.question);
                if finding.truth == Some(Truth::Nothing) {
                    null += 1;
                    false_found += usize::from(finding.found());
                } else {
                    real += 1;
                    found += usize::from(finding.found() && finding.agrees());
                    wrong_way += usize::from(finding.found() && !finding.agrees());
                }
            }
        }
        assert_eq!((real, null), (3 * 17, 3 * 6));
        assert!(found * 4 > 3 * real, "{found} of {real} effects were found");
        assert_eq!(wrong_way, 0);
        assert!(false_found <= 1, "{false_found} of {null} were found that are not there");
    }
}
