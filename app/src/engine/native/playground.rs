//! The playground's thread, one for all slots: a token for each in turn, so that answers side by side
//! grow side by side.

use std::{collections::BTreeMap, sync::mpsc, thread};

use selfsame_core::{
    device::{self, Choice, Selected},
    model::{ADAPTER_WEIGHTS, has_weights},
};

use super::Mouth;
use crate::{
    Error, Result,
    engine::playground::{Piece, Question, Slot, Speaker, Speakers},
    shelf::{Disk, Place, Shelf},
};

/// The thread that draws.
pub(super) struct Playground {
    asked: mpsc::Sender<Asked>,
}

enum Asked {
    Question(u32, Question),
    Hush(u32),
}

impl Playground {
    pub(super) fn new(mouth: Mouth) -> Self {
        let (asked, questions) = mpsc::channel();
        // It ends when the engine does: nobody can ask any more then.
        thread::spawn(move || serve(&questions, &mouth));
        Self { asked }
    }

    pub(super) fn ask(&self, slot: u32, question: Question) {
        let _ = self.asked.send(Asked::Question(slot, question));
    }

    pub(super) fn hush(&self, slot: u32) {
        let _ = self.asked.send(Asked::Hush(slot));
    }
}

fn serve(questions: &mpsc::Receiver<Asked>, mouth: &Mouth) {
    let speakers = Speakers::default();
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
        slots.retain(|slot, asked| {
            let piece = pollster::block_on(asked.next(&speakers, async |name: &str| load(name)));
            let (message, done) = asked.question.message(*slot, piece);
            mouth.say(message);
            !done
        });
    }
}

/// A newer question takes the place of an older one in its slot.
fn take(slots: &mut BTreeMap<u32, Slot>, asked: Asked, mouth: &Mouth) {
    match asked {
        Asked::Question(slot, question) => {
            slots.insert(slot, Slot::new(question));
        }
        Asked::Hush(slot) => {
            if let Some(Slot { question, .. }) = slots.remove(&slot) {
                mouth.say(question.message(slot, Ok(Piece::End)).0);
            }
        }
    }
}

fn load(name: &str) -> Result<Speaker> {
    let place = Place::named(name);
    let folder = std::path::Path::new(name);
    let there = has_weights(folder) || folder.join(ADAPTER_WEIGHTS).exists();
    if matches!(place, Place::Folder(_)) && !there {
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

    use selfsame_core::{
        judge::Henry,
        recipe::self_rewarding::seed_ads,
        sample::{Answer, Request, Sampling, generate, generate_within},
        world::{
            World,
            ads::{Ad, Ads, Group},
        },
    };

    use super::*;
    use crate::{
        engine::{Chat, Message, Rate, playground::LONGEST_ANSWER},
        shelf::{STARTER, henry},
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
            form: None,
        }
    }

    fn ask(playground: &Playground, slot: u32, chat: Chat) {
        playground.ask(slot, Question::Chat(chat));
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
        ask(&playground, 0, chat(1, "starter", 0.0));
        ask(&playground, 1, chat(2, "starter", 0.9));
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
        ask(&playground, 0, forever(1));
        ask(&playground, 0, chat(2, "starter", 0.0));
        let (all, _) = until_done(&said, &[2]);
        assert_eq!(all[&2].0, in_one_piece(0.0).text);
        ask(&playground, 1, forever(3));
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
            ask(&playground, 0, Chat { prompt: prompt.to_owned(), ..chat(ticket, model, 1.0) });
            let (all, _) = until_done(&said, &[ticket]);
            let (text, _, problem) = &all[&ticket];
            assert!(
                problem.as_ref().is_some_and(|problem| problem.contains(word)),
                "{prompt:.40}: {problem:?}, {text}"
            );
            assert_eq!(text, "");
        }
    }

    const BRIEF: &str = "Belado entertainment film first-light 30s landscape <resp>";

    /// What `selfsame ads generate` writes, token by token.
    #[test]
    fn an_answer_keeps_to_the_form_of_a_world() {
        let (playground, said) = playground();
        let asked = |form| Chat { prompt: BRIEF.to_owned(), max_new_tokens: 64, form, ..chat(1, "starter-ads", 1.0) };
        ask(&playground, 16, asked(Some("ads".to_owned())));
        let (all, _) = until_done(&said, &[1]);
        let cpu = device::select(Choice::Cpu).unwrap();
        let (model, tokenizer) = (starter::ads::model(&cpu).unwrap(), starter::ads::tokenizer().unwrap());
        let prompts = [(0, tokenizer.encode(BRIEF).unwrap())];
        let sampling = Sampling { temperature: 1.0, max_new_tokens: 64, ..Sampling::default() };
        let request = Request { prompts: &prompts, samples: 1, sampling: &sampling, seed: 7, iteration: 0, batch: 64 };
        let grammar = Ads.grammar(&tokenizer).unwrap();
        let drawn = pollster::block_on(generate_within(&model, &tokenizer, &request, grammar.as_ref())).unwrap();
        assert_eq!((&all[&1].0, &all[&1].2), (&drawn[0][0].text, &None));
        assert!(Ad::parse(&all[&1].0).is_ok());
        ask(&playground, 16, asked(Some("nowhere".to_owned())));
        let (all, _) = until_done(&said, &[1]);
        assert!(all[&1].2.as_ref().is_some_and(|problem| problem.contains("`nowhere`")), "{:?}", all[&1].2);
    }

    /// Against the number of the command line, which is computed in one piece.
    #[test]
    fn texts_are_rated_a_few_at_a_time() {
        let (playground, said) = playground();
        let scene = "<scene> woman film red on blue warm fear faces:1 clear Belado silent";
        let texts: Vec<String> = ["low", "medium", "high", "low", "high", "low"]
            .into_iter()
            .enumerate()
            .map(|(index, pace)| format!("{BRIEF} pace:{pace} {}", [scene].repeat(1 + index % 3).join(" ")))
            .collect();
        let henry = henry(Group::B).to_owned();
        let rate = |ticket, texts: &[String]| {
            let rate = Rate { ticket, henry: henry.clone(), texts: texts.to_vec() };
            playground.ask(17, Question::Rate(rate));
            let (mut all, mut pieces) = (Vec::new(), 0);
            loop {
                let message = said.recv_timeout(Duration::from_mins(1)).unwrap();
                let Message::Rated { slot: 17, ticket: of, opinions, done, problem } = message else { panic!() };
                assert_eq!(of, ticket);
                pieces += 1;
                all.extend(opinions);
                if done {
                    return (all, pieces, problem);
                }
            }
        };
        let (opinions, pieces, problem) = rate(1, &texts);
        assert_eq!((opinions.len(), pieces, problem), (texts.len(), 2, None));
        let cpu = device::select(Choice::Cpu).unwrap();
        let tokenizer = starter::ads::tokenizer().unwrap();
        let (model, _) = Disk.model(&Place::AdsHenry(Group::B), &cpu).unwrap();
        let channel = Henry::new(seed_ads::TEMPLATE, &tokenizer).unwrap();
        let read: Vec<Vec<u32>> =
            texts.iter().map(|text| channel.read(text, usize::MAX, &tokenizer).unwrap()).collect();
        let read: Vec<&[u32]> = read.iter().map(Vec::as_slice).collect();
        let scores = pollster::block_on(channel.score(&model, &read, 4096)).unwrap();
        for (opinion, score) in opinions.iter().zip(&scores) {
            assert!((opinion.expected() - score).abs() < 1e-4 && (0.05..0.95).contains(score), "{score} {opinion:?}");
        }
        let (_, _, problem) = rate(2, &["a poem".to_owned()]);
        assert!(problem.is_some_and(|problem| problem.contains("no word `a`")));
        let (_, _, problem) = rate(3, &[format!("{BRIEF} {}", "woman ".repeat(200))]);
        assert!(problem.is_some_and(|problem| problem.contains("too long")));
        assert_eq!(rate(4, &[]), (Vec::new(), 1, None));
    }
}
