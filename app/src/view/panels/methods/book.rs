//! The pages about methods: Markdown that is part of the program, with a header that says what a method does at
//! each verb of the loop.

use std::{collections::BTreeMap, sync::LazyLock};

use ::markdown::mdast::Node;
use selfsame_core::recipe::{Entry, all};
use serde::Deserialize;

use crate::{fold::Verb, view::markdown};

/// The pages by the names of their recipes. A page whose recipe this version does not have is not shown.
const FILES: [(&str, &str); 21] = [
    ("sft", include_str!("../../../../../assets/methods/sft.md")),
    ("dpo", include_str!("../../../../../assets/methods/dpo.md")),
    ("srlm", include_str!("../../../../../assets/methods/srlm.md")),
    ("scir", include_str!("../../../../../assets/methods/scir.md")),
    ("cream", include_str!("../../../../../assets/methods/cream.md")),
    ("selfie-spa", include_str!("../../../../../assets/methods/selfie-spa.md")),
    ("osp", include_str!("../../../../../assets/methods/osp.md")),
    ("spin", include_str!("../../../../../assets/methods/spin.md")),
    ("selm", include_str!("../../../../../assets/methods/selm.md")),
    ("dno", include_str!("../../../../../assets/methods/dno.md")),
    ("reward-aug", include_str!("../../../../../assets/methods/reward-aug.md")),
    ("bco", include_str!("../../../../../assets/methods/bco.md")),
    ("upo", include_str!("../../../../../assets/methods/upo.md")),
    ("t-reg", include_str!("../../../../../assets/methods/t-reg.md")),
    ("coh", include_str!("../../../../../assets/methods/coh.md")),
    ("cdr", include_str!("../../../../../assets/methods/cdr.md")),
    ("nlhf", include_str!("../../../../../assets/methods/nlhf.md")),
    ("r3-relevance", include_str!("../../../../../assets/methods/r3-relevance.md")),
    ("flr", include_str!("../../../../../assets/methods/flr.md")),
    ("sharpening", include_str!("../../../../../assets/methods/sharpening.md")),
    ("seed-ads", include_str!("../../../../../assets/methods/seed-ads.md")),
];

/// What a method does at a verb.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// A phrase.
    pub says: String,
    /// Whether this is where the method differs.
    pub changed: bool,
}

/// A page.
#[derive(Debug)]
pub struct Page {
    /// The recipe.
    pub id: &'static str,
    /// What people call the method.
    pub name: String,
    /// What it does at each verb.
    pub parts: BTreeMap<Verb, Part>,
    /// What it is, in three sentences.
    pub summary: Vec<Node>,
    /// Its equations, with what stands in them.
    pub equation: Vec<Node>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    name: String,
    /// The verbs at which the method differs.
    changes: Vec<String>,
    does: BTreeMap<String, String>,
}

/// A method that can be shown: a recipe with its page.
#[derive(Debug, Clone, Copy)]
pub struct Method {
    /// The recipe.
    pub entry: &'static Entry,
    /// Its page.
    pub page: &'static Page,
}

static BOOK: LazyLock<Vec<Page>> = LazyLock::new(|| {
    let pages = FILES.iter().map(|&(id, text)| match page(id, text) {
        Ok(page) => page,
        // The files are part of the program and a test reads them.
        Err(problem) => unreachable!("assets/methods/{id}.md: {problem}"),
    });
    pages.collect()
});

/// The page of a recipe.
pub fn by_id(id: &str) -> Option<&'static Page> {
    BOOK.iter().find(|page| page.id == id)
}

/// What people call a method: as its page says, or else its name on the command line.
pub fn name(id: &str) -> &str {
    by_id(id).map_or(id, |page| page.name.as_str())
}

/// All methods that this version has, in the order of the recipes.
pub fn methods() -> impl Iterator<Item = Method> {
    all().iter().filter_map(|entry| Some(Method { entry, page: by_id(entry.card.id)? }))
}

/// Reads a page; the message names what is wrong with it.
fn page(id: &'static str, text: &str) -> Result<Page, String> {
    let document = markdown::parse(text);
    let Header { name, changes, does } = toml::from_str(&document.header).map_err(|problem| problem.to_string())?;
    let verb = |name: &String| Verb::of_phase(name).ok_or_else(|| format!("there is no verb `{name}`"));
    let changed = changes.iter().map(verb).collect::<Result<Vec<_>, _>>()?;
    let mut parts = BTreeMap::new();
    for (at, says) in &does {
        let at = verb(at)?;
        parts.insert(at, Part { says: says.clone(), changed: changed.contains(&at) });
    }
    if let Some(missing) = Verb::ALL.into_iter().find(|verb| !parts.contains_key(verb)) {
        return Err(format!("nothing is said about `{}`", missing.id()));
    }
    let mut blocks = document.blocks;
    if !matches!(blocks.first(), Some(Node::Paragraph(_))) {
        return Err("it does not begin with a paragraph".to_owned());
    }
    let equation = blocks.split_off(1);
    Ok(Page { id, name, parts, summary: blocks, equation })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::math;

    #[test]
    fn every_recipe_has_a_page_and_every_page_a_recipe() {
        for entry in all() {
            let id = entry.card.id;
            assert!(by_id(id).is_some(), "write assets/methods/{id}.md and list it in methods/book.rs");
        }
        for page in BOOK.iter() {
            let known = all().iter().any(|entry| entry.card.id == page.id);
            assert!(known, "assets/methods/{}.md is about no recipe", page.id);
        }
        assert_eq!(methods().count(), all().len());
    }

    #[test]
    fn every_page_says_what_it_is_in_three_sentences_and_has_an_equation() {
        for (id, text) in FILES {
            let page = page(id, text).unwrap_or_else(|problem| panic!("assets/methods/{id}.md: {problem}"));
            let summary: String = page.summary.iter().map(ToString::to_string).collect::<String>().replace('\n', " ");
            let sentences = summary.trim().split_inclusive(". ").count();
            assert_eq!(sentences, 3, "{id}: {summary}");
            assert!(page.parts.values().any(|part| part.changed), "{id} changes nothing");
            assert!(page.parts.values().all(|part| (4..=64).contains(&part.says.chars().count())), "{id}");
            let unknown: Vec<_> = page.equation.iter().filter(|node| !markdown::known(node)).collect();
            assert!(unknown.is_empty(), "{id}: {unknown:?}");
            let equations = page.equation.iter().filter_map(|node| match node {
                Node::Code(code) if code.lang.as_deref() == Some("math") => Some(math::parse(&code.value)),
                _ => None,
            });
            assert!(equations.flatten().count() >= 1, "{id} has no equation");
        }
    }

    /// Every character can be drawn: running text by the font of text, code and equations by that of code too.
    #[test]
    fn every_character_has_a_glyph() {
        let context = egui::Context::default();
        crate::view::theme::install(&context);
        let mut missing = std::collections::BTreeSet::new();
        let _ = context.run_ui(egui::RawInput::default(), |ui| {
            let size = crate::view::theme::sizes().text;
            for (id, text) in FILES {
                // Between backticks, of which a fence has three, is code.
                for (part, running) in text.split('`').zip([true, false].into_iter().cycle()) {
                    for character in part.chars().filter(|c| !c.is_control()) {
                        let known = |font: &egui::FontId| ui.ctx().fonts_mut(|fonts| fonts.has_glyph(font, character));
                        let of_code = !running && known(&egui::FontId::monospace(size));
                        if !of_code && !known(&egui::FontId::proportional(size)) {
                            missing.insert((id, character));
                        }
                    }
                }
            }
        });
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn what_is_wrong_with_a_page_is_said() {
        let good = FILES[0].1;
        let problem = |text: &str| page("x", text).unwrap_err();
        assert!(problem(&good.replace("prompt =", "dream =")).contains("dream"));
        assert!(problem(&good.replace("changes = [", "changes = [\"rest\", ")).contains("rest"));
        assert!(problem(&good.replace("name =", "nickname =")).contains("nickname"));
        let without: String = good.lines().filter(|line| !line.starts_with("measure")).collect::<Vec<_>>().join("\n");
        assert!(problem(&without).contains("measure"));
        assert!(problem("+++\nname = \"x\"\n").contains("changes") || problem("nothing").contains("name"));
    }
}
