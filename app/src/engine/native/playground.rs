//! Draws answers for the playground on one thread for all slots.

use std::{collections::BTreeMap, sync::mpsc, thread};

use selfsame_core::{
    device::{self, Choice, Selected},
    model::Llama,
    sample::{Request, Sampling, generate},
    text::Tokenizer,
};

use super::{Chat, Message, Mouth};
use crate::{Error, Result, inputs::Place};

/// The thread that draws.
pub(super) struct Playground {
    asked: mpsc::Sender<(u32, Chat)>,
}

impl Playground {
    pub(super) fn new(mouth: Mouth) -> Self {
        let (asked, questions) = mpsc::channel();
        // It ends when the engine does: nobody can ask any more then.
        thread::spawn(move || serve(&questions, &mouth));
        Self { asked }
    }

    pub(super) fn send(&self, slot: u32, chat: Chat) {
        let _ = self.asked.send((slot, chat));
    }
}

fn serve(questions: &mpsc::Receiver<(u32, Chat)>, mouth: &Mouth) {
    let mut models = BTreeMap::new();
    while let Ok((slot, chat)) = questions.recv() {
        let (tokens, problem) = match answer(&mut models, &chat) {
            Ok(tokens) => (tokens, None),
            Err(e) => (Vec::new(), Some(e.line())),
        };
        mouth.say(Message::Said { slot, tokens, done: true, problem });
    }
}

fn answer(models: &mut BTreeMap<String, (Llama, Tokenizer)>, chat: &Chat) -> Result<Vec<(String, f32)>> {
    if !models.contains_key(&chat.model) {
        let place = Place::named(&chat.model);
        let device: Selected = device::select(Choice::Cpu)?;
        let loaded = (place.load(&device)?.0, place.tokenizer()?);
        models.insert(chat.model.clone(), loaded);
    }
    let Some((model, tokenizer)) = models.get(&chat.model) else {
        return Err(Error::told("the model is gone"));
    };
    let prompts = [(0, tokenizer.encode(&chat.prompt)?)];
    let sampling =
        Sampling { temperature: chat.temperature, max_new_tokens: chat.max_new_tokens, ..Sampling::default() };
    let request =
        Request { prompts: &prompts, samples: 1, sampling: &sampling, seed: chat.seed, iteration: 0, batch: 1 };
    let drawn = pollster::block_on(generate(model, tokenizer, &request))?;
    let Some(answer) = drawn.into_iter().flatten().next() else {
        return Ok(Vec::new());
    };
    answer.ids.iter().zip(&answer.logprobs).map(|(id, logprob)| Ok((tokenizer.decode(&[*id])?, *logprob))).collect()
}
