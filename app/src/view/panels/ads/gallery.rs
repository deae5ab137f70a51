//! The ads in a run's log: brief by brief, as they were at the start and after each iteration, with what is known
//! about each.

use selfsame_core::{
    judge::Opinion,
    measure::{
        Mean,
        advertising::{AD_FIGURES, EACH_AD, EACH_AD_OF_START, WITHIN},
        memorability::truths,
    },
    run::Arm,
    world::{
        World,
        ads::{Ad, Ads, Brief, Terms},
    },
};

use crate::fold::{IterationView, RunView};

/// What a Henry expects of an ad, and the interval that holds most of his probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The share of viewers that is expected to remember the ad.
    pub expected: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Spread {
    /// The spread of an opinion.
    pub fn of(opinion: &Opinion) -> Self {
        let [low, high] = opinion.within(WITHIN);
        Self { expected: opinion.expected(), low, high }
    }
}

/// An ad with what is known about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// What was asked for.
    pub brief: Brief,
    /// What was written.
    pub ad: Ad,
    /// How memorable it truly is, term by term.
    pub truth: Terms,
    /// What the Henry who selects expects of it, and the one who never does; `None` where nobody was asked.
    pub spreads: [Option<Spread>; 2],
}

impl Piece {
    /// An ad that nobody was asked about.
    pub fn new(brief: Brief, ad: Ad) -> Self {
        let truth = truths(&[(&brief, &ad)]).pop().unwrap_or_default();
        Self { brief, ad, truth, spreads: [None; 2] }
    }

    /// How memorable it truly is.
    pub fn memorability(&self) -> f64 {
        self.truth.memorability()
    }
}

/// The ads after an iteration; 0 is the start.
#[derive(Debug, Clone, PartialEq)]
pub struct Round {
    /// The iteration.
    pub iteration: u32,
    /// For each brief its ads, as far as they were drawn and can be read.
    pub pieces: Vec<Vec<Piece>>,
}

/// The ads of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Gallery {
    /// The briefs that the run is measured on.
    pub briefs: Vec<Brief>,
    /// The rounds, the start first.
    pub rounds: Vec<Round>,
}

impl Gallery {
    /// The ads of a run; `None` of a run without any.
    pub fn of(view: &RunView) -> Option<Self> {
        if view.world()?.name() != Ads.name() {
            return None;
        }
        let briefs: Vec<Brief> = view.held_out_prompts.iter().map_while(|p| Brief::parse(&p.text).ok()).collect();
        let iterations = &view.arms.get(&Arm::Main)?.iterations;
        let of_start = iterations.values().find_map(|of| spreads(of, &EACH_AD_OF_START));
        let rounds = iterations.iter().filter(|(_, of)| !of.held_out.is_empty()).map(|(number, of)| {
            let spreads = if *number == 0 { of_start.clone() } else { spreads(of, &EACH_AD) };
            Round { iteration: *number, pieces: pieces(&briefs, of, &spreads.unwrap_or_default()) }
        });
        let rounds: Vec<Round> = rounds.collect();
        rounds.iter().any(|round| round.pieces.iter().any(|of| !of.is_empty())).then_some(Self { briefs, rounds })
    }

    /// Whether a run has drawn ads that it is measured on.
    pub fn has_ads(view: &RunView) -> bool {
        let drawn = |view: &RunView| {
            view.arms.get(&Arm::Main)?.iterations.values().find(|of| !of.held_out.is_empty()).map(|_| ())
        };
        view.world().is_some_and(|world| world.name() == Ads.name()) && drawn(view).is_some()
    }

    /// Changes whenever there is something new to show of a run.
    pub fn stamp(view: &RunView) -> (usize, usize) {
        let iterations = || view.arms.get(&Arm::Main).into_iter().flat_map(|arm| arm.iterations.values());
        (iterations().map(|of| of.held_out.len()).sum(), iterations().map(|of| of.notes.len()).sum())
    }

    /// The briefs that every round has an ad for.
    pub fn shown(&self) -> Vec<usize> {
        let has = |brief: &usize| {
            self.rounds.iter().all(|round| round.pieces.get(*brief).is_some_and(|pieces| !pieces.is_empty()))
        };
        (0..self.briefs.len()).filter(has).collect()
    }
}

type Spreads = [Vec<Spread>; 2];

/// What both Henries think of each ad, in the order of the ads.
fn spreads(of: &IterationView, names: &[&str; 6]) -> Option<Spreads> {
    let list = |name: &str| of.notes.iter().find(|(noted, _)| noted == name).map(|(_, values)| values.as_slice());
    let one = |first: usize| {
        let [expected, low, high] = [0, 1, 2].map(|part| names.get(first + part).and_then(|name| list(name)));
        let rows = expected?.iter().zip(low?).zip(high?);
        let spread = |((expected, low), high): ((&f32, &f32), &f32)| Spread {
            expected: f64::from(*expected),
            low: f64::from(*low),
            high: f64::from(*high),
        };
        Some(rows.map(spread).collect())
    };
    Some([one(0)?, one(3)?])
}

fn pieces(briefs: &[Brief], of: &IterationView, spreads: &Spreads) -> Vec<Vec<Piece>> {
    let mut first = 0;
    let group = |(brief, answers): (&Brief, &Vec<selfsame_core::sample::Answer>)| {
        let at = first;
        first += answers.len();
        let piece = |(index, answer): (usize, &selfsame_core::sample::Answer)| {
            let ad = Ad::parse(&answer.text).ok()?;
            let spreads = spreads.each_ref().map(|of| of.get(at + index).copied());
            Some(Piece { spreads, ..Piece::new(*brief, ad) })
        };
        answers.iter().enumerate().filter_map(piece).collect()
    };
    briefs.iter().zip(&of.held_out).map(group).collect()
}

/// A figure of an iteration with the ends of its interval, by its place in [`AD_FIGURES`].
pub fn figure(view: &RunView, iteration: u32, place: usize) -> Option<[f64; 3]> {
    let of = view.arms.get(&Arm::Main)?.iterations.get(&iteration)?;
    let name = AD_FIGURES.get(place)?;
    let (_, values) = of.notes.iter().find(|(noted, _)| noted == name)?;
    match values[..] {
        [value, low, high] => Some([value, low, high].map(f64::from)),
        _ => None,
    }
}

/// What the start's ads are expected to be, by one of the Henries.
pub fn expected_of_start(view: &RunView, henry: usize) -> Option<Mean> {
    let iterations = &view.arms.get(&Arm::Main)?.iterations;
    let of = iterations.values().find_map(|of| spreads(of, &EACH_AD_OF_START))?;
    Some(Mean::of(of.get(henry)?.iter().map(|spread| spread.expected)))
}
