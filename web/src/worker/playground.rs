//! Draws answers and rates texts: a piece for each question in turn, so that answers side by side grow side by
//! side, and one breath between two rounds.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    path::Path,
    rc::Rc,
};

use selfsame::{
    Error, Result,
    engine::playground::{Piece, Question, Slot, Speaker, Speakers},
    shelf::{Place, Shelf},
};
use selfsame_core::{
    device::{Choice, Selected},
    model,
    run::Store,
    text::Tokenizer,
};
use wasm_bindgen_futures::spawn_local;

use super::{breath::sleep, engine::Engine, mouth::say, shelf::Opened};

/// The questions that are being answered.
#[derive(Default)]
pub struct Playground {
    slots: RefCell<BTreeMap<u32, Slot>>,
    speakers: Speakers,
    serving: Cell<bool>,
}

impl Playground {
    /// Takes a question; a newer one takes the place of an older one in its slot.
    pub fn ask(&self, engine: &Rc<Engine>, slot: u32, question: Question) {
        self.slots.borrow_mut().insert(slot, Slot::new(question));
        if !self.serving.replace(true) {
            let engine = Rc::clone(engine);
            spawn_local(async move { serve(&engine).await });
        }
    }

    /// Ends an answer where it is.
    pub fn hush(&self, slot: u32) {
        if let Some(Slot { question, .. }) = self.slots.borrow_mut().remove(&slot) {
            say(&question.message(slot, Ok(Piece::End)).0);
        }
    }
}

async fn serve(engine: &Rc<Engine>) {
    let playground = &engine.playground;
    loop {
        let waiting: Vec<u32> = playground.slots.borrow().keys().copied().collect();
        if waiting.is_empty() {
            break;
        }
        for number in waiting {
            // While a piece is computed the slot can be asked something else or be hushed.
            let Some(mut slot) = playground.slots.borrow_mut().remove(&number) else { continue };
            let ticket = slot.question.ticket();
            playground.slots.borrow_mut().insert(number, Slot::new(slot.question.clone()));
            let piece = slot.next(&playground.speakers, async |name: &str| load(engine, name).await).await;
            let mut slots = playground.slots.borrow_mut();
            if slots.get(&number).is_none_or(|now| now.question.ticket() != ticket) {
                continue;
            }
            let (message, done) = slot.question.message(number, piece);
            say(&message);
            if done {
                slots.remove(&number);
            } else {
                slots.insert(number, slot);
            }
        }
        sleep(0).await;
    }
    playground.serving.set(false);
}

async fn load(engine: &Engine, name: &str) -> Result<Speaker> {
    let device = engine.devices.get(Choice::Auto)?;
    // A checkpoint of a run: `runs/NAME/checkpoints/NAME`.
    if let Some((run, checkpoint)) = name.split_once("/checkpoints/") {
        return engine.checkpoint(run, checkpoint, &device).await;
    }
    let place = Place::named(name);
    let mut shelf = Opened::default();
    engine.open_model(&mut shelf, &place).await?;
    engine.check_room_for(&shelf.config(&place)?, &device)?;
    Ok(Speaker { model: shelf.model(&place, &device)?.0, tokenizer: shelf.tokenizer(&place)? })
}

impl Engine {
    /// A model that a run saved.
    async fn checkpoint(&self, run: &str, name: &str, device: &Selected) -> Result<Speaker> {
        let slots = self.store(run).await?;
        let text = |file: &str| -> Result<String> {
            String::from_utf8(slots.get(name, file)?).map_err(|_| Error::told(format!("{file} of {name} is not text")))
        };
        let path = Path::new(name);
        let config = model::Config::parse(&text("config.json")?, path)?;
        let weights = slots.get(name, "model.safetensors")?;
        Ok(Speaker {
            model: model::from_bytes(config, &weights, path, &device.device)?,
            tokenizer: Tokenizer::parse(&text("tokenizer.json")?)?,
        })
    }
}
