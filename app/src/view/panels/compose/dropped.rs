//! What a file or folder that was dropped on the panel is meant for.

use std::path::Path;

/// What was dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dropped {
    /// The folder of a model or a file in it, or a GGUF file.
    Model(String),
    /// A file of prompts.
    Data(String),
}

/// What a model's folder holds.
const OF_MODELS: [&str; 3] = ["config.json", "tokenizer.json", "tokenizer_config.json"];

/// Files that are neither.
const OTHERS: [&str; 6] = ["toml", "txt", "md", "png", "html", "zip"];

impl Dropped {
    /// Tells from the name alone, since views have no file system. `None` for what is of no use here,
    /// and where a page is told no more than a name.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let text = |path: &Path| Some(path.to_str()?.to_owned());
        let name = path.file_name()?.to_str()?;
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or("").to_ascii_lowercase();
        if !path.is_absolute() || OTHERS.contains(&ending.as_str()) {
            return None;
        }
        if OF_MODELS.contains(&name) || ending == "safetensors" {
            return text(path.parent()?).map(Self::Model);
        }
        // Names of models often have a dot: `SmolLM2-1.7B`.
        match ending.as_str() {
            "jsonl" | "json" => text(path).map(Self::Data),
            _ => text(path).map(Self::Model),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_models_and_lines_are_prompts() {
        let of = |path: &str| Dropped::of(Path::new(path));
        let model = |path: &str| Some(Dropped::Model(path.to_owned()));
        assert_eq!(of("/models/SmolLM2-1.7B"), model("/models/SmolLM2-1.7B"));
        assert_eq!(of("/models/own"), model("/models/own"));
        assert_eq!(of("/models/own/model.safetensors"), model("/models/own"));
        assert_eq!(of("/models/own/config.json"), model("/models/own"));
        assert_eq!(of("/models/small.gguf"), model("/models/small.gguf"));
        assert_eq!(of("/data/p.JSONL"), Some(Dropped::Data("/data/p.JSONL".to_owned())));
        assert_eq!(of("/data/notes.txt"), None);
        assert_eq!(of("p.jsonl"), None, "a name without a place");
    }
}
