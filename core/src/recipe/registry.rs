//! The list of all recipes. Adding a paper is one file, one line here, and its settings in
//! [`super::settings`].

use std::{future::Future, pin::Pin};

use super::{
    Card, Recipe,
    policy_gradient::{nlhf::Nlhf, r3::R3},
    preference::{bco::Bco, cdr::Cdr, dpo::Dpo, reward_aug::RewardAug, t_reg::TReg},
    reward_model::flr::Flr,
    self_play::{dno::Dno, selm::Selm, spin::Spin},
    self_rewarding::{cream::Cream, osp::Osp, scir::Scir, seed_ads::SeedAds, spa::Spa, srlm::Srlm, upo::Upo},
    self_training::sharpening::Sharpening,
    settings,
    supervised::{coh::Coh, sft::Sft},
};
use crate::{
    Error, Result,
    measure::{self, control::Budget},
    run::{Lab, Options},
};

type Running<'a> = Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// A recipe without its type.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Who it is.
    pub card: Card,
    /// The world that it runs on where nobody names another.
    pub world: &'static str,
    options: fn() -> Options,
    defaults: fn() -> Result<toml::Table>,
    quick: fn(&toml::Table) -> Result<toml::Table>,
    check: fn(&toml::Table) -> Result<Option<Budget>>,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Entry({})", self.card.id)
    }
}

const ENTRIES: &[Entry] = &[
    entry::<Sft>(),
    entry::<Dpo>(),
    entry::<Srlm>(),
    entry::<Scir>(),
    entry::<Cream>(),
    entry::<Spa>(),
    entry::<Osp>(),
    entry::<Spin>(),
    entry::<Selm>(),
    entry::<Dno>(),
    entry::<RewardAug>(),
    entry::<Bco>(),
    entry::<Upo>(),
    entry::<Nlhf>(),
    entry::<R3>(),
    entry::<TReg>(),
    entry::<Coh>(),
    entry::<Cdr>(),
    entry::<Flr>(),
    entry::<Sharpening>(),
    entry::<SeedAds>(),
];

type Runner = for<'a> fn(toml::Table, &'a mut Lab) -> Running<'a>;

/// The same recipes as [`ENTRIES`], at work. Apart from them, because a page that only shows settings is
/// not to carry everything that computes.
const RUNNERS: &[(&str, Runner)] = &[
    runner::<Sft>(),
    runner::<Dpo>(),
    runner::<Srlm>(),
    runner::<Scir>(),
    runner::<Cream>(),
    runner::<Spa>(),
    runner::<Osp>(),
    runner::<Spin>(),
    runner::<Selm>(),
    runner::<Dno>(),
    runner::<RewardAug>(),
    runner::<Bco>(),
    runner::<Upo>(),
    runner::<Nlhf>(),
    runner::<R3>(),
    runner::<TReg>(),
    runner::<Coh>(),
    runner::<Cdr>(),
    runner::<Flr>(),
    runner::<Sharpening>(),
    runner::<SeedAds>(),
];

/// All recipes.
#[must_use]
pub fn all() -> &'static [Entry] {
    ENTRIES
}

/// The recipe of a name.
///
/// # Errors
/// If there is none; the message lists those there are.
pub fn by_id(id: &str) -> Result<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.card.id == id).ok_or_else(|| {
        let known: Vec<_> = ENTRIES.iter().map(|entry| entry.card.id).collect();
        Error::Recipe(format!("there is no recipe `{id}`; there are {}", known.join(", ")))
    })
}

impl Entry {
    /// All hyper-parameters with their defaults.
    ///
    /// # Errors
    /// If they cannot be written as TOML, which a test rules out.
    pub fn defaults(&self) -> Result<toml::Table> {
        (self.defaults)()
    }

    /// How its runs are measured and written, unless somebody says otherwise.
    #[must_use]
    pub fn options(&self) -> Options {
        (self.options)()
    }

    /// The same hyper-parameters for a tenth of the work.
    ///
    /// # Errors
    /// If a hyper-parameter is unknown or of the wrong type.
    pub fn quick(&self, parameters: &toml::Table) -> Result<toml::Table> {
        (self.quick)(parameters)
    }

    /// Checks hyper-parameters and says what they will spend.
    ///
    /// # Errors
    /// Names the hyper-parameter that is unknown, of the wrong type or out of range.
    pub fn check(&self, parameters: &toml::Table) -> Result<Option<Budget>> {
        (self.check)(parameters)
    }

    /// Runs the recipe, measured before and between, and its controls where `lab` has a world.
    ///
    /// # Errors
    /// As the recipe.
    pub async fn run(&self, parameters: toml::Table, lab: &mut Lab) -> Result<()> {
        let budget = self.check(&parameters)?;
        lab.measure().await?;
        let runner = RUNNERS.iter().find(|(id, _)| *id == self.card.id).map(|(_, runner)| runner);
        let runner = runner.ok_or_else(|| Error::Recipe(format!("the recipe `{}` cannot be run", self.card.id)))?;
        runner(parameters, lab).await?;
        if let Some(budget) = budget.filter(|_| lab.has_world() && lab.wants_controls()) {
            measure::control::run(lab, &budget).await?;
        }
        lab.finish()
    }
}

const fn entry<R: Recipe>() -> Entry {
    Entry {
        card: R::CARD,
        world: R::WORLD,
        options: R::options,
        defaults: || to_table(&R::default()),
        quick: |parameters| to_table(&read::<R>(parameters)?.quick()),
        check: |parameters| {
            settings::check(R::CARD.id, parameters)?;
            let recipe = read::<R>(parameters)?;
            // What is kept in single precision may have been rounded out of its range.
            settings::check(R::CARD.id, &to_table(&recipe)?)?;
            recipe.check()?;
            Ok(recipe.budget())
        },
    }
}

const fn runner<R: Recipe>() -> (&'static str, Runner) {
    (R::CARD.id, |parameters, lab| Box::pin(async move { read::<R>(&parameters)?.run(lab).await }))
}

fn read<R: Recipe>(parameters: &toml::Table) -> Result<R> {
    parameters.clone().try_into().map_err(|e: toml::de::Error| {
        Error::setting(R::CARD.id, format!("{} (`selfsame methods {}` lists the settings)", e.message(), R::CARD.id))
    })
}

fn to_table<R: Recipe>(recipe: &R) -> Result<toml::Table> {
    toml::Table::try_from(recipe).map_err(|e| Error::setting(R::CARD.id, e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_round_trip_and_pass_their_own_check() {
        for entry in all() {
            let defaults = entry.defaults().unwrap();
            let text = toml::to_string(&defaults).unwrap();
            assert_eq!(text.parse::<toml::Table>().unwrap(), defaults, "{}", entry.card.id);
            entry.check(&defaults).unwrap();
            entry.check(&entry.quick(&defaults).unwrap()).unwrap();
        }
    }

    #[test]
    fn unknown_and_mistyped_settings_are_named() {
        for entry in all() {
            let mut parameters = entry.defaults().unwrap();
            parameters.insert("no_such_setting".to_owned(), 1.into());
            let error = entry.check(&parameters).unwrap_err().to_string();
            assert!(error.contains("no_such_setting"), "{error}");
        }
        assert!(by_id("nothing").unwrap_err().to_string().contains("scir"));
    }
}
