//! Self-Consistency of the Internal Reward Models Improves Self-Rewarding Language Models
//! (arXiv 2502.08922).
//!
//! A model holds several internal reward models: the generative judge under different prompts and
//! the implicit reward of DPO. At *every optimiser step* their opinions on unlabelled pairs are
//! computed from the current weights; an inconsistency penalty pulls them together, with gradients
//! into the judges; and DPO learns only from pairs on which they agree.
//!
//! Pitfalls of the method, and what becomes of them here:
//! - Judges agree most easily by saying nothing: the penalty's trivial optimum is everybody at ½. The entropy pulls
//!   the other way, and is switched on late.
//! - The entropy sharpens errors as well: the log has how often each judge is right, not only how often they agree.
//! - Judges with the same blind spot agree and err: `panel` has two ablations that show it.
//! - The penalty's other trivial optimum is one error that all share: everybody for the first answer, or for the longer
//!   one. The first cannot happen, since a pairwise judge is asked in both orders and the mean of both has no side,
//!   and a pointwise judge sees one answer at a time; how often its verdict turns with the order is measured. Length is
//!   not prevented, only the implicit reward is per token: every measurement has each judge's share of verdicts for the
//!   longer answer, next to how often it is right. A judge that always prefers the longer answer has 1 there.
//! - A scale of the implicit reward that is too small never vetoes, one that is too large always does: it is per token
//!   (`implicit`), and the log has every judge's opinion on every pair.
//! - Where base and start are the same model, the implicit opinion is ½ until the first step has moved the policy:
//!   that step's pairs are not kept, and only the judges learn from it.
//! - A filter spends fewer pairs: self-rewarding stands beside it in as many steps, and on as many kept pairs.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::agreement::Agreement;
use crate::{
    Result,
    judge::{Form, Generative, Implicit},
    learn::LearnConfig,
    measure::control::Budget,
    recipe::{Card, Loop, OracleUse, Recipe},
    run::{Lab, PairBatch, Snapshot},
    select::{all_pairs, subset},
};

/// Which internal reward models a model is asked to make agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Panel {
    /// Every judge prompt and the implicit reward.
    #[default]
    All,
    /// The judge prompts alone.
    Prompts,
    /// All, and the first judge prompt asked in the other form as well.
    Wide,
    /// The first judge prompt alone, twice: it always agrees with itself (our ablation).
    Twice,
    /// The first judge prompt alone, in both forms: what its rubric overlooks both overlook (our
    /// ablation).
    OneRubric,
}

/// A panel at work.
struct Judges {
    /// The generative judges by their names.
    generative: Vec<(String, Generative)>,
    /// Whether the implicit reward has a say.
    implicit: bool,
}

/// The hyper-parameters. The ablations of the method's card are `consistency` and `confidence` at 0, no `filter`, and
/// `static_labels`; two choices of `panel` are ablations of our own.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scir {
    /// How the generative judges are asked (our choice).
    pub judge: Form,
    /// Which internal reward models there are (our choice: all).
    pub panel: Panel,
    /// The implicit reward; its base is the model before instruction fine-tuning (our choice).
    pub implicit: Implicit,
    /// Weight of the inconsistency penalty, λ_c (our choice; the paper's is not known).
    pub consistency: f64,
    /// Weight of the entropy of the judges, λ_h (our choice; the paper's is not known).
    pub confidence: f64,
    /// Share of a phase before the entropy counts (our choice).
    pub confidence_warmup: f64,
    /// How far from ½ every judge must be for a pair to count (our choice).
    pub margin: f64,
    /// Ablation: learn from the mean opinion on all pairs instead of only where all agree.
    pub filter: bool,
    /// Ablation: labels computed once, at the start of the iteration's learning.
    pub static_labels: bool,
    /// The loop.
    #[serde(rename = "loop")]
    pub shared: Loop,
}

impl Default for Scir {
    fn default() -> Self {
        Self {
            judge: Form::Pointwise,
            panel: Panel::All,
            implicit: Implicit::default(),
            consistency: 0.1,
            confidence: 0.01,
            confidence_warmup: 0.2,
            margin: 0.0,
            filter: true,
            static_labels: false,
            // About a third of unlabelled pairs survive the filter: as many as `srlm` learns from,
            // each seen once instead of twice.
            shared: Loop { pairs: 600, learn: LearnConfig { epochs: 1, ..Loop::default().learn }, ..Loop::default() },
        }
    }
}

impl Recipe for Scir {
    const CARD: Card = Card {
        id: "scir",
        title: "Self-Consistency of the Internal Reward Models Improves Self-Rewarding Language Models",
        paper: "arXiv 2502.08922",
        family: "self-rewarding",
        claim: "Making a model's internal reward models agree while it learns, and learning only where they agree, gives better policies and better reward models than self-rewarding alone.",
        fidelity: "The paper's exact penalty, weights and learning rates could not be read; symmetric KL plus entropy on Bernoulli preferences is a reconstruction from its abstract and two summaries.",
        oracle: OracleUse::None,
        base: true,
    };

    fn quick(self) -> Self {
        Self { shared: self.shared.quick(), ..self }
    }

    fn budget(&self) -> Option<Budget> {
        // One of each answer: what the judge prompts ask differs at its end.
        Some(Budget { judgements: 2, ..self.shared.budget() })
    }

    async fn run(&self, lab: &mut Lab) -> Result<()> {
        let settings = &self.shared;
        let (judges, agreement) = (self.judges(lab)?, self.agreement());
        for iteration in lab.iterations(settings.iterations) {
            lab.begin(iteration);
            let prompts = lab.prompts(settings.prompts)?;
            let answers = lab.sample(&prompts, settings.samples, &settings.sampling).await?;
            let pairs = subset(all_pairs(&answers), settings.pairs, lab.seed(), iteration);
            let fixed_model = self.static_labels.then(|| lab.policy().clone());
            lab.learn_pairs(
                &settings.learn,
                settings.replay(),
                &pairs,
                &[Snapshot::Base, Snapshot::Start],
                |batch, phase| {
                    let opinions = self.opinions(&judges, batch)?;
                    let labels = match &fixed_model {
                        None => opinions.clone(),
                        Some(model) => self.fixed_opinions(model, &judges, batch)?,
                    };
                    agreement.objective(judges.names(), &opinions, &labels, batch, phase.progress)
                },
            )
            .await?;
            lab.measure().await?;
        }
        Ok(())
    }
}

impl Scir {
    /// The internal reward models of the panel.
    fn judges(&self, lab: &Lab) -> Result<Judges> {
        let other = match self.judge {
            Form::Pointwise => Form::Pairwise,
            Form::Pairwise => Form::Pointwise,
        };
        let named = |judge: Generative| (judge.name().to_owned(), judge);
        let mut generative: Vec<(String, Generative)> = lab.judges(self.judge)?.into_iter().map(named).collect();
        let again = |judges: Vec<Generative>, how: &str| {
            judges.into_iter().take(1).map(|judge| (format!("{} ({how})", judge.name()), judge)).collect::<Vec<_>>()
        };
        match self.panel {
            Panel::All | Panel::Prompts => {}
            Panel::Wide => generative.extend(again(lab.judges(other)?, "other form")),
            Panel::Twice => {
                generative.truncate(1);
                generative.extend(again(lab.judges(self.judge)?, "again"));
            }
            Panel::OneRubric => {
                generative.truncate(1);
                generative.extend(again(lab.judges(other)?, "other form"));
            }
        }
        Ok(Judges { generative, implicit: matches!(self.panel, Panel::All | Panel::Wide) })
    }

    /// Each judge's logit of "the first answer is better", `[pairs]`, with gradients.
    fn opinions(&self, judges: &Judges, batch: &PairBatch<'_>) -> Result<Vec<Tensor<1>>> {
        let comparisons = batch.comparisons();
        let mut opinions: Vec<Tensor<1>> =
            judges.generative.iter().map(|(_, judge)| judge.preference_logits(batch.model, &comparisons)).collect();
        if !judges.implicit {
            return Ok(opinions);
        }
        opinions.push(self.implicit_opinion(batch, Snapshot::Base)?);
        Ok(opinions)
    }

    /// The implicit reward's logit of "the first answer is better", `[pairs]`, with gradients; `base` is its base.
    pub(super) fn implicit_opinion(&self, batch: &PairBatch<'_>, base: Snapshot) -> Result<Tensor<1>> {
        let base = batch.reference(base)?;
        let lengths = [batch.lengths(0), batch.lengths(1)];
        Ok(self.implicit.preference_logits(batch.policy.clone(), base, [&lengths[0], &lengths[1]]))
    }

    /// The same under the weights of the iteration's start, for the ablation without recomputed
    /// labels.
    fn fixed_opinions(
        &self,
        model: &crate::model::Decoder,
        judges: &Judges,
        batch: &PairBatch<'_>,
    ) -> Result<Vec<Tensor<1>>> {
        let comparisons = batch.comparisons();
        let mut opinions: Vec<Tensor<1>> = judges
            .generative
            .iter()
            .map(|(_, judge)| Tensor::from_inner(judge.preference_logits(model, &comparisons)))
            .collect();
        if !judges.implicit {
            return Ok(opinions);
        }
        let lengths = [batch.lengths(0), batch.lengths(1)];
        opinions.push(self.implicit.preference_logits(
            batch.reference(Snapshot::Start)?,
            batch.reference(Snapshot::Base)?,
            [&lengths[0], &lengths[1]],
        ));
        Ok(opinions)
    }

    /// How opinions become an objective.
    pub(super) fn agreement(&self) -> Agreement {
        Agreement {
            beta: self.shared.beta,
            consistency: self.consistency,
            confidence: self.confidence,
            confidence_warmup: self.confidence_warmup,
            margin: self.margin,
            filter: self.filter,
        }
    }
}

impl Judges {
    /// The names of the judges, as the log has them.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.generative.iter().map(|(name, _)| name.as_str()).chain(self.implicit.then_some("implicit"))
    }
}
