//! Briefs and ads as a tiny model reads and writes them: a word a token.
//!
//! A brief is `BRAND INDUSTRY PRODUCT TITLE DURATION ORIENTATION <resp>`, such as
//! `Belado entertainment film first-light 30s landscape <resp>`. An ad is its pace and then its scenes:
//! `pace:high <scene> woman runs red gold on white warm joy faces:1 clear Belado why-wait <scene> …`, in each
//! tags, colours in front, `on`, colours behind, tone, emotion, faces, complexity, text (`untitled` where there is
//! none), voice-over (`silent` where there is none). The order is fixed, so that each text is one ad.

use super::{
    ad::{Ad, Brief, MOST_COLORS, MOST_FACES, MOST_SCENES, MOST_TAGS, Phrase, Scene, Tag},
    brand::Brand,
    words::{
        Color, Complexity, Emotion, Industry, Orientation, Pace, Product, Title, Tone, duration_of, duration_word,
    },
};

/// The word that ends a brief.
pub const RESPOND: &str = "<resp>";

/// The word that begins a scene.
pub(super) const SCENE: &str = "<scene>";

/// The word between the colours in front and those behind.
pub(super) const ON: &str = "on";

/// The word of a scene without text.
pub(super) const UNTITLED: &str = "untitled";

/// The word of a scene without voice-over.
pub(super) const SILENT: &str = "silent";

/// The word of a number of faces.
pub(super) fn faces_word(faces: u8) -> String {
    format!("faces:{faces}")
}

impl Brief {
    /// The prompt that asks for an ad.
    #[must_use]
    pub fn prompt(&self) -> String {
        format!(
            "{} {} {} {} {} {} {RESPOND}",
            self.brand,
            self.industry().word(),
            self.product.word(),
            self.title.word(),
            duration_word(self.duration),
            self.orientation.word()
        )
    }

    /// Reads a prompt.
    ///
    /// # Errors
    /// Says which word is not what it should be.
    pub fn parse(prompt: &str) -> Result<Self, String> {
        let mut words = Words::new(prompt);
        let brand = words.next("a brand", Brand::of)?;
        words.next("the brand's industry", |word| Industry::of(word).filter(|found| *found == brand.industry()))?;
        let brief = Self {
            brand,
            product: words.next("a product of the industry", |word| {
                Product::of(word).filter(|product| brand.industry().products().contains(product))
            })?,
            title: words.next("a title", Title::of)?,
            duration: words.next("a duration such as 30s", duration_of)?,
            orientation: words.next("an orientation", Orientation::of)?,
        };
        words.next(RESPOND, |word| (word == RESPOND).then_some(()))?;
        words.end()?;
        Ok(brief)
    }
}

impl Ad {
    /// The ad as a tiny model writes it.
    #[must_use]
    pub fn tokens(&self) -> String {
        let mut words = vec![self.pace.word().to_owned()];
        for scene in &self.scenes {
            let phrase = |phrase: Option<Phrase>, none: &str| phrase.map_or_else(|| none.to_owned(), Phrase::word);
            words.push(SCENE.to_owned());
            words.extend(scene.tags.iter().map(|tag| tag.word().to_owned()));
            words.extend(scene.foreground.iter().map(|color| color.word().to_owned()));
            words.push(ON.to_owned());
            words.extend(scene.background.iter().map(|color| color.word().to_owned()));
            words.extend([scene.tone.word(), scene.emotion.word()].map(str::to_owned));
            words.extend([faces_word(scene.faces), scene.complexity.word().to_owned()]);
            words.extend([phrase(scene.text, UNTITLED), phrase(scene.voice, SILENT)]);
        }
        words.join(" ")
    }

    /// Reads what [`Ad::tokens`] wrote.
    ///
    /// # Errors
    /// Says which word is not what it should be.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut words = Words::new(text);
        let pace = words.next("a pace", Pace::of)?;
        let mut scenes = Vec::new();
        while scenes.is_empty() || words.has_more() {
            if scenes.len() == MOST_SCENES {
                return Err(words.problem(&format!("the end: an ad has at most {MOST_SCENES} scenes")));
            }
            words.next(SCENE, |word| (word == SCENE).then_some(()))?;
            let tags = words.several("a tag", MOST_TAGS, Tag::of)?;
            let foreground = words.several("a colour in front", MOST_COLORS, Color::of)?;
            words.next("`on` or one more colour in front", |word| (word == ON).then_some(()))?;
            let background = words.several("a colour behind", MOST_COLORS, Color::of)?;
            let phrase = |word: &str, none: &str| if word == none { Some(None) } else { Phrase::of(word).map(Some) };
            scenes.push(Scene {
                tags,
                foreground,
                background,
                tone: words.next("a tone", Tone::of)?,
                emotion: words.next("an emotion", Emotion::of)?,
                faces: words
                    .next("a number of faces", |word| (0..=MOST_FACES).find(|faces| faces_word(*faces) == word))?,
                complexity: words.next("`clear` or `busy`", Complexity::of)?,
                text: words.next("the text on the screen, or `untitled`", |word| phrase(word, UNTITLED))?,
                voice: words.next("what the voice says, or `silent`", |word| phrase(word, SILENT))?,
            });
        }
        Ok(Self { pace, scenes })
    }
}

/// Words of a text, one after another.
struct Words<'a> {
    words: Vec<&'a str>,
    at: usize,
}

impl<'a> Words<'a> {
    fn new(text: &'a str) -> Self {
        Self { words: text.split_whitespace().collect(), at: 0 }
    }

    fn has_more(&self) -> bool {
        self.at < self.words.len()
    }

    fn problem(&self, expected: &str) -> String {
        match self.words.get(self.at) {
            Some(word) => format!("word {} is `{word}` instead of {expected}", self.at + 1),
            None => format!("the text ends after {} words, before {expected}", self.at),
        }
    }

    fn next<T>(&mut self, expected: &str, of: impl Fn(&str) -> Option<T>) -> Result<T, String> {
        let found = self.words.get(self.at).and_then(|word| of(word)).ok_or_else(|| self.problem(expected))?;
        self.at += 1;
        Ok(found)
    }

    /// One to `most` words of a kind.
    fn several<T>(&mut self, expected: &str, most: usize, of: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, String> {
        let mut found = vec![self.next(expected, &of)?];
        while found.len() < most
            && let Ok(more) = self.next(expected, &of)
        {
            found.push(more);
        }
        Ok(found)
    }

    fn end(&self) -> Result<(), String> {
        if self.has_more() { Err(self.problem("the end")) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::ads::words::{Line, Thing};

    const BRIEF: &str = "Belado entertainment film first-light 30s landscape <resp>";
    const AD: &str = "pace:high <scene> woman runs film red gold on white warm joy faces:1 clear Belado why-wait \
                      <scene> dog black on gray blue cool fear faces:0 busy untitled silent";

    #[test]
    fn a_hand_written_brief_and_ad_are_read() {
        let brief = Brief::parse(BRIEF).unwrap();
        assert_eq!((brief.brand.name().as_str(), brief.product, brief.duration), ("Belado", Product::Film, 30));
        assert_eq!(brief.prompt(), BRIEF);
        let ad = Ad::parse(AD).unwrap();
        assert_eq!((ad.pace, ad.scenes.len()), (Pace::High, 2));
        let [first, second] = &ad.scenes[..] else { panic!() };
        assert_eq!(first.tags, [Tag::Thing(Thing::Woman), Tag::Thing(Thing::Runs), Tag::Product(Product::Film)]);
        assert_eq!((first.foreground.len(), first.faces), (2, 1));
        assert!(first.shows(brief.brand) && first.has_people() && !second.has_people());
        assert_eq!((first.voice, second.text), (Some(Phrase::Line(Line::Why)), None));
        assert_eq!(ad.tokens(), AD.split_whitespace().collect::<Vec<_>>().join(" "));
        let json = serde_json::to_string(&ad).unwrap();
        assert_eq!(serde_json::from_str::<Ad>(&json).unwrap(), ad);
    }

    #[test]
    fn broken_texts_are_refused_with_the_word() {
        for (text, part) in [
            ("", "ends after 0 words, before a pace"),
            ("pace:high", "before <scene>"),
            ("pace:fast", "word 1 is `pace:fast`"),
            ("pace:low <scene> red", "instead of a tag"),
            ("pace:low <scene> dog cat bird horse", "word 6 is `horse` instead of a colour in front"),
            ("pace:low <scene> dog red blue gold on", "instead of `on`"),
            ("pace:low <scene> dog red on blue warm joy faces:4", "number of faces"),
            ("pace:low <scene> dog red on blue warm joy faces:0 clear", "before the text on the screen"),
            ("pace:low <scene> dog red on blue warm joy faces:0 clear silent", "instead of the text"),
            ("pace:low <scene> dog red on blue warm joy faces:0 clear untitled silent Belado", "instead of <scene>"),
        ] {
            let problem = Ad::parse(text).unwrap_err();
            assert!(problem.contains(part), "{text}: {problem}");
        }
        let scene = " <scene> dog red on blue warm joy faces:0 clear untitled silent";
        assert!(Ad::parse(&format!("pace:low{}", scene.repeat(4))).is_ok());
        assert!(Ad::parse(&format!("pace:low{}", scene.repeat(5))).unwrap_err().contains("at most 4"));
        for (from, to, part) in [
            ("Belado", "Acme", "a brand"),
            ("entertainment", "food", "industry"),
            ("film", "pizza", "product"),
            ("30s", "31s", "duration"),
            ("<resp>", "", "before <resp>"),
        ] {
            let problem = Brief::parse(&BRIEF.replace(from, to)).unwrap_err();
            assert!(problem.contains(part), "{problem}");
        }
        assert!(Brief::parse(&format!("{BRIEF} joy")).unwrap_err().contains("the end"));
    }
}
