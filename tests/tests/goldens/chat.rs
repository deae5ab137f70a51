//! Chat templates against transformers: the texts of `goldens/chat.json`, byte for byte, with our own
//! templates, which are part of that file, and with the 72 of TRL, which `cargo xtask trl` fetches.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use selfsame_core::{
    model::content_hash,
    text::{ChatTemplate, Json, Moment, Rendered, Rendering, Tokenizer},
};
use selfsame_tests::{files::target, golden, goldens, ids, skipped};
use serde::Deserialize;
use serde_json::Value;

/// The goldens, with conversations whose keys keep their order.
#[derive(Deserialize)]
struct Goldens {
    tokens: BTreeMap<String, String>,
    now: Moment,
    conversations: BTreeMap<String, Conversation>,
    trl: BTreeMap<String, Template>,
    own: BTreeMap<String, Template>,
    continued: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Conversation {
    messages: Json,
    tools: Option<Json>,
    documents: Option<Json>,
    #[serde(default)]
    variables: BTreeMap<String, Json>,
}

#[derive(Deserialize)]
struct Template {
    #[serde(default)]
    source: String,
    #[serde(default)]
    sha256: String,
    cases: BTreeMap<String, Case>,
}

#[derive(Deserialize)]
struct Case {
    text: Value,
    prompt: Value,
    ranges: Option<Vec<[usize; 2]>>,
}

fn read() -> Goldens {
    serde_json::from_str(&std::fs::read_to_string(goldens().join("chat.json")).unwrap()).unwrap()
}

fn sha256(text: &str) -> String {
    content_hash(text.as_bytes())
}

impl Goldens {
    fn template(&self, source: &str) -> selfsame_core::Result<ChatTemplate> {
        Ok(ChatTemplate::new(source)?.with_tokens(self.tokens.clone()))
    }

    fn rendering(&self, conversation: &Conversation, prompt: bool) -> Rendering {
        Rendering {
            add_generation_prompt: prompt,
            tools: conversation.tools.clone(),
            documents: conversation.documents.clone(),
            variables: conversation.variables.clone().into_iter().collect(),
            now: self.now,
            ..Rendering::default()
        }
    }

    /// Everything in which our texts differ from those of transformers, and how many are equal.
    fn compare(&self, name: &str, source: &str, template: &Template) -> (String, usize) {
        let (mut wrong, mut equal) = (String::new(), 0);
        let ours = match self.template(source) {
            Ok(ours) => ours,
            Err(e) => return (format!("{name}: {e}\n"), 0),
        };
        for (of, case) in &template.cases {
            let conversation = &self.conversations[of];
            for (prompt, expected) in [(false, &case.text), (true, &case.prompt)] {
                let found = ours.render(&conversation.messages, &self.rendering(conversation, prompt));
                match differs(&found, expected) {
                    None => equal += 1,
                    Some(problem) => writeln!(wrong, "{name}, {of}, prompt {prompt}: {problem}").unwrap(),
                }
                if let (false, Some(ranges), Ok(found)) = (prompt, &case.ranges, &found) {
                    let expected: Vec<_> = ranges
                        .iter()
                        .map(|range| range.map(|at| byte_of(&found.text, at)))
                        .map(|[a, b]| a..b)
                        .collect();
                    if found.generated.as_ref() != Some(&expected) {
                        writeln!(wrong, "{name}, {of}: generated {:?} and not {expected:?}", found.generated).unwrap();
                    }
                }
            }
        }
        (wrong, equal)
    }
}

fn byte_of(text: &str, character: usize) -> usize {
    text.char_indices().nth(character).map_or(text.len(), |(at, _)| at)
}

/// What is wrong with a rendering: goldens are texts, their lengths and hashes, or errors.
fn differs(found: &selfsame_core::Result<Rendered>, expected: &Value) -> Option<String> {
    match (found, expected.as_str(), expected.get("error").and_then(Value::as_str)) {
        (Err(e), None, Some(error)) => {
            // What a template itself says has to be said here too.
            let said = error.strip_prefix("TemplateError: ")?;
            (!e.to_string().contains(said)).then(|| format!("{e} instead of {said}"))
        }
        (Ok(found), Some(expected), _) => {
            let hashed = format!("{}:{}", found.text.len(), sha256(&found.text));
            (found.text != expected && hashed != expected).then(|| {
                let at = found.text.bytes().zip(expected.bytes()).take_while(|(a, b)| a == b).count();
                let around = |text: &str| {
                    String::from_utf8_lossy(&text.as_bytes()[at.saturating_sub(20)..(at + 60).min(text.len())])
                        .into_owned()
                };
                format!(
                    "{} bytes, at {at}: {:?} instead of {:?}",
                    found.text.len(),
                    around(&found.text),
                    around(expected)
                )
            })
        }
        (Ok(found), None, error) => Some(format!("wrote {} bytes instead of refusing: {error:?}", found.text.len())),
        (Err(e), ..) => Some(format!("refused: {e}")),
    }
}

#[test]
fn our_templates_are_written_as_transformers_does() {
    let goldens = read();
    let (mut wrong, mut equal) = (String::new(), 0);
    for (name, template) in &goldens.own {
        let (problems, same) = goldens.compare(name, &template.source, template);
        wrong.push_str(&problems);
        equal += same;
    }
    assert!(wrong.is_empty(), "{equal} are equal, but\n{wrong}");
    assert!(equal >= 290, "only {equal} texts were compared");
}

#[test]
fn the_templates_of_trl_are_written_as_transformers_does() {
    let goldens = read();
    assert_eq!(goldens.trl.len(), TEMPLATES);
    let Some(folder) = trl() else {
        return skipped(&format!("no TRL 1.16 found; {FETCHING}"));
    };
    let (mut wrong, mut equal, mut whole, mut compared) = (String::new(), 0, 0, 0);
    for (name, template) in &goldens.trl {
        let path = folder.join(format!("{name}.jinja"));
        let source = std::fs::read_to_string(&path).unwrap_or_default();
        if sha256(&source) != template.sha256 {
            eprintln!("{} is not the one the goldens were made with", path.display());
            continue;
        }
        let (problems, same) = goldens.compare(name, &source, template);
        compared += 1;
        whole += usize::from(problems.is_empty());
        wrong.push_str(&problems);
        equal += same;
    }
    eprintln!("{whole} of {compared} templates are equal in all their conversations, {equal} texts and refusals");
    assert!(wrong.is_empty(), "{wrong}");
    if compared < TEMPLATES {
        let others = TEMPLATES - compared;
        return skipped(&format!("{others} templates of {} are others; {FETCHING}", folder.display()));
    }
    // Each conversation with the beginning of an answer and without.
    assert_eq!(equal, 2 * goldens.trl.values().map(|template| template.cases.len()).sum::<usize>());
}

/// The templates of TRL 1.16.
const TEMPLATES: usize = 72;

/// How they come here.
const FETCHING: &str = "fetch TRL with `cargo xtask trl`, or set SELFSAME_TRL to the folder of the package of TRL 1.16, or SELFSAME_PYTHON to a Python that has it";

/// The templates of TRL: of the package that is named, the one that was fetched, or the one that Python has.
fn trl() -> Option<PathBuf> {
    let inside = |package: &Path| package.join("chat_templates").is_dir().then(|| package.join("chat_templates"));
    if let Some(package) = std::env::var_os("SELFSAME_TRL") {
        return inside(Path::new(&package));
    }
    if let Some(fetched) = target().and_then(|target| inside(&target.join("trl-1.16.0/trl"))) {
        return Some(fetched);
    }
    let python = std::env::var_os("SELFSAME_PYTHON").unwrap_or_else(|| "python3".into());
    let find = "import importlib.util as u; print(u.find_spec('trl').submodule_search_locations[0])";
    let found = Command::new(python).args(["-c", find]).output().ok().filter(|found| found.status.success())?;
    inside(Path::new(String::from_utf8(found.stdout).ok()?.trim()))
}

#[test]
fn masks_of_tokens_are_those_of_transformers() {
    let goldens = read();
    let tokenizer =
        Tokenizer::parse(&std::fs::read_to_string(selfsame_tests::goldens().join("chat_tokenizer.json")).unwrap())
            .unwrap();
    let template = goldens.template(&goldens.own["marked"].source).unwrap();
    let masks = &golden("chat.json")["masks"];
    assert_eq!(masks.as_object().unwrap().len(), 3);
    for (name, expected) in masks.as_object().unwrap() {
        let conversation = &goldens.conversations[name];
        let rendered = template.render(&conversation.messages, &goldens.rendering(conversation, false)).unwrap();
        let (found, mask) = rendered.tokens(&tokenizer).unwrap();
        assert_eq!(found, ids(&expected["ids"]), "{name}");
        let mask: Vec<u32> = mask.into_iter().map(u32::from).collect();
        assert_eq!(mask, ids(&expected["mask"]), "{name}");
        assert!(mask.contains(&0) && mask.contains(&1), "{name}");
    }
}

#[test]
fn messages_are_left_open_as_transformers_does() {
    let goldens = read();
    assert_eq!(goldens.continued.len(), 6);
    for (name, expected) in &goldens.continued {
        let (template, of) = name.split_once('/').unwrap();
        let template = goldens.template(&goldens.own[template].source).unwrap();
        let mut messages = golden("chat.json")["conversations"][of]["messages"].as_array().unwrap().clone();
        messages.push(serde_json::json!({"role": "assistant", "content": "Once upon a "}));
        let messages = Json::parse(&Value::from(messages).to_string()).unwrap();
        let with = Rendering { continue_final_message: true, ..Rendering::default() };
        assert_eq!(template.render(&messages, &with).unwrap().text, expected.as_str().unwrap(), "{name}");
    }
}
