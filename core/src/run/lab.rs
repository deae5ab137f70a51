//! The laboratory: what a recipe works with. It knows the policy and its snapshots, draws answers and
//! has them judged.

use std::{cell::OnceCell, collections::VecDeque, sync::Arc};

use super::{
    Arm, Event, Manifest, Observer, Pace, Record, Source, Store, checkpoint::weights_file, lab_log::held, log::Chain,
    room::Room,
};
use crate::{
    Result,
    judge::{Form, Generative},
    model::Decoder,
    prompt::{Goal, Prompt, Row, tokens},
    sample::{Answer, Grammar, Request, Sampling, generate_mixture, generate_within},
    select::{Candidates, Pair},
    text::Tokenizer,
    world::{Judgement, World},
};

/// Prompts whose answers form one line of the log.
const PROMPTS_PER_CHUNK: usize = 32;

/// The models a run begins with.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The policy before the first iteration.
    pub model: Decoder,
    /// The base of the implicit reward.
    pub base: Decoder,
    /// The tokenizer of both.
    pub tokenizer: Tokenizer,
}

/// Everything a lab is made of.
pub struct Setup {
    /// Everything that decides the run.
    pub manifest: Manifest,
    /// The models.
    pub subject: Subject,
    /// The world, where the prompts come from one.
    pub world: Option<Box<dyn World>>,
    /// The rows, where the prompts come from a file.
    pub rows: Vec<Row>,
    /// Where the run is kept.
    pub store: Box<dyn Store>,
    /// Who watches.
    pub observer: Box<dyn Observer>,
    /// Who holds it.
    pub pace: Pace,
}

/// Which frozen model a reward or an update is measured against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Snapshot {
    /// The base of the implicit reward, before instruction fine-tuning.
    Base,
    /// The policy before the first iteration, `π_0`.
    Initial,
    /// The policy at the start of the iteration, `M_t`.
    Start,
    /// The policy one iteration earlier, `M_{t−1}`; in the first iteration the same as `Start`.
    Previous,
}

/// The laboratory.
pub struct Lab {
    pub(super) manifest: Manifest,
    pub(super) tokenizer: Tokenizer,
    pub(super) initial: Decoder,
    pub(super) base: Decoder,
    pub(super) policy: Decoder,
    pub(super) start: Decoder,
    pub(super) previous: Decoder,
    pub(super) world: Option<Box<dyn World>>,
    /// The world's seed judgements, once somebody wants some.
    pub(super) judgements: OnceCell<Vec<Judgement>>,
    pub(super) rows: Vec<Row>,
    pub(super) store: Box<dyn Store>,
    pub(super) observer: Box<dyn Observer>,
    pub(super) pace: Pace,
    /// What the log held and this run has not come to.
    pub(super) replay: VecDeque<Record>,
    /// How far the log is.
    pub(super) chain: Chain,
    pub(super) arm: Arm,
    pub(super) iteration: u32,
    pub(super) learned: Vec<Pair>,
    pub(super) goal: Option<Goal>,
    pub(super) aside: Option<&'static str>,
    pub(super) recorded: super::recorded::Recorded,
    pub(super) fixed: Option<Arc<super::lab_measure::FixedPairs>>,
    /// The held-out answers of every measurement of the recipe itself.
    pub(super) plays: Vec<crate::measure::game::Play>,
    /// The means of a reward that stands for the truth, and of the truth, in every iteration so far.
    pub(super) proxies: Vec<[f64; 2]>,
    /// The form that answers have.
    pub(super) grammar: Option<Grammar>,
    /// The held-out answers that were measured last.
    pub(super) measured: Vec<Candidates>,
}

impl Snapshot {
    /// What logs and messages call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Initial => "initial",
            Self::Start => "start",
            Self::Previous => "previous",
        }
    }
}

impl Lab {
    /// Opens a run: a new one, or one whose log is continued.
    ///
    /// # Errors
    /// If the log is damaged, belongs to other inputs, or cannot be written.
    pub fn open(setup: Setup) -> Result<Self> {
        let Setup { manifest, subject, world, rows, mut store, observer, pace } = setup;
        let grammar = world.as_deref().map(|world| world.grammar(&subject.tokenizer)).transpose()?.flatten();
        let (replay, chain) = held(&mut *store, weights_file(&manifest))?;
        let mut lab = Self {
            manifest,
            tokenizer: subject.tokenizer,
            policy: subject.model.clone(),
            start: subject.model.clone(),
            previous: subject.model.clone(),
            initial: subject.model,
            base: subject.base,
            world,
            judgements: OnceCell::new(),
            rows,
            store,
            observer,
            pace,
            replay,
            chain,
            arm: Arm::Main,
            iteration: 0,
            learned: Vec::new(),
            goal: None,
            aside: None,
            recorded: super::recorded::Recorded::default(),
            fixed: None,
            plays: Vec::new(),
            proxies: Vec::new(),
            grammar,
            measured: Vec::new(),
        };
        lab.begin_log()?;
        Ok(lab)
    }

    /// The iterations `1..=count`.
    #[must_use]
    pub fn iterations(&self, count: u32) -> std::ops::RangeInclusive<u32> {
        1..=count
    }

    /// Begins an iteration: the policy becomes its [`Snapshot::Start`].
    pub fn begin(&mut self, iteration: u32) {
        self.previous = std::mem::replace(&mut self.start, self.policy.clone());
        if iteration == 1 {
            self.previous = self.start.clone();
        }
        self.iteration = iteration;
        self.learned.clear();
        self.recorded.clear();
    }

    /// Goes back to the initial model for a control line.
    pub(crate) fn restart(&mut self, arm: Arm) {
        self.arm = arm;
        self.iteration = 0;
        self.goal = None;
        self.recorded.clear();
        self.policy = self.initial.clone();
        self.start = self.initial.clone();
        self.previous = self.initial.clone();
    }

    /// The run's seed.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.manifest.seed
    }

    /// The current iteration.
    #[must_use]
    pub fn iteration(&self) -> u32 {
        self.iteration
    }

    /// The policy as it is now.
    #[must_use]
    pub fn policy(&self) -> &Decoder {
        &self.policy
    }

    /// The tokenizer.
    #[must_use]
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    pub(super) fn snapshot(&self, which: Snapshot) -> &Decoder {
        match which {
            Snapshot::Base => &self.base,
            Snapshot::Initial => &self.initial,
            Snapshot::Start => &self.start,
            Snapshot::Previous => &self.previous,
        }
    }

    /// The generative judges, one per prompt variant, asked in the given form.
    ///
    /// # Errors
    /// If a judge prompt does not fit the tokenizer.
    pub fn judges(&self, form: Form) -> Result<Vec<Generative>> {
        self.manifest.judges.iter().map(|prompt| Generative::new(prompt, form, &self.tokenizer)).collect()
    }

    /// Whether the control lines are wanted.
    #[must_use]
    pub fn wants_controls(&self) -> bool {
        self.manifest.options.controls
    }

    pub(crate) fn world(&self) -> Option<&dyn World> {
        self.world.as_deref()
    }

    /// The tokens of a prompt.
    pub(super) fn prompt_tokens(&self, text: &str) -> Result<Vec<u32>> {
        tokens(&self.tokenizer, text, self.manifest.chat.as_ref())
    }

    /// Draws answers from the policy.
    ///
    /// # Errors
    /// If a prompt does not fit the context, the device fails, or the run is stopped.
    pub async fn sample(&mut self, prompts: &[Prompt], samples: usize, sampling: &Sampling) -> Result<Vec<Candidates>> {
        self.draw("train", prompts, samples, sampling).await
    }

    /// Draws answers from a frozen model.
    ///
    /// # Errors
    /// As [`Lab::sample`].
    pub async fn sample_from(
        &mut self,
        which: Snapshot,
        prompts: &[Prompt],
        samples: usize,
        sampling: &Sampling,
    ) -> Result<Vec<Candidates>> {
        let frozen = self.snapshot(which).clone();
        let policy = std::mem::replace(&mut self.policy, frozen);
        let drawn = self.draw(which.name(), prompts, samples, sampling).await;
        self.policy = policy;
        drawn
    }

    /// Makes the policy as it is what the run starts from, [`Snapshot::Initial`], for itself and for its control
    /// lines: a recipe that first has to teach the model its world begins after that.
    pub fn settle(&mut self) {
        self.initial = self.policy.clone();
    }

    /// Whether the model is taken to know how its prompts are answered, because they are its world's or the user's
    /// own.
    #[must_use]
    pub fn familiar(&self) -> bool {
        self.world().is_none_or(World::familiar)
    }

    pub(super) async fn draw(
        &mut self,
        purpose: &str,
        prompts: &[Prompt],
        samples: usize,
        sampling: &Sampling,
    ) -> Result<Vec<Candidates>> {
        self.draw_from(purpose, prompts, samples, sampling, None).await
    }

    /// Draws from the policy, or from its mixture with a frozen model.
    pub(super) async fn draw_from(
        &mut self,
        purpose: &str,
        prompts: &[Prompt],
        samples: usize,
        sampling: &Sampling,
        mixed: Option<(Snapshot, f64)>,
    ) -> Result<Vec<Candidates>> {
        let encoded: Vec<(u64, Vec<u32>)> = prompts
            .iter()
            .enumerate()
            .map(|(index, prompt)| Ok((key(purpose, index), self.prompt_tokens(&self.posed(&prompt.text))?)))
            .collect::<Result<_>>()?;
        self.check_lengths(prompts, &encoded, sampling)?;
        self.draw_after(purpose, prompts, &encoded, samples, sampling, mixed).await
    }

    /// Draws answers after these tokens, which stand for the prompts, from the policy or its mixture with a frozen
    /// model.
    pub(super) async fn draw_after(
        &mut self,
        purpose: &str,
        prompts: &[Prompt],
        encoded: &[(u64, Vec<u32>)],
        samples: usize,
        sampling: &Sampling,
        mixed: Option<(Snapshot, f64)>,
    ) -> Result<Vec<Candidates>> {
        let mut answers: Vec<Vec<Answer>> = Vec::new();
        while answers.len() < prompts.len() {
            let first = answers.len();
            let chunk = match self.replayed(
                |e| matches!(e, Event::Sampled { purpose: p, first: f, .. } if p == purpose && *f == first),
                "answers",
            )? {
                Some(Event::Sampled { answers, .. }) => answers,
                _ => {
                    self.pace.pause().await?;
                    let end = prompts.len().min(first + PROMPTS_PER_CHUNK);
                    let request = Request {
                        prompts: &encoded[first..end],
                        samples,
                        sampling,
                        seed: self.manifest.seed,
                        iteration: self.iteration,
                        batch: self.manifest.options.decode_batch,
                    };
                    let grammar = self.grammar.as_ref();
                    let drawn = match mixed {
                        None => generate_within(&self.policy, &self.tokenizer, &request, grammar).await?,
                        Some((which, kappa)) => {
                            let models = [&self.policy, self.snapshot(which)];
                            generate_mixture(models, kappa, &self.tokenizer, &request, grammar).await?
                        }
                    };
                    self.append(Event::Sampled { purpose: purpose.to_owned(), first, answers: drawn.clone() })?;
                    drawn
                }
            };
            if purpose == "train" {
                for ((_, ids), drawn) in encoded[first..].iter().zip(&chunk) {
                    self.recorded.add(ids, drawn);
                }
            }
            let tokens = chunk.iter().flatten().map(|a| a.ids.len()).sum();
            answers.extend(chunk);
            let phase = if matches!(purpose, "train" | "opponent") { "sample" } else { "measure" };
            self.progress(phase, answers.len(), prompts.len(), tokens);
        }
        prompts
            .iter()
            .zip(answers)
            // Judges and losses read the prompt without the goal that the answers were drawn for.
            .map(|(prompt, answers)| {
                Ok(Candidates { prompt: prompt.clone(), ids: self.prompt_tokens(&prompt.text)?, answers })
            })
            .collect()
    }

    /// From here on the policy is asked for answers of a score, or of which one would say these words, to learn
    /// from and to measure alike: a policy that was conditioned on goals is only itself where one is given.
    pub fn aim(&mut self, goal: impl Into<Goal>) {
        self.goal = Some(goal.into());
    }

    pub(super) fn posed(&self, text: &str) -> String {
        self.goal.as_ref().map_or_else(|| text.to_owned(), |goal| goal.pose(text))
    }

    fn check_lengths(&self, prompts: &[Prompt], encoded: &[(u64, Vec<u32>)], sampling: &Sampling) -> Result<()> {
        let room = Room::new(&self.manifest, self.policy.config(), &self.tokenizer)?;
        let mut prompts = prompts.iter().zip(encoded);
        prompts.try_for_each(|(prompt, (_, ids))| room.check(&prompt.id, ids, sampling.max_new_tokens))
    }

    /// Ends the run.
    ///
    /// # Errors
    /// If the log cannot be written.
    pub(crate) fn finish(&mut self) -> Result<()> {
        self.restart(Arm::Main);
        self.append_once(|e| matches!(e, Event::Finished {}), "the end", || Event::Finished {})
    }

    /// Whether a world with a known truth is behind the prompts.
    #[must_use]
    pub fn has_world(&self) -> bool {
        matches!(self.manifest.source, Source::World(_))
    }
}

/// The number that names a prompt to the random generator: answers to the same prompt for
/// different purposes are drawn independently.
pub(super) fn key(purpose: &str, index: usize) -> u64 {
    let group = match purpose {
        "train" => 0,
        "opponent" => 2,
        "initial" => 3,
        _ => 1,
    };
    (group << 32) | index as u64
}
