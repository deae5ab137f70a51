//! LAMBDA's own files (Long-Term Ad Memorability, arXiv 2309.00378): real ads in words, each with the share of
//! people who recalled it days later.
//!
//! The file of questions is a list of `{"question_id", "question"}`, the file of answers one of
//! `{"question_id", "answer"}` with two digits. The scenes' wording was made by models and is not always whole: what
//! a scene does not say is left empty, but each ad has to say its brand, title, length, orientation and pace.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::{
    Error, Result,
    world::ads::words::{Complexity, Orientation, Pace, Tone},
};

/// A real ad.
#[derive(Debug, Clone, PartialEq)]
pub struct LambdaAd {
    /// Its number in LAMBDA.
    pub id: u64,
    /// The share of people who recalled it, 0 to 1; `None` where no answer is given.
    pub score: Option<f64>,
    /// The ad in words, without the instruction around it.
    pub text: String,
    /// Whose ad it is.
    pub brand: String,
    /// What it is called.
    pub title: String,
    /// Its length in seconds.
    pub duration: f64,
    /// How the picture is held.
    pub orientation: Orientation,
    /// How fast it cuts.
    pub pace: Pace,
    /// What is heard; `None` where nothing is said about it.
    pub audio: Option<String>,
    /// Its scenes in order.
    pub scenes: Vec<LambdaScene>,
}

/// A scene of a real ad.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LambdaScene {
    /// What is to be seen, in a sentence.
    pub description: String,
    /// Colours in front.
    pub foreground: Vec<String>,
    /// Colours behind.
    pub background: Vec<String>,
    /// The dominant tone.
    pub tone: Option<Tone>,
    /// The photography style.
    pub style: Option<String>,
    /// How much there is to see.
    pub complexity: Option<Complexity>,
    /// What it makes one feel.
    pub emotions: Vec<String>,
    /// How many prominent faces there are.
    pub faces: u32,
    /// Objects and actions.
    pub tags: Vec<String>,
    /// The text on the screen as it was recognised; empty where there is none.
    pub text: String,
}

#[derive(Deserialize)]
struct Question {
    question_id: u64,
    question: String,
}

#[derive(Deserialize)]
struct Answer {
    question_id: u64,
    answer: String,
}

/// Where the answers to a file of questions are by LAMBDA's naming: `bs_test_q.json` has `bs_test_a.json`.
#[must_use]
pub fn answers_beside(questions: &Path) -> Option<PathBuf> {
    let name = questions.file_name()?.to_str()?.strip_suffix("q.json")?;
    Some(questions.with_file_name(format!("{name}a.json")))
}

/// Reads a file of questions, with its answers where they are given; each with the path that errors name.
///
/// # Errors
/// Names the row of the question that is not an ad of LAMBDA, or of the answer that is not two digits; says which ad
/// has no answer.
pub fn parse_lambda(questions: (&str, &Path), answers: Option<(&str, &Path)>) -> Result<Vec<LambdaAd>> {
    let scores = answers.map(scores).transpose()?;
    let (text, path) = questions;
    let rows: Vec<Question> = json(text, path, "question")?;
    if rows.is_empty() {
        return Err(Error::DataSet { path: path.to_path_buf(), problem: "there are no ads".to_owned() });
    }
    rows.iter()
        .zip(1..)
        .map(|(row, number)| {
            let told =
                |problem| Error::Row { path: path.to_path_buf(), row: number, column: "question".to_owned(), problem };
            let mut ad = ad(&row.question).map_err(told)?;
            ad.id = row.question_id;
            if let Some(scores) = &scores {
                let score = scores.get(&row.question_id);
                ad.score = Some(*score.ok_or_else(|| told(format!("ad {} has no answer", row.question_id)))?);
            }
            Ok(ad)
        })
        .collect()
}

fn json<T: for<'a> Deserialize<'a>>(text: &str, path: &Path, what: &str) -> Result<Vec<T>> {
    serde_json::from_str(text).map_err(|e| Error::DataSet {
        path: path.to_path_buf(),
        problem: format!("not a list of objects with `question_id` and `{what}` ({e})"),
    })
}

/// 99 is everybody, 0 nobody.
fn scores((text, path): (&str, &Path)) -> Result<BTreeMap<u64, f64>> {
    let rows: Vec<Answer> = json(text, path, "answer")?;
    rows.into_iter()
        .zip(1..)
        .map(|(row, number)| {
            let digits = row.answer.trim().parse().ok().filter(|digits: &u8| *digits <= 99);
            let digits = digits.ok_or_else(|| Error::Row {
                path: path.to_path_buf(),
                row: number,
                column: "answer".to_owned(),
                problem: format!("{:?} is not a score from 00 to 99", row.answer),
            })?;
            Ok((row.question_id, f64::from(digits) / 99.0))
        })
        .collect()
}

/// What is between two pieces of text, and what follows.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Result<(&'a str, &'a str), String> {
    let missing = |part: &str| format!("the text has no {part:?}; is this a question of LAMBDA's?");
    let (_, rest) = text.split_once(start).ok_or_else(|| missing(start))?;
    rest.split_once(end).ok_or_else(|| missing(end))
}

fn ad(question: &str) -> Result<LambdaAd, String> {
    let (duration, rest) = between(question, "They watch a ", " second advertisement for ")?;
    let duration = super::table::number(duration).ok_or_else(|| format!("{duration:?} is not a length in seconds"))?;
    let (brand, rest) = between(rest, "", ". The title of the advertisement is \"")?;
    let (title, rest) = between(rest, "", "\". The ad is shot in ")?;
    let (orientation, rest) = between(rest, "", " orientation, at a ")?;
    let orientation = Orientation::of(orientation).ok_or_else(|| format!("{orientation:?} is not an orientation"))?;
    let (pace, rest) = between(rest, "", " pace.")?;
    let pace = Pace::of(&format!("pace:{pace}")).ok_or_else(|| format!("{pace:?} is not a pace"))?;
    let (before, rest) = between(rest, "", "Following are the descriptions of each scene:")?;
    let scenes = rest.split("Return the long term memorability score").next().unwrap_or(rest);
    let start = question.find("They watch a ").unwrap_or(0);
    let end = question.len() - (rest.len() - scenes.len());
    let audio = before.trim().strip_prefix("The audio in the ad says").map(|audio| audio.trim().to_owned());
    Ok(LambdaAd {
        id: 0,
        score: None,
        text: question.get(start..end).unwrap_or(question).trim().to_owned(),
        brand: brand.to_owned(),
        title: title.to_owned(),
        duration,
        orientation,
        pace,
        audio,
        scenes: parts(scenes).into_iter().map(scene).collect(),
    })
}

/// The texts of the scenes, each after its number.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mark = |number: usize| format!("Scene {number}: The scene shows ");
    let Some((_, mut rest)) = text.split_once(&mark(1)) else { return parts };
    while let Some((part, next)) = rest.split_once(&mark(parts.len() + 2)) {
        parts.push(part);
        rest = next;
    }
    parts.push(rest);
    parts
}

fn scene(text: &str) -> LambdaScene {
    let after = |start: &str, end: &str| between(text, start, end).map(|(found, _)| found.trim()).ok();
    let list = |words: Option<&str>| {
        let words = words.unwrap_or_default().split(',').map(str::trim);
        words.filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    let faces = if text.contains("There is one prominent face") {
        1
    } else {
        after("There are ", " faces in the scene").and_then(|count| count.parse().ok()).unwrap_or(0)
    };
    LambdaScene {
        description: text.split(". The foreground colors").next().unwrap_or(text).trim().to_owned(),
        foreground: list(after("The foreground colors of the scene are ", " and the background")),
        background: list(after("the background colors are ", ".")),
        tone: after("The dominant tone of the scene is ", ".").and_then(Tone::of),
        style: after("The photography style of the scene is ", ".").map(str::to_owned),
        complexity: match after("The scene has ", " visual complexity") {
            Some("Low") => Some(Complexity::Low),
            Some("High") => Some(Complexity::High),
            _ => None,
        },
        emotions: list(after("The emotions shown in the scene are ", ".")),
        faces,
        tags: list(after("This scene is categorized by the tags ", ".")),
        text: text.split_once("The text shown in the scene is ").map_or("", |(_, shown)| shown).trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made up, in LAMBDA's form.
    const QUESTION: &str = "Students are shown ads. For the given ad: They watch a 15 second advertisement for Dr. Lamp. \
        The title of the advertisement is \"Say \"light\" | Lamp\". The ad is shot in square orientation, at a high pace. \
        The audio in the ad says [\"Light.\"] . Following are the descriptions of each scene: Scene 1: The scene shows a \
        cat on a lamp. The foreground colors of the scene are Dark_Gray,Red, and the background colors are Black. The \
        dominant tone of the scene is warm. The photography style of the scene is product. The scene has High visual \
        complexity. The emotions shown in the scene are , danger, fun. There are 2 faces in the scene. This scene is \
        categorized by the tags cat, lamp. The text shown in the scene is 'LAMP', 'now. Or never' Scene 2: The scene shows \
        . .  The emotions shown in the scene are .  This scene is categorized by the tags .  Return the long term \
        memorability score of the video on a scale of 00 to 99 without any explanation. \n<image>\n";

    fn files(question: &str, answer: &str) -> (String, String) {
        let questions = serde_json::json!([{"question_id": 7, "question": question, "video_name": "x"}]);
        (questions.to_string(), serde_json::json!([{"question_id": 7, "answer": answer}]).to_string())
    }

    fn parse(question: &str, answer: &str) -> Result<Vec<LambdaAd>> {
        let (questions, answers) = files(question, answer);
        parse_lambda((&questions, Path::new("q.json")), Some((&answers, Path::new("a.json"))))
    }

    #[test]
    fn everything_that_an_ad_says_is_read() {
        let ads = parse(QUESTION, "99").unwrap();
        let [ad] = &ads[..] else { panic!() };
        assert_eq!((ad.id, ad.score, ad.brand.as_str(), ad.duration), (7, Some(1.0), "Dr. Lamp", 15.0));
        assert_eq!(
            (ad.title.as_str(), ad.orientation, ad.pace),
            ("Say \"light\" | Lamp", Orientation::Square, Pace::High)
        );
        assert_eq!(ad.audio.as_deref(), Some("[\"Light.\"] ."));
        assert!(ad.text.starts_with("They watch") && ad.text.ends_with("by the tags ."), "{}", ad.text);
        let [first, second] = &ad.scenes[..] else { panic!() };
        assert_eq!(first.description, "a cat on a lamp");
        assert_eq!(
            (first.foreground.as_slice(), first.background.as_slice()),
            (&["Dark_Gray".to_owned(), "Red".to_owned()][..], &["Black".to_owned()][..])
        );
        assert_eq!((first.tone, first.style.as_deref()), (Some(Tone::Warm), Some("product")));
        assert_eq!((first.complexity, first.faces), (Some(Complexity::High), 2));
        assert_eq!((first.emotions.len(), first.tags.len(), first.text.as_str()), (2, 2, "'LAMP', 'now. Or never'"));
        assert_eq!((second.tone, second.faces, second.emotions.len(), second.tags.len()), (None, 0, 0, 0));
        assert_eq!(answers_beside(Path::new("d/bs_q.json")), Some(PathBuf::from("d/bs_a.json")));
        assert_eq!(answers_beside(Path::new("d/ads.csv")), None);
    }

    #[test]
    fn what_is_not_lambda_is_refused_with_its_row() {
        for (question, answer, parts) in [
            ("Buy this.", "10", &["q.json, row 1, column `question`", "They watch a"][..]),
            (&QUESTION.replace("high pace", "mad pace"), "10", &["\"mad\" is not a pace"]),
            (&QUESTION.replace("a 15 second", "a long second"), "10", &["not a length"]),
            (QUESTION, "100", &["a.json, row 1, column `answer`", "00 to 99"]),
        ] {
            let error = parse(question, answer).unwrap_err().to_string();
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        }
        let (questions, _) = files(QUESTION, "1");
        let error = parse_lambda((&questions, Path::new("q.json")), Some(("[]", Path::new("a.json")))).unwrap_err();
        assert!(error.to_string().contains("ad 7 has no answer"), "{error}");
        assert_eq!(parse_lambda((&questions, Path::new("q.json")), None).unwrap()[0].score, None);
        assert!(parse_lambda(("{}", Path::new("q.json")), None).unwrap_err().to_string().contains("question_id"));
    }
}
