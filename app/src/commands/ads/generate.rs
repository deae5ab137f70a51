//! `selfsame ads generate`: ads for a brief, each of them readable by construction.

use selfsame_core::{
    Error as CoreError, device,
    judge::Henry,
    sample::{Answer, Request, Sampling, generate_within},
    world::{
        Split, World,
        ads::{Ad, Ads, Brief, Validity},
    },
};
use serde::Serialize;

use super::rated::Asked;
use crate::{
    Error, Result,
    cli::GenerateAdsArgs,
    inputs::foreign_token,
    output,
    shelf::{Disk, Place, Shelf},
};

#[derive(Serialize)]
struct Line<'a> {
    brief: &'a str,
    ad: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    memorability: Option<f64>,
    brand_kept: bool,
}

/// Runs the command.
///
/// # Errors
/// If the brief is none, a model cannot be loaded or does not speak the language of ads, or the device fails.
pub fn run(args: &GenerateAdsArgs) -> Result<()> {
    let text = match &args.brief {
        Some(text) => text.clone(),
        None => Ads.prompts(args.seed, Split::HeldOut, 1).swap_remove(0).text,
    };
    let brief = Brief::parse(&text)
        .map_err(|problem| Error::told(format!("this is no brief: {problem}. Leave out --brief to see one")))?;
    let sampling =
        Sampling { temperature: args.temperature, max_new_tokens: args.max_new_tokens, ..Sampling::default() };
    let place = match &args.model {
        Some(path) => Place::of(Some(path), &Disk)?,
        None => Place::AdsStarter,
    };
    let tokenizer = Disk.tokenizer(&place)?;
    if let Some(word) = foreign_token(&Ads, &tokenizer)? {
        return Err(CoreError::model(place.name()?, format!("does not speak the language of ads: it has no token for `{word}`. Train one with `selfsame pretrain ads`")).into());
    }
    let selected = device::acquire(args.device.into())?;
    let (model, _) = Disk.model(&place, &selected)?;
    let grammar = Ads.grammar(&tokenizer)?;
    let prompt = tokenizer.encode(&text)?;
    let request = Request {
        prompts: &[(0, prompt.clone())],
        samples: args.samples as usize,
        sampling: &sampling,
        seed: args.seed,
        iteration: 0,
        batch: args.samples as usize,
    };
    let drawn = pollster::block_on(generate_within(&model, &tokenizer, &request, grammar.as_ref()))?;
    let ads: Vec<Answer> = drawn.into_iter().flatten().collect();
    let scores = match &args.henry {
        None => Vec::new(),
        Some(folder) => {
            let place = Place::of(Some(folder), &Disk)?;
            let henry = Henry::new(&Asked::read(folder)?.template, &tokenizer)?;
            let (judge, _) = Disk.model(&place, &selected)?;
            let read: Vec<Vec<u32>> =
                ads.iter().map(|ad| henry.around(&[prompt.as_slice(), ad.content()].concat())).collect();
            let read: Vec<&[u32]> = read.iter().map(Vec::as_slice).collect();
            pollster::block_on(henry.score(&judge, &read, 4096))?
        }
    };
    let mut order: Vec<usize> = (0..ads.len()).collect();
    let score = |index: usize| scores.get(index).copied();
    order.sort_by(|a, b| score(*b).unwrap_or(0.0).total_cmp(&score(*a).unwrap_or(0.0)).then(a.cmp(b)));
    if !args.json {
        output::print(&format!("{text}\n"))?;
    }
    for index in order {
        let ad = ads[index].text.as_str();
        let brand_kept = Ad::parse(ad).is_ok_and(|ad| Validity::of(&brief, &ad).brand_valid());
        if args.json {
            output::json(&Line { brief: &text, ad, memorability: score(index), brand_kept })?;
        } else {
            let score = score(index).map_or_else(String::new, |score| format!("{score:.3}\t"));
            output::print(&format!("{score}{ad}\n"))?;
        }
    }
    Ok(())
}
