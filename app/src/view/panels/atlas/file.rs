//! The file of an atlas, as far as the panel reads it: what it lacks, or does not know yet, does no harm.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
};

use selfsame_core::recipe::{by_id, claims::study};
use serde::Deserialize;

use super::data::{Estimate, Made, Row, Test, Verdict};
use crate::{
    atlas::{SCHEMA, Spent},
    view::words::{t, with},
};

/// The figure that a policy is compared by.
const REWARD: &str = "sampled";

/// The figure that judges are compared by.
const JUDGES: &str = "judges";

/// The figure that says on how many pairs all judges agree.
const AGREEMENT: &str = "agreement";

/// The figure that says how long answers are.
const LENGTH: &str = "length";

/// Reads a file: by what it was made, in words, and its rows.
///
/// # Errors
/// Says what of the text is no atlas, or that it is of a later version.
pub fn read(text: &str) -> Result<(String, Vec<Row>), String> {
    #[derive(Deserialize)]
    struct Version {
        schema: u32,
    }
    let Version { schema } = serde_json::from_str(text).map_err(|problem| problem.to_string())?;
    if schema > SCHEMA {
        return Err(with("atlas.later", &[("version", &schema), ("known", &SCHEMA)]));
    }
    let file: File = serde_json::from_str(text).map_err(|problem| problem.to_string())?;
    let origins = file.rows.iter().flat_map(|row| row.earlier.iter().map(|part| &part.origin).chain([&row.origin]));
    let made: BTreeSet<(&str, &str)> = origins
        .filter(|origin| !origin.version.is_empty())
        .map(|origin| (origin.version.as_str(), origin.device.as_str()))
        .collect();
    let made = match made.first() {
        None => String::new(),
        Some(_) if made.len() > 1 => t("atlas.made_variously").to_owned(),
        Some((version, device)) => with("atlas.made", &[("version", version), ("device", device)]),
    };
    Ok((made, file.rows.into_iter().map(Into::into).collect()))
}

/// The file, as far as it is read.
#[derive(Deserialize)]
struct File {
    rows: Vec<FileRow>,
}

#[derive(Deserialize)]
struct FileRow {
    study: String,
    #[serde(default)]
    variant: Option<String>,
    #[serde(default)]
    world: String,
    recipe: String,
    #[serde(default)]
    claim: String,
    #[serde(default)]
    verdict: Option<Verdict>,
    #[serde(default)]
    model: String,
    #[serde(default)]
    seeds: Vec<u64>,
    #[serde(default)]
    quick: bool,
    #[serde(default)]
    arms: Vec<FileArm>,
    #[serde(default)]
    tests: Vec<FileTest>,
    #[serde(default)]
    origin: FileOrigin,
    #[serde(default)]
    earlier: Vec<FileEarlier>,
}

#[derive(Deserialize)]
struct FileEarlier {
    #[serde(default)]
    seeds: Vec<u64>,
    #[serde(default)]
    origin: FileOrigin,
}

#[derive(Deserialize)]
struct FileArm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    start: BTreeMap<String, FileSpread>,
    #[serde(default)]
    end: BTreeMap<String, FileSpread>,
    #[serde(default)]
    spent: Option<FileSpent>,
}

impl FileArm {
    fn spent(&self) -> Option<Spent> {
        let spent = self.spent.as_ref()?;
        Some(Spent {
            steps: (&spent.steps).into(),
            drawn_tokens: (&spent.drawn_tokens).into(),
            seconds: (&spent.seconds).into(),
            ..Spent::default()
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct FileSpent {
    steps: Written,
    drawn_tokens: Written,
    seconds: Written,
}

#[derive(Deserialize)]
struct FileSpread {
    mean: Written,
    #[serde(default)]
    interval: Option<FileInterval>,
}

#[derive(Deserialize)]
struct FileInterval {
    low: Written,
    high: Written,
}

#[derive(Deserialize)]
struct FileTest {
    says: String,
    #[serde(default)]
    against: String,
    #[serde(default)]
    decides: bool,
    #[serde(default)]
    differences: BTreeMap<String, Written>,
    #[serde(default)]
    outcome: Option<FileOutcome>,
}

#[derive(Deserialize)]
struct FileOutcome {
    difference: Written,
    #[serde(default)]
    interval: Option<FileInterval>,
    verdict: Verdict,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct FileOrigin {
    version: String,
    commit: Option<String>,
    device: String,
    processor: Option<String>,
    cores: usize,
    system: String,
    written: Written,
}

impl FileOrigin {
    fn made(self, seeds: Vec<u64>) -> Made {
        let cores = if self.cores == 0 { String::new() } else { with("atlas.cores", &[("count", &self.cores)]) };
        let parts = [self.device, self.processor.unwrap_or_default(), cores, self.system];
        let machine: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Made {
            seeds,
            version: self.version,
            commit: self.commit,
            machine: machine.join(", "),
            written: (&self.written).into(),
        }
    }
}

/// A number as logs write them: a word where it is not finite.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(f64),
    Word(String),
    Nothing(()),
}

impl Default for Written {
    fn default() -> Self {
        Self::Nothing(())
    }
}

impl From<&Written> for f64 {
    fn from(written: &Written) -> Self {
        match written {
            Written::Number(number) => *number,
            Written::Word(word) => word.parse().unwrap_or(Self::NAN),
            Written::Nothing(()) => Self::NAN,
        }
    }
}

fn estimate(mean: &Written, interval: Option<&FileInterval>) -> Estimate {
    let (low, high) =
        interval.map_or((f64::NAN, f64::NAN), |interval| ((&interval.low).into(), (&interval.high).into()));
    Estimate { mean: mean.into(), low, high }
}

impl From<FileRow> for Row {
    fn from(row: FileRow) -> Self {
        let main = row.arms.first();
        let of = |figures: Option<&BTreeMap<String, FileSpread>>, figure: &str| {
            figures
                .and_then(|figures| figures.get(figure))
                .map(|spread| estimate(&spread.mean, spread.interval.as_ref()))
        };
        let (start, end) = (main.map(|arm| &arm.start), main.map(|arm| &arm.end));
        let spent = main.and_then(FileArm::spent);
        let unlike = |other: &Spent| spent.is_some_and(|own| !other.unlike(&own).is_empty());
        let others = row.arms.iter().skip(1).filter_map(|arm| Some((arm.name.clone(), arm.spent()?)));
        let unequal = others.filter(|(_, other)| unlike(other)).collect();
        let all = row.seeds.len();
        let mut tests: Vec<Test> = row
            .tests
            .into_iter()
            .map(|test| Test {
                says: match test.differences.len() {
                    count if count > 0 && count < all => {
                        with("atlas.fewer_seeds", &[("says", &test.says), ("count", &count), ("all", &all)])
                    }
                    _ => test.says,
                },
                against: test.against,
                decides: test.decides,
                differences: test.differences.values().map(Into::into).collect(),
                resampled: OnceCell::new(),
                verdict: test.outcome.as_ref().map(|outcome| outcome.verdict),
                effect: test.outcome.map(|outcome| estimate(&outcome.difference, outcome.interval.as_ref())),
            })
            .collect();
        tests.sort_by_key(|test| !test.decides);
        let of_study = study(&row.study).ok().and_then(|study| study.world);
        let own_world = of_study.or_else(|| by_id(&row.recipe).ok().map(|entry| entry.world)).unwrap_or_default();
        let mut made: Vec<Made> = row.earlier.into_iter().map(|part| part.origin.made(part.seeds)).collect();
        let before: BTreeSet<u64> = made.iter().flat_map(|part| part.seeds.iter().copied()).collect();
        let own = row.seeds.iter().copied().filter(|seed| !made.is_empty() && !before.contains(seed)).collect();
        made.push(row.origin.made(own));
        made.retain(|part| !part.version.is_empty());
        let model = row.model.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        Self {
            verdict: row.verdict,
            model: Some(model).filter(|model| !model.is_empty() && model != crate::shelf::STARTER),
            world: Some(row.world)
                .filter(|world| !world.is_empty() && world != own_world)
                .filter(|world| of_study.is_some() || world != crate::atlas::WORLD),
            variant: row.variant,
            quick: row.quick,
            start: of(start, REWARD),
            reward: of(end, REWARD),
            judges: of(end, JUDGES),
            agreement: of(end, AGREEMENT),
            length: of(end, LENGTH),
            spent,
            unequal,
            made,
            seeds: row.seeds.len(),
            recipe: row.recipe,
            study: row.study,
            claim: row.claim,
            tests,
        }
    }
}
