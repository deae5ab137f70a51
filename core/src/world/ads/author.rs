//! The authors of the world's own ads. Some are better than others, and none knows `m*`.

use super::{
    ad::{Ad, Brief, MOST_COLORS, MOST_FACES, MOST_SCENES, Phrase, Scene, Tag},
    brand::Brand,
    words::{Color, Complexity, DURATIONS, Emotion, Line, Orientation, Pace, Thing, Title, Tone, Valence},
};
use crate::rng::Stream;

/// One of a list that is not empty.
fn one<T: Copy>(list: &[T], stream: &mut Stream) -> T {
    list[stream.below(list.len())]
}

impl Brief {
    /// A brief of one of the first `brands` brands that `wanted` takes; where it takes none, of any.
    pub(super) fn draw(brands: usize, wanted: impl Fn(Brand) -> bool, stream: &mut Stream) -> Self {
        let brands = brands.clamp(1, Brand::COUNT);
        let candidates: Vec<Brand> = Brand::all().take(brands).filter(|brand| wanted(*brand)).collect();
        let all: Vec<Brand> = Brand::all().take(brands).collect();
        let brand = one(if candidates.is_empty() { &all } else { &candidates }, stream);
        Self {
            brand,
            product: one(brand.industry().products(), stream),
            title: one(Title::ALL, stream),
            duration: one(&DURATIONS, stream),
            orientation: if stream.chance(0.9) { Orientation::Landscape } else { one(Orientation::ALL, stream) },
        }
    }
}

impl Brief {
    /// What an author of any quality makes of it, as of the briefs of a study.
    pub(crate) fn original(&self, stream: &mut Stream) -> Ad {
        let quality = stream.uniform();
        write(self, quality, stream)
    }
}

/// An ad of a study: a brief of one of the first `brands` brands, and what an author made of it.
pub(super) fn seed_ad(brands: usize, stream: &mut Stream) -> (Brief, Ad) {
    let brief = Brief::draw(brands, |_| true, stream);
    let quality = stream.uniform();
    let ad = write(&brief, quality, stream);
    (brief, ad)
}

/// An ad by an author of a quality between 0 and 1. Paces are as rare as in LAMBDA's annotations, where 4 % are
/// high and 33 % medium; what `m*` does not look at, authors draw evenly whatever their quality.
pub(super) fn write(brief: &Brief, quality: f64, stream: &mut Stream) -> Ad {
    let pace = match stream.uniform() {
        draw if draw < 0.04 + 0.12 * quality => Pace::High,
        draw if draw < 0.42 + 0.12 * quality => Pace::Medium,
        _ => Pace::Low,
    };
    let count = 2 + stream.below(MOST_SCENES - 1);
    let early = stream.chance(0.15 + 0.45 * quality);
    let late = stream.chance(0.4 + 0.45 * quality);
    let rival = stream.chance(0.06 * (1.0 - quality)).then(|| other_brand(brief.brand, stream));
    let scenes = (0..count).map(|index| {
        let mut scene = scene(brief, quality, stream);
        if (index == 0 && early) || (index + 1 == count && late) {
            scene.text = Some(Phrase::Brand(brief.brand));
        } else if index == 1
            && let Some(rival) = rival
        {
            scene.text = Some(Phrase::Brand(rival));
        }
        scene
    });
    Ad { pace, scenes: scenes.collect() }
}

fn other_brand(brand: Brand, stream: &mut Stream) -> Brand {
    let step = 1 + stream.below(Brand::COUNT - 1);
    Brand::new((brand.index() + step) % Brand::COUNT).unwrap_or(brand)
}

fn scene(brief: &Brief, quality: f64, stream: &mut Stream) -> Scene {
    let of = |person: bool| Thing::ALL.iter().copied().filter(|thing| thing.is_person() == person).collect::<Vec<_>>();
    let with_people = stream.chance(0.3 + 0.4 * quality);
    let mut tags = vec![Tag::Thing(one(&of(with_people), stream))];
    if stream.chance(0.4) {
        tags.push(Tag::Product(brief.product));
    }
    if stream.chance(0.3) {
        tags.push(Tag::Thing(one(&of(false), stream)));
    }
    tags.dedup();
    let colors = |stream: &mut Stream| {
        let count = if stream.chance(0.2) { MOST_COLORS } else { 1 };
        (0..count).map(|_| one(Color::ALL, stream)).collect::<Vec<_>>()
    };
    let valence = match stream.uniform() {
        draw if draw < 0.12 + 0.2 * quality => Valence::Negative,
        draw if draw < 0.5 => Valence::Neutral,
        _ => Valence::Positive,
    };
    let emotions: Vec<Emotion> = Emotion::ALL.iter().copied().filter(|one| one.valence() == valence).collect();
    #[allow(clippy::cast_possible_truncation)] // at most 3
    let faces = if with_people { stream.below(usize::from(MOST_FACES) + 1) as u8 } else { 0 };
    let phrase = |share: f64, stream: &mut Stream| match stream.uniform() {
        draw if draw < share * 0.3 => Some(Phrase::Brand(brief.brand)),
        draw if draw < share => Some(Phrase::Line(one(Line::ALL, stream))),
        _ => None,
    };
    Scene {
        tags,
        foreground: colors(stream),
        background: colors(stream),
        tone: one(Tone::ALL, stream),
        emotion: one(&emotions, stream),
        faces,
        complexity: if stream.chance(0.45 - 0.3 * quality) { Complexity::High } else { Complexity::Low },
        text: phrase(0.4, stream),
        voice: phrase(0.5, stream),
    }
}
