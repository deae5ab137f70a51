//! One file per paper, grouped in folders by family. A recipe is a struct of hyper-parameters and
//! an `async fn` over the [`Lab`] that reads like the paper's algorithm box.

pub mod claims;
mod looped;
pub mod policy_gradient;
pub mod preference;
mod ranking;
mod registry;
pub mod reward_model;
pub mod self_play;
pub mod self_rewarding;
pub mod self_training;
pub mod settings;
pub mod starter;
pub mod supervised;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub use looped::Loop;
pub use registry::{Entry, all, by_id};

use crate::{
    Result,
    measure::control::Budget,
    run::{Lab, Options},
};

/// What a recipe may know of the truth, because its paper has an annotator or a verifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OracleUse {
    /// Nothing.
    None,
    /// A person or a stronger model labels pairs.
    Annotator,
    /// A program checks answers.
    Verifier,
}

/// Who a recipe is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Card {
    /// The name on the command line.
    pub id: &'static str,
    /// The paper's title.
    pub title: &'static str,
    /// Where the paper is.
    pub paper: &'static str,
    /// The family it belongs to.
    pub family: &'static str,
    /// What the paper claims, in a sentence.
    pub claim: &'static str,
    /// What of the recipe is our reconstruction, in a sentence.
    pub fidelity: &'static str,
    /// What it may know of the truth.
    pub oracle: OracleUse,
    /// Whether it ranks by the reward against the base: without another model as base it cannot run.
    pub base: bool,
}

/// A paper that runs. The ranges of its hyper-parameters are in [`settings`].
#[allow(async_fn_in_trait)] // recipes are driven by one thread, here and in the browser
pub trait Recipe: Serialize + DeserializeOwned + Default {
    /// Who it is.
    const CARD: Card;

    /// The world that it runs on where nobody names another.
    const WORLD: &'static str = "rules";

    /// How its runs are measured and written, unless somebody says otherwise.
    #[must_use]
    fn options() -> Options {
        Options::default()
    }

    /// A tenth of the work, for trying.
    #[must_use]
    fn quick(self) -> Self;

    /// What it spends, so that the control lines spend the same; `None` where random and oracle
    /// labels would have no meaning.
    fn budget(&self) -> Option<Budget>;

    /// Checks what no single range can: whether the hyper-parameters go together.
    ///
    /// # Errors
    /// Names the hyper-parameter that does not fit the others.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// The algorithm. The start is measured before and the controls run after it.
    ///
    /// # Errors
    /// As the verbs of the lab.
    async fn run(&self, lab: &mut Lab) -> Result<()>;
}

/// A tenth, but at least `least`.
fn tenth(value: usize, least: usize) -> usize {
    (value / 10).max(least)
}
