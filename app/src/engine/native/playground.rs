//! The playground's thread, one for all slots: a token for each in turn, so that answers side by side
//! grow side by side.

use std::{collections::BTreeMap, rc::Rc, sync::mpsc, thread};

use selfsame_core::{
    device::{self, Choice, Selected},
    model,
    sample::Token,
};

use super::{Chat, Message, Mouth};
use crate::{
    Error, Result,
    engine::playground::{Growing, Speaker, Speakers},
    shelf::{Disk, Place, Shelf},
};

/// The thread that draws.
pub(super) struct Playground {
    asked: mpsc::Sender<Asked>,
}

enum Asked {
    Question(u32, Chat),
    Hush(u32),
}

impl Playground {
    pub(super) fn new(mouth: Mouth) -> Self {
        let (asked, questions) = mpsc::channel();
        // It ends when the engine does: nobody can ask any more then.
        thread::spawn(move || serve(&questions, &mouth));
        Self { asked }
    }

    pub(super) fn ask(&self, slot: u32, chat: Chat) {
        let _ = self.asked.send(Asked::Question(slot, chat));
    }

    pub(super) fn hush(&self, slot: u32) {
        let _ = self.asked.send(Asked::Hush(slot));
    }
}

/// A question that has come, and the answer to it as soon as it is begun.
struct Slot {
    chat: Chat,
    answer: Option<Growing>,
}

fn serve(questions: &mpsc::Receiver<Asked>, mouth: &Mouth) {
    let mut speakers = Speakers::default();
    let mut slots: BTreeMap<u32, Slot> = BTreeMap::new();
    loop {
        // Waits only where there is nothing to draw.
        if slots.is_empty() {
            let Ok(asked) = questions.recv() else { return };
            take(&mut slots, asked, mouth);
        }
        loop {
            match questions.try_recv() {
                Ok(asked) => take(&mut slots, asked, mouth),
                Err(mpsc::TryRecvError::Empty) => break,
                Err(mpsc::TryRecvError::Disconnected) => return,
            }
        }
        slots.retain(|slot, question| {
            let (tokens, done, problem) = match step(question, &mut speakers) {
                Ok(None) => (Vec::new(), true, None),
                Ok(Some((text, token))) => (vec![(text, token.logprob)], token.finish.is_some(), None),
                Err(e) => (Vec::new(), true, Some(e.to_string())),
            };
            mouth.say(Message::Said { slot: *slot, ticket: question.chat.ticket, tokens, done, problem });
            !done
        });
    }
}

/// A newer question takes the place of an older one in its slot.
fn take(slots: &mut BTreeMap<u32, Slot>, asked: Asked, mouth: &Mouth) {
    match asked {
        Asked::Question(slot, chat) => {
            slots.insert(slot, Slot { chat, answer: None });
        }
        Asked::Hush(slot) => {
            if let Some(Slot { chat, .. }) = slots.remove(&slot) {
                mouth.say(Message::Said { slot, ticket: chat.ticket, tokens: Vec::new(), done: true, problem: None });
            }
        }
    }
}

/// The next token of a question's answer.
fn step(slot: &mut Slot, speakers: &mut Speakers) -> Result<Option<(String, Token)>> {
    let growing = match &mut slot.answer {
        Some(growing) => growing,
        None => slot.answer.insert(Growing::begin(&slot.chat, speaker(&slot.chat.model, speakers)?)?),
    };
    pollster::block_on(growing.next())
}

fn speaker(name: &str, speakers: &mut Speakers) -> Result<Rc<Speaker>> {
    if let Some(speaker) = speakers.get(name) {
        return Ok(speaker);
    }
    let speaker = Rc::new(load(name)?);
    speakers.keep(name, &speaker);
    Ok(speaker)
}

fn load(name: &str) -> Result<Speaker> {
    let place = Place::named(name);
    if let Place::Folder(path) = &place
        && !model::weights_file(path)?.exists()
    {
        return Err(Error::told(format!(
            "there are no weights in {name}: they were removed, or the run was recorded on another computer"
        )));
    }
    let device: Selected = device::select(Choice::Cpu)?;
    Ok(Speaker { model: Disk.model(&place, &device)?.0, tokenizer: Disk.tokenizer(&place)? })
}

#[cfg(test)]
mod tests {
    use std::{
        sync::Arc,
        time::{Duration, Instant},
    };

    use selfsame_core::sample::{Answer, Request, Sampling, generate};

    use super::*;
    use crate::{
        engine::playground::{KEPT_MODELS, LONGEST_ANSWER},
        shelf::STARTER,
        starter,
        view::panels::playground::STARTING_PROMPT,
    };

    fn chat(ticket: u64, model: &str, temperature: f32) -> Chat {
        Chat {
            ticket,
            model: model.to_owned(),
            prompt: STARTING_PROMPT.to_owned(),
            temperature,
            max_new_tokens: 20,
            seed: 7,
        }
    }

    /// A playground and what it says.
    fn playground() -> (Playground, mpsc::Receiver<Message>) {
        let (sender, said) = mpsc::channel();
        (Playground::new(Mouth { sender, wake: Arc::new(|| ()) }), said)
    }

    /// Everything that is said until an answer is done, by ticket.
    type Said = BTreeMap<u64, (String, Vec<f32>, Option<String>)>;

    fn until_done(said: &mpsc::Receiver<Message>, tickets: &[u64]) -> (Said, Vec<u64>) {
        let (mut all, mut order, mut open) = (Said::new(), Vec::new(), tickets.to_vec());
        let end = Instant::now() + Duration::from_mins(1);
        while !open.is_empty() {
            let left = end.saturating_duration_since(Instant::now());
            let Message::Said { ticket, tokens, done, problem, .. } = said.recv_timeout(left).unwrap() else {
                panic!("only answers are said");
            };
            let entry = all.entry(ticket).or_default();
            for (text, logprob) in tokens {
                entry.0.push_str(&text);
                entry.1.push(logprob);
                order.push(ticket);
            }
            entry.2 = problem;
            if done {
                open.retain(|other| *other != ticket);
            }
        }
        (all, order)
    }

    /// What `selfsame generate` draws.
    fn in_one_piece(temperature: f32) -> Answer {
        let cpu = device::select(Choice::Cpu).unwrap();
        let model = starter::model(starter::MODEL, STARTER, &cpu).unwrap();
        let tokenizer = starter::tokenizer().unwrap();
        let prompts = [(0, tokenizer.encode(STARTING_PROMPT).unwrap())];
        let sampling = Sampling { temperature, max_new_tokens: 20, ..Sampling::default() };
        let request = Request { prompts: &prompts, samples: 1, sampling: &sampling, seed: 7, iteration: 0, batch: 64 };
        pollster::block_on(generate(&model, &tokenizer, &request)).unwrap().remove(0).remove(0)
    }

    #[test]
    fn answers_grow_side_by_side_and_are_those_of_the_command_line() {
        let (playground, said) = playground();
        playground.ask(0, chat(1, "starter", 0.0));
        playground.ask(1, chat(2, "starter", 0.9));
        let (all, order) = until_done(&said, &[1, 2]);
        for (ticket, temperature) in [(1, 0.0), (2, 0.9)] {
            let (text, logprobs, problem) = &all[&ticket];
            let expected = in_one_piece(temperature);
            assert_eq!((text, problem), (&expected.text, &None));
            assert_eq!(logprobs.len(), expected.ids.len());
        }
        let switches = order.windows(2).filter(|two| two[0] != two[1]).count();
        assert!(switches > 4, "tokens come in turn: {order:?}");
    }

    #[test]
    fn a_newer_question_takes_the_place_of_an_older_one_and_hush_ends_it() {
        let (playground, said) = playground();
        let forever =
            |ticket| Chat { temperature: 2.0, max_new_tokens: LONGEST_ANSWER, ..chat(ticket, "starter/base", 2.0) };
        playground.ask(0, forever(1));
        playground.ask(0, chat(2, "starter", 0.0));
        let (all, _) = until_done(&said, &[2]);
        assert_eq!(all[&2].0, in_one_piece(0.0).text);
        playground.ask(1, forever(3));
        playground.hush(1);
        let (all, _) = until_done(&said, &[3]);
        assert_eq!(all[&3].2, None);
        assert!(said.try_recv().is_err(), "nothing is said after the end");
    }

    #[test]
    fn what_a_model_cannot_read_is_refused_with_a_sentence() {
        let (playground, said) = playground();
        let long = "the ".repeat(2000);
        for (ticket, prompt, model, word) in [
            (1, "write a poem about spring", "starter", "`write`"),
            (2, long.as_str(), "starter", "too long"),
            (3, "hello", "/no/such/folder", "no weights"),
        ] {
            playground.ask(0, Chat { prompt: prompt.to_owned(), ..chat(ticket, model, 1.0) });
            let (all, _) = until_done(&said, &[ticket]);
            let (text, _, problem) = &all[&ticket];
            assert!(
                problem.as_ref().is_some_and(|problem| problem.contains(word)),
                "{prompt:.40}: {problem:?}, {text}"
            );
            assert_eq!(text, "");
        }
    }

    #[test]
    fn only_a_few_models_stay_loaded() {
        let mut speakers = Speakers::default();
        let first = speaker("starter", &mut speakers).unwrap();
        for _ in 0..3 {
            speaker("starter/base", &mut speakers).unwrap();
        }
        assert_eq!(speakers.count(), 2);
        assert!(Rc::ptr_eq(&first, &speaker("starter", &mut speakers).unwrap()), "a loaded model is not loaded again");
        for copy in 0..2 * KEPT_MODELS {
            // As many models as there are names.
            speakers.keep(&copy.to_string(), &first);
            speaker("starter", &mut speakers).unwrap();
            assert!(speakers.count() <= KEPT_MODELS);
        }
        assert!(speakers.get("starter").is_some());
    }
}
