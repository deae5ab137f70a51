//! Where a model folder keeps its template.

use std::{collections::BTreeMap, path::Path};

use serde_json::Value;

use super::ChatTemplate;
use crate::{Error, Result, model::gguf::Gguf};

impl ChatTemplate {
    /// The template of a model folder, if it has one: `chat_template.jinja`, or the `chat_template` of
    /// `tokenizer_config.json`, which is a text or a list of named ones. Of these `default` is taken, and
    /// `tool_use` for conversations with tools.
    ///
    /// # Errors
    /// If a file cannot be read, or the template not be used.
    pub fn load(folder: &Path) -> Result<Option<Self>> {
        let config = read(&folder.join("tokenizer_config.json"))?;
        let legacy = read(&folder.join("special_tokens_map.json"))?;
        let jinja = folder.join("chat_template.jinja");
        let source = if jinja.exists() {
            Some(std::fs::read_to_string(&jinja).map_err(|e| Error::read(&jinja, e))?)
        } else {
            None
        };
        Self::of_config(source.as_deref(), config.as_ref(), legacy.as_ref())
            .map_err(|e| Error::model(folder, e.to_string()))
    }

    /// The template in the header of a GGUF file, if it has one.
    ///
    /// # Errors
    /// If the template cannot be used, or the file's special tokens are not what they should be.
    pub fn of_gguf(header: &Gguf) -> Result<Option<Self>> {
        let Some(source) = header.chat_template() else { return Ok(None) };
        Ok(Some(Self::new(&source)?.with_tokens(header.special_tokens()?)))
    }

    /// The template of a `chat_template.jinja`, or else of a `tokenizer_config.json`; special tokens are
    /// those of the latter and of an older `special_tokens_map.json`.
    ///
    /// # Errors
    /// If the template cannot be used.
    pub fn of_config(jinja: Option<&str>, config: Option<&Value>, legacy: Option<&Value>) -> Result<Option<Self>> {
        let templates: BTreeMap<&str, &str> = match (jinja, config.and_then(|config| config.get("chat_template"))) {
            (Some(source), _) => [("default", source)].into(),
            (None, None | Some(Value::Null)) => return Ok(None),
            (None, Some(Value::String(source))) => [("default", source.as_str())].into(),
            (None, Some(Value::Array(list))) => list.iter().filter_map(named).collect(),
            (None, Some(_)) => {
                return Err(Error::Template(
                    "`chat_template` of tokenizer_config.json is neither a text nor a list of named templates"
                        .to_owned(),
                ));
            }
        };
        let Some(default) = templates.get("default") else {
            let names: Vec<&str> = templates.keys().copied().collect();
            return Err(Error::Template(format!(
                "there is none named `default` among those of tokenizer_config.json ({})",
                names.join(", ")
            )));
        };
        let mut template = Self::new(default)?;
        if let Some(tools) = templates.get("tool_use") {
            template.with_tools = Some(Box::new(Self::new(tools)?));
        }
        let mut tokens = BTreeMap::new();
        for file in [legacy, config].into_iter().flatten() {
            collect(file, &mut tokens);
            if let Some(extra) = file.get("extra_special_tokens") {
                extra.as_object().into_iter().flatten().for_each(|(name, token)| insert(name, token, &mut tokens));
            }
        }
        Ok(Some(template.with_tokens(tokens)))
    }
}

fn named(entry: &Value) -> Option<(&str, &str)> {
    Some((entry.get("name")?.as_str()?, entry.get("template")?.as_str()?))
}

fn collect(file: &Value, tokens: &mut BTreeMap<String, String>) {
    for (name, token) in file.as_object().into_iter().flatten() {
        // `bos_token` and the like; models with images have tokens of their own, such as `image_token`.
        if name.ends_with("_token") {
            insert(name, token, tokens);
        }
    }
}

/// A token is a text, or an object that holds it.
fn insert(name: &str, token: &Value, tokens: &mut BTreeMap<String, String>) {
    if let Some(text) = token.as_str().or_else(|| token.get("content")?.as_str()) {
        tokens.insert(name.to_owned(), text.to_owned());
    }
}

fn read(path: &Path) -> Result<Option<Value>> {
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(path).map_err(|e| Error::read(path, e))?;
    serde_json::from_str(&text).map(Some).map_err(|e| Error::model(path, format!("not valid JSON ({e})")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::text::{Json, Rendering};

    fn written(template: &ChatTemplate, with: &Rendering) -> String {
        template.render(&Json::list(vec![Json::message("user", "hi").unwrap()]).unwrap(), with).unwrap().text
    }

    #[test]
    fn a_template_is_found_where_hugging_face_keeps_it() {
        let folder = tempfile::tempdir().unwrap();
        assert!(ChatTemplate::load(folder.path()).unwrap().is_none());
        let config = json!({"chat_template": "{{ bos_token }}C{{ eos_token is defined }}{{ image_token }}",
            "bos_token": {"content": "<s>", "lstrip": false}, "eos_token": null, "extra_special_tokens": {"image_token": "<i>"}});
        std::fs::write(folder.path().join("tokenizer_config.json"), config.to_string()).unwrap();
        let template = ChatTemplate::load(folder.path()).unwrap().unwrap();
        assert_eq!(written(&template, &Rendering::default()), "<s>CFalse<i>");
        std::fs::write(folder.path().join("chat_template.jinja"), "J{{ bos_token }}{{ unk_token }}").unwrap();
        std::fs::write(folder.path().join("special_tokens_map.json"), r#"{"unk_token": "<u>", "bos_token": "old"}"#)
            .unwrap();
        let template = ChatTemplate::load(folder.path()).unwrap().unwrap();
        assert_eq!(written(&template, &Rendering::default()), "J<s><u>");
    }

    #[test]
    fn named_templates_are_chosen_by_what_is_asked() {
        let config = json!({"chat_template": [{"name": "tool_use", "template": "T{{ bos_token }}"},
            {"name": "default", "template": "D{{ bos_token }}"}], "bos_token": "<s>"});
        let template = ChatTemplate::of_config(None, Some(&config), None).unwrap().unwrap();
        assert_eq!(written(&template, &Rendering::default()), "D<s>");
        let tools = Rendering { tools: Some(Json::parse("[{}]").unwrap()), ..Rendering::default() };
        assert_eq!(written(&template, &tools), "T<s>");
    }

    #[test]
    fn what_is_no_template_is_named() {
        let folder = tempfile::tempdir().unwrap();
        for (config, word) in [
            (json!({"chat_template": 3}), "neither"),
            (json!({"chat_template": [{"name": "rag", "template": ""}]}), "rag"),
            (json!({"chat_template": "{% if %}"}), "line 1"),
        ] {
            std::fs::write(folder.path().join("tokenizer_config.json"), config.to_string()).unwrap();
            let error = ChatTemplate::load(folder.path()).unwrap_err().to_string();
            assert!(error.contains(word) && error.contains("model "), "{error}");
        }
        std::fs::write(folder.path().join("tokenizer_config.json"), "{").unwrap();
        assert!(ChatTemplate::load(folder.path()).unwrap_err().to_string().contains("tokenizer_config.json"));
    }
}
