//! The models that can be talked to: the starter, and what the open runs have.

use selfsame_core::run::Arm;

use crate::{
    shelf,
    view::{Scene, session::Session, words},
};

/// A model that can be talked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    /// What the engine calls it.
    pub model: String,
    /// What people call it.
    pub name: String,
    /// The world whose language it speaks.
    pub world: Option<&'static str>,
}

/// All models, and who is in which column as long as nobody chose.
#[derive(Debug, Default)]
pub struct Voices {
    /// The models.
    pub all: Vec<Voice>,
    defaults: [String; 3],
}

impl Voices {
    /// The models of all open runs, those of the shown run first among them.
    pub fn of(scene: &Scene<'_>) -> Self {
        let name = |key: &'static str| words::t(key).to_owned();
        let own = |model: &str, key| Voice { model: model.to_owned(), name: name(key), world: Some("rules") };
        let mut voices = Self {
            all: vec![
                own(shelf::STARTER, "playground.voice_starter"),
                own(shelf::STARTER_BASE, "playground.voice_starter_base"),
            ],
            defaults: [shelf::STARTER, shelf::STARTER_BASE, shelf::STARTER_BASE].map(str::to_owned),
        };
        if let Some(current) = scene.current {
            voices.add(current);
            voices.prefer(current);
        }
        for session in scene.sessions {
            voices.add(session);
        }
        voices
    }

    /// The model of a column: the one that was chosen, as long as its run is open.
    pub fn chosen(&self, model: Option<&str>, column: usize) -> Option<&Voice> {
        let named = |name: &str| self.all.iter().find(|voice| voice.model == name);
        model.and_then(named).or_else(|| named(self.defaults.get(column)?))
    }

    /// Start, last weights and base of a run side by side.
    fn prefer(&mut self, session: &Session) {
        let Some(view) = session.view() else { return };
        let last = view.arms.get(&Arm::Main).and_then(|arm| arm.checkpoints.last_key_value());
        let (start, base) = (view.manifest.model.clone(), view.manifest.base.clone());
        self.defaults = match last {
            Some((_, checkpoint)) => [start, folder(session, checkpoint), base],
            None => [start, base.clone(), base],
        };
    }

    fn add(&mut self, session: &Session) {
        let Some(view) = session.view() else { return };
        let run = session.name();
        let world = view.world().map(|world| world.name());
        let mut found = vec![
            (view.manifest.model.clone(), words::with("playground.voice_start", &[("run", &run)])),
            (view.manifest.base.clone(), words::with("playground.voice_base", &[("run", &run)])),
        ];
        for (arm, of) in &view.arms {
            for (iteration, checkpoint) in of.checkpoints.iter().rev() {
                let values: [(&str, &dyn std::fmt::Display); 2] = [("run", &run), ("iteration", iteration)];
                let name = match arm {
                    Arm::Main => words::with("playground.voice_main", &values),
                    Arm::RandomLabels => words::with("playground.voice_random", &values),
                    Arm::OracleLabels => words::with("playground.voice_oracle", &values),
                };
                found.push((folder(session, checkpoint), name));
            }
        }
        for (model, name) in found {
            if !self.all.iter().any(|voice| voice.model == model) {
                self.all.push(Voice { model, name, world });
            }
        }
    }
}

/// The folder of a checkpoint. The engine reads both kinds of slashes where they are needed.
fn folder(session: &Session, checkpoint: &str) -> String {
    format!("{}/checkpoints/{checkpoint}", session.folder.trim_end_matches(['/', '\\']))
}
