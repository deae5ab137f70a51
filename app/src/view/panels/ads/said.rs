//! The words of AdWorld as people write them.

use selfsame_core::world::ads::{
    Ad, Brief, Scene, Tag, listed, spoken, spoken_phrase,
    words::{Complexity, Pace},
};

use crate::view::words::{t, with};

/// How fast an ad cuts.
pub fn pace(pace: Pace) -> &'static str {
    match pace {
        Pace::Low => t("ads.pace_low"),
        Pace::Medium => t("ads.pace_medium"),
        Pace::High => t("ads.pace_high"),
    }
}

/// How much there is to see.
pub fn complexity(complexity: Complexity) -> &'static str {
    match complexity {
        Complexity::Low => t("ads.clear"),
        Complexity::High => t("ads.busy"),
    }
}

/// How many faces look out of a scene.
pub fn faces(count: u8) -> String {
    match count {
        0 => t("ads.no_face").to_owned(),
        1 => t("ads.one_face").to_owned(),
        more => with("ads.faces", &[("count", &more)]),
    }
}

/// The name of a brief in lists.
pub fn brief(brief: Brief) -> String {
    let (product, title) = (brief.product.word(), spoken(brief.title.word()));
    with("ads.brief_name", &[("brand", &brief.brand), ("product", &product), ("title", &title)])
}

/// A scene, for those who do not see its picture.
pub fn scene(number: usize, of: usize, scene: &Scene) -> String {
    let colors = |of: &[selfsame_core::world::ads::words::Color]| listed(of.iter().map(|color| color.word()));
    let mut text = with(
        "ads.scene_name",
        &[
            ("number", &number),
            ("of", &of),
            ("tags", &listed(scene.tags.iter().copied().map(Tag::word))),
            ("front", &colors(&scene.foreground)),
            ("behind", &colors(&scene.background)),
            ("tone", &scene.tone.word()),
            ("emotion", &scene.emotion.word()),
            ("faces", &faces(scene.faces)),
            ("complexity", &complexity(scene.complexity)),
        ],
    );
    for (key, said) in [("ads.reads", scene.text), ("ads.says", scene.voice)] {
        if let Some(said) = said {
            text += " ";
            text += &with(key, &[("text", &spoken_phrase(said))]);
        }
    }
    text
}

/// What a Henry reads of an ad.
pub fn read(brief: Brief, ad: &Ad) -> String {
    format!("{} {}", brief.prompt(), ad.tokens())
}

/// A share of viewers as a number of a hundred.
pub fn of_hundred(share: f64) -> String {
    format!("{:.0}", 100.0 * share)
}

/// A difference between shares of viewers, with its sign.
pub fn points(difference: f64) -> String {
    let points = 100.0 * difference;
    // What rounds to nought has no sign.
    if points.abs() < 0.05 { "0.0".to_owned() } else { format!("{points:+.1}") }
}
