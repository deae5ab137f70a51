//! A study carried out: its runs, seed by seed and arm by arm, each in a folder of its own, and the row of
//! the atlas that they add up to.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
};

use selfsame_core::recipe::{
    by_id,
    claims::{Arm, Study},
};

use crate::{
    Result,
    atlas::Row,
    cli::{Assignment, ReproduceArgs, RunArgs},
    output,
    settings::{Settings, flatten, tidy},
};

mod machine;
mod numbers;
mod panel;
mod row;
mod runs;

use numbers::Numbers;

/// A study of one model with everything that decides it.
#[derive(Debug)]
pub struct Reproduction<'a> {
    study: &'static Study,
    args: &'a ReproduceArgs,
    model: Option<&'a Path>,
    out: &'a Path,
    settings: Settings,
}

/// One run of a study.
#[derive(Debug, Clone)]
struct Planned {
    /// The arm; `None` is the recipe itself.
    arm: Option<&'static Arm>,
    seed: u64,
    /// Its folder, below that of the atlas.
    folder: PathBuf,
    args: RunArgs,
    settings: Settings,
}

impl<'a> Reproduction<'a> {
    /// A study as the arguments ask for it.
    ///
    /// # Errors
    /// If a setting does not exist or cannot work.
    pub fn new(study: &'static Study, args: &'a ReproduceArgs, model: Option<&'a Path>, out: &'a Path) -> Result<Self> {
        let mut asked = run_args(study.recipe, study, args, model);
        asked.set.splice(0..0, study.settings.iter().map(own));
        asked.no_controls = !study.controls;
        let settings = Settings::of(by_id(study.recipe)?, &asked)?;
        settings.typed_options()?;
        Ok(Self { study, args, model, out, settings })
    }

    /// The seeds, in order.
    fn seeds(&self) -> impl Iterator<Item = u64> + use<> {
        self.args.seeds.clone()
    }

    /// The arms of the study, the recipe itself first.
    fn arms(&self) -> impl Iterator<Item = Option<&'static Arm>> + use<> {
        std::iter::once(None).chain(self.study.arms.iter().map(Some))
    }

    /// All runs: every arm of a seed before the next seed, so that what is stopped has whole seeds.
    fn planned(&self) -> Result<Vec<Planned>> {
        let mut settings = Vec::new();
        for arm in self.arms() {
            settings.push((arm, self.settings_of(arm)?));
        }
        Ok(self
            .seeds()
            .flat_map(|seed| settings.iter().map(move |(arm, settings)| (seed, *arm, settings)))
            .map(|(seed, arm, settings)| {
                let recipe = arm.map_or(self.study.recipe, |arm| arm.recipe);
                let folder = self.folder(arm, seed);
                let args = RunArgs {
                    seed,
                    out: Some(self.out.join(&folder)),
                    ..run_args(recipe, self.study, self.args, self.model)
                };
                Planned { arm, seed, folder, args, settings: settings.clone() }
            })
            .collect())
    }

    /// The settings of an arm: an equal budget, its own settings, and no control lines.
    fn settings_of(&self, arm: Option<&Arm>) -> Result<Settings> {
        let Some(arm) = arm else {
            return Ok(self.settings.clone());
        };
        let mut settings = self.settings.clone();
        settings.parameters = tidy(self.study.parameters_of(arm, &self.settings.parameters)?);
        settings.options.insert("controls".to_owned(), false.into());
        Ok(settings)
    }

    fn folder(&self, arm: Option<&Arm>, seed: u64) -> PathBuf {
        let mut folder = PathBuf::from(self.study.id);
        let own = self.study.own_world();
        if let Some(world) = self.args.world.as_deref().filter(|world| *world != own) {
            folder.push(format!("world-{world}"));
        }
        if let Some(name) = self.model.and_then(Path::file_name) {
            folder.push(format!("model-{}", name.to_string_lossy()));
        }
        if let Some(variant) = &self.args.variant {
            folder.push(format!("as-{variant}"));
        }
        folder.join(arm.map_or(self.study.recipe, |arm| arm.name)).join(format!("seed-{seed}"))
    }

    /// Carries out what is left to do and gives the row.
    ///
    /// # Errors
    /// If a run fails, a folder holds another run, or the user stops it.
    pub fn carry_out(&self, stop: &Arc<AtomicBool>) -> Result<Row> {
        let planned = self.planned()?;
        let jobs = self.jobs(&planned)?;
        output::note(&format!(
            "{}: {} runs, {jobs} at a time, below {}",
            self.study.id,
            planned.len(),
            self.out.join(self.study.id).display()
        ));
        runs::all(&planned, jobs, self.study.id, stop)?;
        self.row(&planned, jobs)
    }

    /// The settings of the recipe as the atlas keeps them.
    fn shown_settings(&self) -> BTreeMap<String, String> {
        let mut table = self.settings.parameters.clone();
        table.insert("options".to_owned(), self.settings.options.clone().into());
        flatten(&table).into_iter().map(|(name, value)| (name, value.to_string())).collect()
    }
}

/// A setting of a study as an argument.
fn own((key, value): &(&str, &str)) -> Assignment {
    Assignment { key: (*key).to_owned(), value: (*value).to_owned() }
}

/// The arguments of a run like those of the reproduction.
fn run_args(recipe: &str, study: &Study, args: &ReproduceArgs, model: Option<&Path>) -> RunArgs {
    RunArgs {
        model: model.map(Path::to_path_buf),
        base: args.base.clone(),
        world: args.world.clone().or_else(|| Some(study.own_world().to_owned())),
        set: args.set.clone(),
        device: args.device,
        quick: args.quick,
        ..RunArgs::new(recipe)
    }
}

#[cfg(test)]
mod tests;
