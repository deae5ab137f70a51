//! What each word of the token form says: the fields of a brief and of an ad, what else could stand there, and the terms
//! of `m*` that read them.

use serde::{Deserialize, Serialize};

use super::{
    ad::{Ad, Brief, MOST_FACES, Scene},
    brand::Brand,
    memory::Terms,
    token_form::{SILENT, UNTITLED, faces_word},
    words::{Color, Complexity, DURATIONS, Emotion, Line, Orientation, Pace, Thing, Title, Tone, duration_word},
};

/// The most other words that are tried in the place of one.
pub const MOST_OTHERS: usize = 5;

/// What a word of the token form is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Field {
    /// Whose ad it is.
    Brand,
    /// The brand's industry.
    Industry,
    /// What it is for.
    Product,
    /// What it is called.
    Title,
    /// How long it is.
    Duration,
    /// How the picture is held.
    Orientation,
    /// How fast it cuts.
    Pace,
    /// Something to be seen.
    Tag,
    /// A colour.
    Color,
    /// The tone of a scene.
    Tone,
    /// What a scene makes one feel.
    Emotion,
    /// How many faces look out of a scene.
    Faces,
    /// How much there is to see.
    Complexity,
    /// The text on the screen.
    Text,
    /// What the voice says.
    Voice,
    /// A mark of the form, which says nothing.
    Mark,
}

impl Field {
    /// The fields of the words of [`Brief::prompt`].
    #[must_use]
    pub fn of_brief() -> [Self; 7] {
        [Self::Brand, Self::Industry, Self::Product, Self::Title, Self::Duration, Self::Orientation, Self::Mark]
    }

    /// The fields of the words of [`Ad::tokens`], one each.
    #[must_use]
    pub fn of_ad(ad: &Ad) -> Vec<Self> {
        let scene = |scene: &Scene| {
            let mut fields = vec![Self::Mark];
            fields.extend(scene.tags.iter().map(|_| Self::Tag));
            fields.extend(scene.foreground.iter().map(|_| Self::Color));
            fields.push(Self::Mark);
            fields.extend(scene.background.iter().map(|_| Self::Color));
            fields.extend([Self::Tone, Self::Emotion, Self::Faces, Self::Complexity, Self::Text, Self::Voice]);
            fields
        };
        std::iter::once(Self::Pace).chain(ad.scenes.iter().flat_map(scene)).collect()
    }

    /// The aspect of an ad that its memorability is made of and that this field says something about.
    #[must_use]
    pub const fn aspect(self) -> Option<Aspect> {
        match self {
            Self::Brand => Some(Aspect::Brand),
            Self::Pace => Some(Aspect::Pace),
            Self::Tag | Self::Faces => Some(Aspect::People),
            Self::Emotion => Some(Aspect::Emotion),
            Self::Complexity => Some(Aspect::Clutter),
            Self::Text | Self::Voice => Some(Aspect::Naming),
            Self::Industry
            | Self::Product
            | Self::Title
            | Self::Duration
            | Self::Orientation
            | Self::Color
            | Self::Tone
            | Self::Mark => None,
        }
    }

    /// Everything that could stand here. Neither the industry, which the brand decides, nor a mark has another word.
    fn words(self, brief: &Brief) -> Vec<String> {
        macro_rules! all {
            ($name:ident) => {
                $name::ALL.iter().map(|one| one.word().to_owned()).collect()
            };
        }
        let lines = |first: &str| -> Vec<String> {
            let lines = Line::ALL.iter().map(|line| line.word().to_owned());
            [brief.brand.name(), first.to_owned()].into_iter().chain(lines).collect()
        };
        match self {
            Self::Brand => {
                let fitting = |brand: &Brand| brand.industry() == brief.industry() && !brand.held_out();
                Brand::all().filter(fitting).map(Brand::name).collect()
            }
            Self::Product => brief.industry().products().iter().map(|product| product.word().to_owned()).collect(),
            Self::Title => all!(Title),
            Self::Duration => DURATIONS.iter().map(|seconds| duration_word(*seconds)).collect(),
            Self::Orientation => all!(Orientation),
            Self::Pace => all!(Pace),
            Self::Tag => all!(Thing),
            Self::Color => all!(Color),
            Self::Tone => all!(Tone),
            Self::Emotion => all!(Emotion),
            Self::Faces => (0..=MOST_FACES).map(faces_word).collect(),
            Self::Complexity => all!(Complexity),
            Self::Text => lines(UNTITLED),
            Self::Voice => lines(SILENT),
            Self::Industry | Self::Mark => Vec::new(),
        }
    }
}

/// A brief and an ad with another word of its kind in the place of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// The number of the word among those of [`Brief::prompt`] and [`Ad::tokens`].
    pub word: usize,
    /// The other brief.
    pub brief: Brief,
    /// The other ad.
    pub ad: Ad,
}

/// A brief and an ad with other words of their kinds, one word at a time: for each word at most [`MOST_OTHERS`], evenly
/// over all there are. Where the brand is another one, it is wherever it was named.
#[must_use]
pub fn replaced(brief: &Brief, ad: &Ad) -> Vec<Replaced> {
    let (prompt, tokens) = (brief.prompt(), ad.tokens());
    let asked = prompt.split_whitespace().count();
    let words: Vec<&str> = prompt.split_whitespace().chain(tokens.split_whitespace()).collect();
    let mut found = Vec::new();
    for (word, field) in Field::of_brief().into_iter().chain(Field::of_ad(ad)).enumerate() {
        let Some(own) = words.get(word).copied() else { continue };
        let others: Vec<String> = field.words(brief).into_iter().filter(|other| other != own).collect();
        let count = others.len().min(MOST_OTHERS);
        for index in 0..count {
            let Some(other) = others.get(index * others.len() / count) else { continue };
            let everywhere = field == Field::Brand;
            let changed: Vec<&str> = words
                .iter()
                .enumerate()
                .map(|(at, text)| if at == word || (everywhere && *text == own) { other.as_str() } else { text })
                .collect();
            let (prompt, tokens) = changed.split_at(asked);
            if let (Ok(brief), Ok(ad)) = (Brief::parse(&prompt.join(" ")), Ad::parse(&tokens.join(" "))) {
                found.push(Replaced { word, brief, ad });
            }
        }
    }
    found
}

/// A group of terms of [`Terms`] that read the same fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Aspect {
    /// The brand's own pull.
    Brand,
    /// The pace.
    Pace,
    /// People, as tags or as faces.
    People,
    /// Emotions, their arc, and how it ends.
    Emotion,
    /// Clutter, and the rush of clutter at a high pace.
    Clutter,
    /// The brand's name and its rivals', on the screen and spoken.
    Naming,
}

impl Aspect {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Brand, Self::Pace, Self::People, Self::Emotion, Self::Clutter, Self::Naming];

    /// What its terms add to the logit. The term `sameness` reads tags and emotions together, and that of the industry
    /// has no word of its own that could be another: they belong to none.
    #[must_use]
    pub fn worth(self, terms: &Terms) -> f64 {
        match self {
            Self::Brand => terms.brand,
            Self::Pace => terms.pace,
            Self::People => terms.people,
            Self::Emotion => terms.emotion + terms.arc + terms.sour,
            Self::Clutter => terms.clutter + terms.rush,
            Self::Naming => terms.naming + terms.rival + terms.frame,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_the_field_that_it_is_of() {
        let brief = Brief::parse("Belado entertainment film first-light 30s landscape <resp>").unwrap();
        let ad = Ad::parse(
            "pace:high <scene> woman runs film red gold on white warm joy faces:1 clear Belado why-wait \
             <scene> dog black on gray blue cool fear faces:0 busy untitled silent",
        )
        .unwrap();
        assert_eq!(Field::of_brief().len(), brief.prompt().split(' ').count());
        let (tokens, fields) = (ad.tokens(), Field::of_ad(&ad));
        let of = |field: Field| {
            let words = tokens.split(' ').zip(&fields).filter(|(_, of)| **of == field);
            words.map(|(word, _)| word).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(fields.len(), tokens.split(' ').count());
        assert_eq!(of(Field::Pace), "pace:high");
        assert_eq!(of(Field::Tag), "woman runs film dog");
        assert_eq!(of(Field::Color), "red gold white black gray blue");
        assert_eq!(of(Field::Mark), "<scene> on <scene> on");
        assert_eq!((of(Field::Tone), of(Field::Emotion)), ("warm cool".to_owned(), "joy fear".to_owned()));
        assert_eq!((of(Field::Faces), of(Field::Complexity)), ("faces:1 faces:0".to_owned(), "clear busy".to_owned()));
        assert_eq!((of(Field::Text), of(Field::Voice)), ("Belado untitled".to_owned(), "why-wait silent".to_owned()));
    }

    /// Every word that is not decided by others is replaced, by words of its kind alone, and nothing else changes.
    #[test]
    fn words_give_way_to_words_of_their_kind() {
        let brief = Brief::parse("Belado entertainment film first-light 30s landscape <resp>").unwrap();
        let ad = Ad::parse("pace:high <scene> woman film red on white warm joy faces:1 clear Belado why-wait").unwrap();
        let fields: Vec<Field> = Field::of_brief().into_iter().chain(Field::of_ad(&ad)).collect();
        let all = replaced(&brief, &ad);
        let text = |brief: &Brief, ad: &Ad| format!("{} {}", brief.prompt(), ad.tokens());
        let own = text(&brief, &ad);
        for (word, field) in fields.iter().enumerate() {
            let of: Vec<&Replaced> = all.iter().filter(|one| one.word == word).collect();
            let expected = match field {
                Field::Industry | Field::Mark => 0,
                Field::Complexity => 1,
                Field::Pace | Field::Tone => 2,
                Field::Faces => 3,
                Field::Product | Field::Orientation => of.len().clamp(1, MOST_OTHERS),
                _ => MOST_OTHERS,
            };
            assert_eq!(of.len(), expected, "{field:?}");
            for one in of {
                let other = text(&one.brief, &one.ad);
                let changed: Vec<usize> = own
                    .split(' ')
                    .zip(other.split(' '))
                    .enumerate()
                    .filter(|(_, (a, b))| a != b)
                    .map(|(at, _)| at)
                    .collect();
                let expected = if *field == Field::Brand { vec![0, 18] } else { vec![word] };
                assert_eq!(changed, expected, "{other}");
                assert_eq!(Field::of_ad(&one.ad), Field::of_ad(&ad));
            }
        }
    }

    /// All terms but the base and sameness are some aspect's, each once.
    #[test]
    fn aspects_are_made_of_all_terms() {
        let terms = Terms {
            base: 1.0,
            brand: 2.0,
            industry: 4.0,
            pace: 8.0,
            people: 16.0,
            emotion: 32.0,
            clutter: 64.0,
            naming: 128.0,
            rival: 256.0,
            arc: 512.0,
            frame: 1024.0,
            rush: 2048.0,
            sour: 4096.0,
            sameness: 8192.0,
        };
        let all: f64 = Aspect::ALL.iter().map(|aspect| aspect.worth(&terms)).sum();
        assert!((all - (terms.logit() - terms.base - terms.industry - terms.sameness)).abs() < 1e-9);
    }
}
