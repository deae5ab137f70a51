//! An ad on the table: one that is being written, or that was there already, with everything that was asked about it.

use selfsame_core::{
    judge::Opinion,
    measure::explanation::Explained,
    world::ads::{Ad, Brief, Replaced, replaced},
};

use super::{
    drivers::{self, Effect, Part},
    gallery::{Piece, Spread},
    said,
};
use crate::engine::{Chat, Command, Rate};

/// What the questions of one ad are told apart by, in the numbers of their slots.
const WRITE: u32 = 0;
const RATE: [u32; 2] = [1, 2];
const DRIVE: u32 = 3;
const EXPLAIN: u32 = 4;

/// Slots of one ad.
pub const SLOTS: u32 = 8;

/// An ad that is looked at.
#[derive(Debug, Clone, Default)]
pub struct Work {
    /// Where it comes from, in words.
    pub origin: String,
    /// What was asked for.
    pub brief: Option<Brief>,
    /// What was written so far.
    text: String,
    /// The ad as it was read, once it is whole.
    pub piece: Option<Piece>,
    /// All that the Henry who selects thinks of it.
    pub opinion: Option<Opinion>,
    /// Why there is no ad, or no opinion of it.
    pub problem: Option<String>,
    /// Whether it was ended before its end.
    pub stopped: bool,
    /// What was asked about its parts.
    pub driving: Option<Driving>,
    /// What was asked about its words.
    pub wording: Option<Wording>,
    /// The tickets of what is still being answered, with the slots they were sent to.
    open: Vec<(u64, u32)>,
}

/// What drives the score of an ad, as far as it is known.
#[derive(Debug, Clone)]
pub struct Driving {
    parts: Vec<Part>,
    opinions: Vec<Opinion>,
    /// What came of it, once all opinions are there.
    pub effects: Option<Vec<Effect>>,
}

impl Driving {
    /// Opinions that have come, and all.
    pub fn progress(&self) -> (usize, usize) {
        (self.opinions.len(), self.parts.len() + 1)
    }
}

/// What each word of an ad adds to its score, as far as it is known.
#[derive(Debug, Clone)]
pub struct Wording {
    replaced: Vec<Replaced>,
    opinions: Vec<Opinion>,
    /// What came of it, once all opinions are there.
    pub explained: Option<Explained>,
}

impl Wording {
    /// Opinions that have come, and all.
    pub fn progress(&self) -> (usize, usize) {
        (self.opinions.len(), self.replaced.len() + 1)
    }
}

impl Work {
    /// An ad that is there already.
    pub fn there(origin: String, piece: Piece) -> Self {
        Self { origin, brief: Some(piece.brief), piece: Some(piece), ..Self::default() }
    }

    /// Begins an ad: `chat` asks for it. What to send, at a place of the table.
    pub fn write(origin: String, brief: Brief, chat: Chat, first: u32) -> (Self, Command) {
        let slot = first + WRITE;
        let open = vec![(chat.ticket, slot)];
        (Self { origin, brief: Some(brief), open, ..Self::default() }, Command::Chat { slot, chat })
    }

    /// The first slot of a place of the table.
    pub fn slot(base: u32, place: usize) -> u32 {
        base + SLOTS * u32::try_from(place).unwrap_or(0)
    }

    /// Whether it is being written.
    pub fn growing(&self) -> bool {
        self.open.iter().any(|(_, slot)| slot % SLOTS == WRITE)
    }

    /// Whether an opinion of the whole ad is awaited.
    pub fn rating(&self) -> bool {
        self.open.iter().any(|(_, slot)| RATE.contains(&(slot % SLOTS)))
    }

    /// Whether its parts are being rated.
    pub fn driven(&self) -> bool {
        self.open.iter().any(|(_, slot)| slot % SLOTS == DRIVE)
    }

    /// Whether its words are being replaced and rated.
    pub fn explaining(&self) -> bool {
        self.open.iter().any(|(_, slot)| slot % SLOTS == EXPLAIN)
    }

    /// Whether a ticket is one of its own that is still being answered.
    pub fn awaits(&self, ticket: u64) -> bool {
        self.open.iter().any(|(open, _)| *open == ticket)
    }

    /// What ends everything that is being answered.
    pub fn hush(&self) -> Vec<Command> {
        self.open.iter().map(|(_, slot)| Command::Hush { slot: *slot }).collect()
    }

    /// The scenes that are whole so far.
    pub fn so_far(&self) -> Option<Ad> {
        let end = self.text.rfind("<scene>")?;
        Ad::parse(self.text.get(..end)?).ok()
    }

    /// Takes what was written; true when the ad has become whole.
    pub fn said(&mut self, ticket: u64, tokens: &[(String, f32)], done: bool, problem: Option<String>) -> bool {
        self.text.extend(tokens.iter().map(|(text, _)| text.as_str()));
        if !done {
            return false;
        }
        self.open.retain(|(open, _)| *open != ticket);
        self.stopped = tokens.is_empty() && problem.is_none();
        self.problem = problem;
        let read = self.brief.zip(Ad::parse(&self.text).ok());
        // What was stopped may be an ad by chance, but is not the one that was being written.
        self.piece = read.filter(|_| !self.stopped).map(|(brief, ad)| Piece::new(brief, ad));
        self.piece.is_some()
    }

    /// Asks both Henries about the whole ad.
    pub fn rate(&mut self, henries: &[String; 2], tickets: [u64; 2], first: u32) -> Vec<Command> {
        let Some(piece) = &self.piece else { return Vec::new() };
        let text = said::read(piece.brief, &piece.ad);
        let mut commands = Vec::new();
        for ((henry, ticket), place) in henries.iter().zip(tickets).zip(RATE) {
            let slot = first + place;
            self.open.push((ticket, slot));
            let rate = Rate { ticket, henry: henry.clone(), texts: vec![text.clone()] };
            commands.push(Command::Rate { slot, rate });
        }
        commands
    }

    /// Asks the Henry who selects about the ad without each of its parts.
    pub fn drive(&mut self, henry: &str, ticket: u64, first: u32) -> Option<Command> {
        let piece = self.piece.as_ref()?;
        let parts = drivers::parts(&piece.ad);
        let texts = drivers::texts(piece.brief, &piece.ad, &parts);
        let slot = first + DRIVE;
        self.open.push((ticket, slot));
        self.driving = Some(Driving { parts, opinions: Vec::new(), effects: None });
        Some(Command::Rate { slot, rate: Rate { ticket, henry: henry.to_owned(), texts } })
    }

    /// Asks the Henry who selects about the ad with other words in the place of each of its words.
    pub fn explain(&mut self, henry: &str, ticket: u64, first: u32) -> Option<Command> {
        let piece = self.piece.as_ref()?;
        let replaced = replaced(&piece.brief, &piece.ad);
        let own = std::iter::once((piece.brief, &piece.ad));
        let all = own.chain(replaced.iter().map(|one| (one.brief, &one.ad)));
        let texts = all.map(|(brief, ad)| said::read(brief, ad)).collect();
        let slot = first + EXPLAIN;
        self.open.push((ticket, slot));
        self.wording = Some(Wording { replaced, opinions: Vec::new(), explained: None });
        Some(Command::Rate { slot, rate: Rate { ticket, henry: henry.to_owned(), texts } })
    }

    /// Takes opinions.
    pub fn rated(&mut self, ticket: u64, opinions: Vec<Opinion>, done: bool, problem: Option<String>) {
        let Some(slot) = self.open.iter().find(|(open, _)| *open == ticket).map(|(_, slot)| slot % SLOTS) else {
            return;
        };
        if done {
            self.open.retain(|(open, _)| *open != ticket);
        }
        if problem.is_some() {
            self.problem = problem;
        }
        if slot == EXPLAIN {
            self.worded(opinions, done);
            return;
        }
        match (RATE.iter().position(|of| *of == slot), &mut self.driving) {
            (Some(which), _) => {
                let Some(opinion) = opinions.into_iter().next() else { return };
                if let Some(spread) = self.piece.as_mut().and_then(|piece| piece.spreads.get_mut(which)) {
                    *spread = Some(Spread::of(&opinion));
                }
                if which == 0 {
                    self.opinion = Some(opinion);
                }
            }
            (None, Some(driving)) => {
                driving.opinions.extend(opinions);
                if let Some(piece) = self.piece.as_ref().filter(|_| done) {
                    driving.effects = drivers::effects(piece.brief, &piece.ad, &driving.parts, &driving.opinions);
                }
            }
            (None, None) => {}
        }
    }

    /// Takes opinions of the ad with other words.
    fn worded(&mut self, opinions: Vec<Opinion>, done: bool) {
        let (Some(wording), Some(piece)) = (&mut self.wording, &self.piece) else { return };
        wording.opinions.extend(opinions);
        if done {
            let scores: Vec<f64> = wording.opinions.iter().map(Opinion::expected).collect();
            wording.explained = Explained::of(&piece.brief, &piece.ad, &wording.replaced, &scores);
        }
    }
}
