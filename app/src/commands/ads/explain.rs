//! `selfsame ads explain`: what drives a Henry's score, word by word, and whether that is what is true.

use std::path::Path;

use selfsame_core::{
    device,
    judge::Henry,
    measure::{
        bootstrap::Interval,
        explanation::{Agreement, Explained},
    },
    model::Decoder,
    recipe::self_rewarding::seed_ads,
    text::Tokenizer,
    world::ads::{Ad, Aspect, Brief, Group, RESPOND, Study, StudyConfig, replaced},
};
use serde::Serialize;

use super::rated::Asked;
use crate::{
    Error, Result,
    cli::{DeviceChoice, ExplainAdsArgs},
    explanation::Explanation,
    format::{self, NOTHING, number},
    output,
    report::table::Table,
    shelf::{Disk, Place, Shelf},
};

/// A word with what it adds to the score, and what it truly adds to the memorability.
#[derive(Serialize)]
struct Driver<'a> {
    word: &'a str,
    share: f64,
    truth: f64,
}

/// Runs the command.
///
/// # Errors
/// If the model cannot be read or does not speak the language of ads, the text is no brief with an ad, or the device
/// fails.
pub fn run(args: &ExplainAdsArgs) -> Result<()> {
    let asking = Asking::load(args.model.as_deref(), args.device, args.token_budget as usize)?;
    match &args.text {
        Some(text) => of_text(&asking, args, text),
        None => of_world(&asking, args),
    }
}

/// Who is asked.
struct Asking {
    henry: Henry,
    model: Decoder,
    tokenizer: Tokenizer,
    name: String,
    sha256: String,
    budget: usize,
}

impl Asking {
    fn load(model: Option<&Path>, device: DeviceChoice, budget: usize) -> Result<Self> {
        let place = model.map_or_else(|| Ok(Place::AdsHenry(Group::A)), |path| Place::of(Some(path), &Disk))?;
        let template = match model {
            Some(folder) => Asked::read(folder)?.template,
            None => seed_ads::TEMPLATE.to_owned(),
        };
        let tokenizer = Disk.tokenizer(&place)?;
        let (model, sha256) = Disk.model(&place, &device::acquire(device.into())?)?;
        Ok(Self { henry: Henry::new(&template, &tokenizer)?, model, tokenizer, name: place.name()?, sha256, budget })
    }

    /// Explains an ad, with his score of it.
    fn explain(&self, brief: Brief, ad: &Ad) -> Result<(f64, Explained)> {
        let others = replaced(&brief, ad);
        let all = std::iter::once((&brief, ad)).chain(others.iter().map(|one| (&one.brief, &one.ad)));
        let room = self.henry.room(self.model.config().max_position_embeddings);
        let read = all.map(|(brief, ad)| {
            let text = format!("{} {}", brief.prompt(), ad.tokens());
            if let Some(word) = self.tokenizer.unknown_word(&text) {
                return Err(Error::told(format!(
                    "{} has no word `{word}`: it does not speak the language of ads",
                    self.name
                )));
            }
            let tokens = self.tokenizer.encode_piece(&text)?;
            if tokens.len() > room {
                let length = tokens.len();
                return Err(Error::told(format!("an ad has {length} tokens and {} has room for {room}", self.name)));
            }
            Ok(self.henry.around(&tokens))
        });
        let read = read.collect::<Result<Vec<_>>>()?;
        let read: Vec<&[u32]> = read.iter().map(Vec::as_slice).collect();
        let scores = pollster::block_on(self.henry.score(&self.model, &read, self.budget))?;
        let score = scores.first().copied().unwrap_or_default();
        let explained = Explained::of(&brief, ad, &others, &scores);
        Ok((score, explained.ok_or_else(|| Error::told("some texts were not scored"))?))
    }
}

fn of_text(asking: &Asking, args: &ExplainAdsArgs, text: &str) -> Result<()> {
    let problem = |problem: String| Error::told(format!("this is no brief with an ad: {problem}"));
    let end = text.find(RESPOND).map(|at| at + RESPOND.len());
    let (prompt, tokens) = end
        .and_then(|end| text.split_at_checked(end))
        .ok_or_else(|| problem(format!("there is no `{RESPOND}` between the two")))?;
    let (brief, ad) = (Brief::parse(prompt).map_err(problem)?, Ad::parse(tokens).map_err(problem)?);
    let (score, found) = asking.explain(brief, &ad)?;
    let shares = found.said.iter().zip(&found.truth);
    let words =
        text.split_whitespace().zip(shares).map(|(word, (share, truth))| Driver { word, share: *share, truth: *truth });
    if args.json {
        return output::json(&words.collect::<Vec<_>>());
    }
    let mut table = Table::new("What each word does", ["word", "score", "truth"]).note(format!(
        "points of 100 viewers, of whom {:.1} are expected to remember the ad: the score with the word less the mean score \
         with other words of its kind, and the same of the truth",
        100.0 * score
    ));
    for word in words {
        let [share, truth] = [word.share, word.truth].map(|value| format!("{:+.2}", 100.0 * value));
        table.row([word.word.to_owned(), share, truth]);
    }
    output::print(&table.text())
}

fn of_world(asking: &Asking, args: &ExplainAdsArgs) -> Result<()> {
    let config = StudyConfig { seed: args.seed, ads: args.ads as usize, ..StudyConfig::default() };
    let study = Study::run(&config);
    let (mut found, mut shown) = (Vec::new(), 0);
    let began = format::now();
    for studied in &study.ads {
        found.push(asking.explain(studied.brief, &studied.ad)?.1);
        let tenth = 10 * found.len() / study.ads.len().max(1);
        if tenth > shown {
            shown = tenth;
            let time = format::duration(format::now() - began);
            output::note(&format!("{} of {} ads in {time}", found.len(), study.ads.len()));
        }
    }
    let explanation = Explanation {
        henry: asking.name.clone(),
        sha256: asking.sha256.clone(),
        seed: args.seed,
        ads: found.len(),
        agreement: Agreement::of(&found, args.seed),
    };
    if args.json { output::json(&explanation) } else { output::print(&table(&explanation).text()) }
}

/// An aspect's name in tables.
const fn name(aspect: Aspect) -> &'static str {
    match aspect {
        Aspect::Brand => "brand",
        Aspect::Pace => "pace",
        Aspect::People => "people",
        Aspect::Emotion => "emotion",
        Aspect::Clutter => "clutter",
        Aspect::Naming => "naming",
    }
}

/// The figures as a table.
fn table(explanation: &Explanation) -> Table {
    let title = format!("What drives {}, beside what is true", explanation.henry);
    let mut table = Table::new(title, ["what", "Spearman", "95 % interval"]).note(format!(
        "{} ads; a word's share is the score with it less the mean score with other words of its kind. Words: shares \
         against true shares; aspects: shares summed over their words against the terms of the truth. A word that \
         truly makes a difference adds or takes {:.2} points of 100 viewers, one that makes none {:.2}",
        explanation.ads,
        100.0 * explanation.agreement.heard,
        100.0 * explanation.agreement.idle
    ));
    let mut row = |name: &str, rho: Option<Interval>| {
        let value = rho.map_or_else(|| NOTHING.to_owned(), |rho| number(rho.value));
        let interval =
            rho.map_or_else(|| NOTHING.to_owned(), |rho| format!("{} to {}", number(rho.low), number(rho.high)));
        table.row([name.to_owned(), value, interval]);
    };
    row("words", explanation.agreement.words);
    for (aspect, rho) in &explanation.agreement.aspects {
        row(name(*aspect), *rho);
    }
    row("all aspects, each without its mean", explanation.agreement.all);
    table
}
