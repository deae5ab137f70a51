use super::{author::seed_ad, memory::sigmoid, viewer, *};
use crate::{
    judge::{Form, Generative},
    measure::memorability::truths,
    rng::Purpose,
    text::Tokenizer,
};

const BRIEF: &str = "Belado entertainment film first-light 30s landscape <resp>";

fn terms(brief: &str, ad: &str) -> Terms {
    truths(&[(&Brief::parse(brief).unwrap(), &Ad::parse(ad).unwrap())])[0]
}

/// Fails unless the named terms have these values and all others but `base`, `brand` and `industry` are 0.
fn assert_terms(ad: &str, expected: &[(&str, f64)]) {
    for (name, value) in terms(BRIEF, ad).named().into_iter().skip(3) {
        let wanted = expected.iter().find(|(of, _)| *of == name).map_or(0.0, |(_, value)| *value);
        assert!((value - wanted).abs() < 1e-12, "{name} is {value} instead of {wanted} in {ad}");
    }
}

#[test]
fn the_oracle_is_right_on_hand_written_ads() {
    // A slow ad that does nothing, not even name its brand.
    assert_terms(
        "pace:low <scene> table red on blue warm joy faces:0 clear untitled silent",
        &[("pace", -0.15), ("naming", -1.2)],
    );
    // Everything right: fast, people throughout, fear that turns to hope, the brand at both ends, nothing busy.
    assert_terms(
        "pace:high <scene> woman red on blue warm fear faces:1 clear Belado silent \
         <scene> table film red on blue cool hope faces:2 clear Belado why-wait",
        &[("pace", 0.45), ("people", 0.8), ("emotion", 0.35), ("naming", 0.6), ("frame", 0.15), ("arc", 0.5)],
    );
    // The other way round the feelings make no arc, and the end is sour; the brand is spoken only.
    assert_terms(
        "pace:medium <scene> dog red on blue warm hope faces:0 clear untitled Belado \
         <scene> table red on blue cool fear faces:0 clear untitled silent",
        &[("pace", 0.1), ("emotion", 0.35), ("sour", -0.3)],
    );
    // Busy and fast, the same scene again in other colours, a rival beside the brand.
    assert_terms(
        "pace:high <scene> man red on blue warm flat faces:0 busy Belado silent \
         <scene> man gold on black cool flat faces:0 busy Corado silent",
        &[
            ("pace", 0.45),
            ("people", 0.8),
            ("emotion", -0.2),
            ("clutter", -0.6),
            ("rush", -0.5),
            ("naming", 0.3),
            ("rival", -1.5),
            ("sameness", -0.25),
        ],
    );
}

#[test]
fn what_has_no_effect_has_none() {
    let ad = "pace:low <scene> table red on blue warm joy faces:0 clear Belado silent";
    let worth = terms(BRIEF, ad);
    for brief in [BRIEF.replace("30s", "120s"), BRIEF.replace("landscape", "square"), BRIEF.replace("film", "game")] {
        assert_eq!(terms(&brief, ad), worth);
    }
    for other in [ad.replace("warm", "cool"), ad.replace("red", "gold green"), ad.replace("silent", "why-wait")] {
        assert_eq!(terms(BRIEF, &other), worth);
    }
    assert!((worth.logit() - worth.named().iter().map(|(_, value)| value).sum::<f64>()).abs() < 1e-12);
    assert!((worth.memorability() - sigmoid(worth.logit())).abs() < 1e-12);
}

#[test]
fn industries_and_brands_have_the_pulls_they_are_said_to_have() {
    let pulls: Vec<f64> = Brand::all().map(Brand::pull).collect();
    let mean = pulls.iter().sum::<f64>() / 276.0;
    let variance = pulls.iter().map(|pull| (pull - mean).powi(2)).sum::<f64>() / 275.0;
    assert!(mean.abs() < 0.2 && (0.7..1.3).contains(&variance), "{mean} {variance}");
    let industries: f64 = words::Industry::ALL
        .iter()
        .map(|industry| {
            let brand = Brand::all().find(|brand| brand.industry() == *industry).unwrap();
            let brief = Brief { brand, product: industry.products()[0], ..Brief::parse(BRIEF).unwrap() };
            let ad = Ad::parse("pace:low <scene> dog red on blue warm joy faces:0 clear untitled silent").unwrap();
            Terms::of(&brief, &ad).industry
        })
        .sum();
    assert!(industries.abs() < 1e-12, "industries are a matter of more and less: {industries}");
}

/// The share of viewers who recall, by integration over everything that is drawn about them.
fn expected_recall(renown: f64, logit: f64, blocks: Option<bool>) -> f64 {
    let (mut total, mut weights) = (0.0, 0.0);
    for step in -40..=40 {
        let z = f64::from(step) / 8.0;
        let normal = (-z * z / 2.0).exp();
        for (block, of_block) in [(true, BLOCKERS), (false, 1.0 - BLOCKERS)] {
            if blocks.is_some_and(|wanted| wanted != block) {
                continue;
            }
            for (knows, of_knows) in [(1.0, renown), (0.0, 1.0 - renown)] {
                for days in 0..viewer::MOST_DAYS {
                    for tenth in 0..20 {
                        let attention = (f64::from(tenth) + 0.5) / 20.0;
                        let weight = normal * of_block * of_knows;
                        let at = logit
                            + viewer::ABILITY * z
                            + viewer::KNOWING * knows
                            + viewer::ATTENTION * (attention - 0.5)
                            + viewer::FORGETTING * f64::from(days)
                            + if block { viewer::BLOCKING } else { 0.0 };
                        total += weight * sigmoid(at);
                        weights += weight;
                    }
                }
            }
        }
    }
    total / weights
}

#[test]
#[allow(clippy::cast_precision_loss)] // counts
fn viewers_recall_as_often_as_integration_says() {
    let brand = Brand::new(17).unwrap();
    for (logit, seed) in [(0.8, 1), (-1.0, 2)] {
        let viewers: Vec<Viewer> = (0..6000).map(|index| Viewer::draw(seed, index)).collect();
        let mut stream = Stream::new(seed, Purpose::Corpus, 12, 0);
        let answers: Vec<bool> =
            viewers.iter().map(|viewer| viewer.watch(brand, logit, &mut stream).recalled).collect();
        for blocks in [None, Some(true), Some(false)] {
            let of: Vec<f64> = viewers
                .iter()
                .zip(&answers)
                .filter(|(viewer, _)| blocks.is_none_or(|wanted| viewer.blocks_ads == wanted))
                .map(|(_, recalled)| f64::from(u8::from(*recalled)))
                .collect();
            let mean = of.iter().sum::<f64>() / of.len() as f64;
            let expected = expected_recall(brand.renown(), logit, blocks);
            let error = (expected * (1.0 - expected) / of.len() as f64).sqrt();
            assert!((mean - expected).abs() < 4.0 * error, "{blocks:?}: {mean} instead of {expected} ± {error}");
        }
        let share = |is: &dyn Fn(&Viewer) -> bool| viewers.iter().filter(|v| is(v)).count() as f64 / 6000.0;
        assert!((share(&|v| v.blocks_ads) - BLOCKERS).abs() < 0.026);
        assert!((share(&|v| v.knows(brand)) - brand.renown()).abs() < 0.026);
    }
}

#[test]
#[allow(clippy::cast_precision_loss)] // counts
fn a_study_has_the_form_of_lambda() {
    let config = StudyConfig { seed: 3, ..StudyConfig::default() };
    let study = Study::run(&config);
    assert_eq!(study, Study::run(&config));
    assert_eq!((study.ads.len(), study.viewers.len()), (735, 583));
    assert_eq!(study.responses.len(), 735 * 2 * 8);
    let brands: std::collections::BTreeSet<Brand> = study.ads.iter().map(|ad| ad.brief.brand).collect();
    assert!(brands.len() > 85 && brands.iter().all(|brand| brand.index() < 92), "{}", brands.len());
    // The labels are what the responses say, and nobody is in both groups.
    let mut counted = vec![[Label::default(); 2]; study.ads.len()];
    for response in &study.responses {
        let group = study.viewers[response.viewer].group as usize;
        counted[response.ad][group].viewers += 1;
        counted[response.ad][group].recalled += u32::from(response.recalled);
        assert!((1..=3).contains(&response.days));
        assert_eq!(response.knows_brand, study.viewers[response.viewer].knows(study.ads[response.ad].brief.brand));
    }
    assert!(study.ads.iter().zip(&counted).all(|(ad, labels)| ad.labels == *labels));
    // The split is by brand, and leaves enough on both sides.
    let (held_out, learned): (Vec<_>, Vec<_>) = study.ads.iter().partition(|ad| ad.held_out());
    assert!(held_out.iter().all(|a| learned.iter().all(|b| a.brief.brand != b.brief.brand)));
    assert!((60..200).contains(&held_out.len()), "{}", held_out.len());
    // Neither everything nor nothing is recalled, and the paces are as rare as LAMBDA's.
    let mean = study.ads.iter().map(|ad| ad.label(Group::A).score()).sum::<f64>() / 735.0;
    assert!((0.4..0.65).contains(&mean), "{mean}");
    let share = |pace| study.ads.iter().filter(|ad| ad.ad.pace == pace).count() as f64 / 735.0;
    assert!((0.06..0.16).contains(&share(words::Pace::High)), "{}", share(words::Pace::High));
    assert!((0.45..0.65).contains(&share(words::Pace::Low)), "{}", share(words::Pace::Low));
}

#[test]
fn scores_have_two_digits() {
    let digits = |recalled, viewers| Label { recalled, viewers }.digits();
    assert_eq!([digits(0, 8), digits(1, 8), digits(8, 8), digits(0, 0)], [0, 12, 99, 0]);
}

#[test]
fn prompts_are_reproducible_fresh_and_of_brands_that_can_be_learned_from() {
    let brands =
        |split| Ads.prompts(1, split, 300).iter().map(|p| Brief::parse(&p.text).unwrap().brand).collect::<Vec<_>>();
    assert!(brands(Split::Train(1)).iter().all(|brand| !brand.held_out()));
    assert!(brands(Split::HeldOut).iter().all(|brand| !brand.held_out()));
    // Drawn again in Python, generator included.
    let texts = |seed, split| Ads.prompts(seed, split, 300).into_iter().map(|p| p.text).collect::<Vec<_>>();
    let found = [1, 2, 3, 4, 5].map(|seed| {
        let learned = texts(seed, Split::Train(1));
        texts(seed, Split::HeldOut).iter().filter(|text| learned.contains(text)).count()
    });
    assert_eq!(found, [0, 0, 0, 1, 2]);
    assert_eq!(Ads.prompts(1, Split::Train(1), 20), Ads.prompts(1, Split::Train(1), 20));
    assert_ne!(Ads.prompts(1, Split::Train(1), 20), Ads.prompts(1, Split::Train(2), 20));
}

#[test]
fn everything_that_is_judged_fits_into_the_context() {
    let tokenizer = Tokenizer::parse(&tokenizer_json()).unwrap();
    let full = "<scene> woman man child red blue on gold pink warm joy faces:3 busy Belado silent ";
    let ad = tokenizer.encode_piece(&format!("pace:low {}", full.repeat(MOST_SCENES))).unwrap();
    let brief = tokenizer.encode(BRIEF).unwrap();
    let longest = Ads
        .judge_prompts()
        .iter()
        .map(|prompt| {
            let judge = Generative::new(prompt, Form::Pairwise, &tokenizer).unwrap();
            judge.pairwise_sequence(&brief, &ad, &ad, tokenizer.single("A").unwrap()).tokens.len()
        })
        .max();
    assert!(longest.is_some_and(|longest| longest < Ads.context()), "{longest:?}");
    assert!(brief.len() + ad.len() < 100);
}

#[test]
fn the_teacher_is_better_than_the_authors_and_does_not_know_everything() {
    let grade = |answer: &str| terms(BRIEF, answer).memorability();
    let mean = |of: &dyn Fn(&mut Stream) -> f64| {
        (0..400).map(|index| of(&mut Stream::new(1, Purpose::Annotator, 0, index))).sum::<f64>() / 400.0
    };
    let taught = mean(&|stream| grade(&corpus::lesson(&Brief::parse(BRIEF).unwrap(), stream)));
    let written = mean(&|stream| {
        let (brief, ad) = seed_ad(Brand::COUNT, stream);
        Terms::of(&brief, &ad).memorability()
    });
    assert!(taught > written + 0.05 && taught < 0.8, "{taught} {written}");
}
