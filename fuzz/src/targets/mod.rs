//! The targets, one file each.

mod adapter;
mod archive;
mod atlas;
mod chat_template;
mod config;
mod data_set;
mod gguf;
mod lambda;
mod parquet;
mod prompts;
mod run_log;
mod safetensors;
mod settings;
mod shards;
mod table;
mod tokenizer;
mod tokenizer_config;
mod window;

use std::sync::LazyLock;

use selfsame_core::text::{ChatTemplate, Json, Tokenizer};

use crate::Target;

const MB: usize = 1 << 20;

const fn target(name: &'static str, read: fn(&[u8])) -> Target {
    Target { name, read, memory: 32 * MB, catches: false }
}

/// Templates may write 16 MB, from values as large.
const fn template(name: &'static str, read: fn(&[u8])) -> Target {
    Target { memory: 160 * MB, ..target(name, read) }
}

/// All of them, sorted.
pub const ALL: &[Target] = &[
    target("adapter", adapter::read),
    target("archive", archive::read),
    target("atlas", atlas::read),
    template("chat_template", chat_template::read),
    target("config", config::read),
    target("data_set", data_set::read),
    target("gguf", gguf::read),
    target("lambda", lambda::read),
    Target { catches: true, ..target("parquet", parquet::read) },
    target("prompts", prompts::read),
    target("run_log", run_log::read),
    target("safetensors", safetensors::read),
    target("settings", settings::read),
    target("shards", shards::read),
    target("table", table::read),
    Target { catches: true, ..target("tokenizer", tokenizer::read) },
    template("tokenizer_config", tokenizer_config::read),
    target("window", window::read),
];

/// A tokenizer that can spell every text: bytes, and a token for the end.
static BYTES: LazyLock<Tokenizer> = LazyLock::new(|| {
    // Byte-level vocabularies spell a byte that is no sign by one from 256 on.
    let plain = |byte: &u32| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    let spelled = (0..256).filter(plain).chain((256..).take(256 - (0..256).filter(plain).count()));
    let vocabulary: serde_json::Map<_, _> = spelled
        .filter_map(char::from_u32)
        .enumerate()
        .map(|(id, sign)| (sign.to_string(), serde_json::Value::from(id + 1)))
        .chain([("</s>".to_owned(), serde_json::Value::from(0))])
        .collect();
    let json = serde_json::json!({
        "version": "1.0", "truncation": null, "padding": null, "normalizer": null, "post_processor": null,
        "added_tokens": [{"id": 0, "content": "</s>", "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": false, "special": true}],
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
        "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
        "model": {"type": "BPE", "vocab": vocabulary, "merges": []},
    });
    Tokenizer::parse(&json.to_string()).expect("a tokenizer")
});

/// A template as most models have it.
static TEMPLATE: LazyLock<ChatTemplate> = LazyLock::new(|| {
    let source = "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}";
    ChatTemplate::new(source).expect("a template")
});

/// A conversation, and the tools that go with it.
static CONVERSATION: LazyLock<[Json; 2]> = LazyLock::new(|| {
    let messages = r#"[{"role": "system", "content": "Be brief."}, {"role": "user", "content": " What is 2 + 2? "},
        {"role": "assistant", "content": null, "reasoning_content": "sum",
         "tool_calls": [{"id": "1", "type": "function", "function": {"name": "add", "arguments": {"a": 2, "b": [2.5, true]}}}]},
        {"role": "tool", "name": "add", "content": "4"}, {"role": "user", "content": "Thanks.\n"}]"#;
    let tools = r#"[{"type": "function", "function": {"name": "add", "description": "adds",
        "parameters": {"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"]}}}]"#;
    [messages, tools].map(|json| Json::parse(json).expect("JSON"))
});

/// Has a template write the conversations that templates meet, and this one where there is one.
fn render(template: &ChatTemplate, own: Option<&Json>) {
    use selfsame_core::text::Rendering;

    let [messages, tools] = &*CONVERSATION;
    let plain = Rendering::default();
    let prompt = Rendering { add_generation_prompt: true, tools: Some(tools.clone()), ..Rendering::default() };
    let open = Rendering { continue_final_message: true, ..Rendering::default() };
    for with in [&plain, &prompt, &open] {
        for messages in own.into_iter().chain([messages]) {
            if let Ok(rendered) = template.render(messages, with) {
                for range in rendered.generated.into_iter().flatten() {
                    assert!(rendered.text.get(range.clone()).is_some(), "{range:?} is no part of the text");
                }
            }
        }
    }
}
