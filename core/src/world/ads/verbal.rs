//! An ad in words, for models that read English: what LAMBDA does with real ads (arXiv 2309.00378), in wording of
//! our own. The wording is fixed, so that it can be read back.

use super::{
    ad::{Ad, Brief, MOST_COLORS, MOST_FACES, MOST_SCENES, MOST_TAGS, Phrase, Scene, Tag},
    brand::Brand,
    words::{Color, Complexity, DURATIONS, Emotion, Industry, Line, Orientation, Pace, Product, Title, Tone},
};

/// A word of the token form as it is spoken: `first-light` is “First light”.
#[must_use]
pub fn spoken(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).map(|letter| if letter == '-' { ' ' } else { letter }).collect()
}

/// The one of a list that is spoken so.
fn heard<T: Copy>(all: &[T], word: impl Fn(T) -> &'static str, text: &str) -> Option<T> {
    all.iter().copied().find(|one| spoken(word(*one)) == text)
}

/// What is shown or spoken.
#[must_use]
pub fn spoken_phrase(phrase: Phrase) -> String {
    match phrase {
        Phrase::Brand(brand) => brand.name(),
        Phrase::Line(line) => spoken(line.word()),
    }
}

fn pace(pace: Pace) -> &'static str {
    pace.word().trim_start_matches("pace:")
}

/// Words one after the other.
pub fn listed<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

/// The ad and what it was made for, in words.
#[must_use]
pub fn verbalise(brief: &Brief, ad: &Ad) -> String {
    use std::fmt::Write as _;
    let mut text = format!(
        "People see a {} second advertisement by {} ({}) for its {}, called \"{}\". It is in {} and cuts at a {} pace.",
        brief.duration,
        brief.brand,
        brief.industry().word(),
        brief.product.word(),
        spoken(brief.title.word()),
        brief.orientation.word(),
        pace(ad.pace)
    );
    for (index, scene) in ad.scenes.iter().enumerate() {
        // Writing to a `String` cannot fail.
        let _ = write!(
            text,
            " Scene {}: it shows {}. In front: {}; behind: {}. Its tone is {}, its feeling {}. It has {} faces and looks {}.",
            index + 1,
            listed(scene.tags.iter().map(|tag| tag.word())),
            listed(scene.foreground.iter().map(|color| color.word())),
            listed(scene.background.iter().map(|color| color.word())),
            scene.tone.word(),
            scene.emotion.word(),
            scene.faces,
            scene.complexity.word()
        );
        for (start, said) in [("The screen reads", scene.text), ("The voice says", scene.voice)] {
            if let Some(said) = said {
                let _ = write!(text, " {start} \"{}\".", spoken_phrase(said));
            }
        }
    }
    text
}

/// Reads what [`verbalise`] wrote.
///
/// # Errors
/// Says what was expected, and where.
pub fn read_verbal(text: &str) -> Result<(Brief, Ad), String> {
    let mut text = Reader { whole: text, rest: text };
    text.skip("People see a ")?;
    let duration = text.upto(" second advertisement by ", "a duration", |t| {
        t.parse().ok().filter(|seconds| DURATIONS.contains(seconds))
    })?;
    let brand = text.upto(" (", "a brand", Brand::of)?;
    text.upto(") for its ", "the brand's industry", |t| Industry::of(t).filter(|found| *found == brand.industry()))?;
    let product = text.upto(", called \"", "a product of the industry", |t| {
        Product::of(t).filter(|product| brand.industry().products().contains(product))
    })?;
    let title = text.upto("\". It is in ", "a title", |t| heard(Title::ALL, Title::word, t))?;
    let orientation = text.upto(" and cuts at a ", "an orientation", Orientation::of)?;
    let brief = Brief { brand, product, title, duration, orientation };
    let pace = text.upto(" pace.", "a pace", |t| Pace::ALL.iter().copied().find(|one| pace(*one) == t))?;
    let mut scenes = Vec::new();
    while scenes.is_empty() || !text.rest.is_empty() {
        if scenes.len() == MOST_SCENES {
            return Err(text.problem("the end of the ad"));
        }
        text.skip(&format!(" Scene {}: it shows ", scenes.len() + 1))?;
        scenes.push(scene(&mut text)?);
    }
    Ok((brief, Ad { pace, scenes }))
}

fn scene(text: &mut Reader<'_>) -> Result<Scene, String> {
    let mut scene = Scene {
        tags: text.upto(". In front: ", "tags", |t| several(t, MOST_TAGS, Tag::of))?,
        foreground: text.upto("; behind: ", "colours", |t| several(t, MOST_COLORS, Color::of))?,
        background: text.upto(". Its tone is ", "colours", |t| several(t, MOST_COLORS, Color::of))?,
        tone: text.upto(", its feeling ", "a tone", Tone::of)?,
        emotion: text.upto(". It has ", "an emotion", Emotion::of)?,
        faces: text.upto(" faces and looks ", "a number of faces", |t| {
            (0..=MOST_FACES).find(|faces| faces.to_string() == t)
        })?,
        complexity: text.upto(".", "`clear` or `busy`", Complexity::of)?,
        text: None,
        voice: None,
    };
    let said = |t: &str| heard(Line::ALL, Line::word, t).map(Phrase::Line).or_else(|| Brand::of(t).map(Phrase::Brand));
    if text.skip(" The screen reads \"").is_ok() {
        scene.text = Some(text.upto("\".", "a phrase", said)?);
    }
    if text.skip(" The voice says \"").is_ok() {
        scene.voice = Some(text.upto("\".", "a phrase", said)?);
    }
    Ok(scene)
}

fn several<T>(text: &str, most: usize, of: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    let found: Option<Vec<T>> = text.split(", ").map(of).collect();
    found.filter(|found| found.len() <= most)
}

/// A text that is read from its front.
struct Reader<'a> {
    whole: &'a str,
    rest: &'a str,
}

impl Reader<'_> {
    fn problem(&self, expected: &str) -> String {
        let at = self.whole.len() - self.rest.len();
        let here: String = self.rest.chars().take(30).collect();
        format!("byte {at}: {here:?} instead of {expected}")
    }

    fn skip(&mut self, literal: &str) -> Result<(), String> {
        self.rest = self.rest.strip_prefix(literal).ok_or_else(|| self.problem(&format!("{literal:?}")))?;
        Ok(())
    }

    fn upto<T>(&mut self, literal: &str, what: &str, of: impl Fn(&str) -> Option<T>) -> Result<T, String> {
        let (found, rest) = self
            .rest
            .split_once(literal)
            .and_then(|(part, rest)| Some((of(part)?, rest)))
            .ok_or_else(|| self.problem(&format!("{what} and then {literal:?}")))?;
        self.rest = rest;
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rng::{Purpose, Stream},
        world::ads::author::seed_ad,
    };

    #[test]
    fn an_ad_is_written_in_words() {
        let brief = Brief::parse("Belado entertainment film first-light 30s landscape <resp>").unwrap();
        let ad =
            Ad::parse("pace:high <scene> woman film red gold on white warm joy faces:2 clear Belado why-wait").unwrap();
        assert_eq!(
            verbalise(&brief, &ad),
            "People see a 30 second advertisement by Belado (entertainment) for its film, called \"First light\". It is \
             in landscape and cuts at a high pace. Scene 1: it shows woman, film. In front: red, gold; behind: white. Its \
             tone is warm, its feeling joy. It has 2 faces and looks clear. The screen reads \"Belado\". The voice says \
             \"Why wait\"."
        );
    }

    #[test]
    fn both_forms_lead_back_to_the_ad() {
        for index in 0..500 {
            let mut stream = Stream::new(4, Purpose::Corpus, 9, index);
            let (brief, ad) = seed_ad(Brand::COUNT, &mut stream);
            assert_eq!(read_verbal(&verbalise(&brief, &ad)).unwrap(), (brief, ad.clone()));
            assert_eq!(Ad::parse(&ad.tokens()).unwrap(), ad);
            assert_eq!(Brief::parse(&brief.prompt()).unwrap(), brief);
        }
    }

    #[test]
    fn what_is_not_an_ad_is_refused_with_its_place() {
        let mut stream = Stream::new(4, Purpose::Corpus, 9, 1);
        let (brief, ad) = seed_ad(Brand::COUNT, &mut stream);
        let text = verbalise(&brief, &ad);
        for (from, to, part) in [
            ("People", "Some", "byte 0"),
            (" second", " minute", "a duration"),
            (" pace.", " speed.", "a pace"),
            ("Scene 2", "Scene 3", "Scene 2"),
            ("its feeling", "its mood", "a tone"),
        ] {
            let problem = read_verbal(&text.replacen(from, to, 1)).unwrap_err();
            assert!(problem.contains(part), "{problem}");
        }
        assert!(read_verbal(&text[..text.len() - 1]).is_err());
        assert!(read_verbal("").is_err());
    }
}
