use super::*;

fn parse(edit: impl Fn(&mut Value)) -> Result<Config> {
    let mut value = serde_json::to_value(Config::llama(64, 172, 5, 8, 4, 512)).unwrap();
    edit(&mut value);
    Config::parse(&value.to_string(), Path::new("config.json"))
}

#[test]
fn counts_the_parameters_of_stories260k() {
    // 260,032 by its authors' documentation.
    assert_eq!(Config::llama(64, 172, 5, 8, 4, 512).parameters(), 260_032);
}

#[test]
fn more_parameters_than_can_be_counted_are_the_most_that_can() {
    let largest = LARGEST_DIMENSION;
    let mut config = Config::llama(largest, largest, largest, largest, largest, largest);
    config.head_dim = Some(largest);
    assert!(config.check().is_ok());
    assert_eq!(config.parameters(), usize::MAX);
}

#[test]
fn refuses_what_it_cannot_compute_and_says_why() {
    for (field, value, word) in [
        ("model_type", serde_json::json!("mamba"), "mamba"),
        ("hidden_act", serde_json::json!("gelu"), "gelu"),
        ("attention_bias", serde_json::json!("some"), "a boolean"),
        ("sliding_window", serde_json::json!(128), "sliding_window"),
        ("use_sliding_window", serde_json::json!(true), "use_sliding_window"),
        ("layer_types", serde_json::json!(["full_attention", "sliding_attention"]), "sliding_attention"),
        ("rope_interleaved", serde_json::json!(true), "rope_interleaved"),
        ("partial_rotary_factor", serde_json::json!(0.5), "partial_rotary_factor"),
        ("rope_parameters", serde_json::json!({"partial_rotary_factor": 0.5}), "partial_rotary_factor"),
        ("quantization_config", serde_json::json!({"bits": 4}), "quantization_config"),
        ("num_key_value_heads", serde_json::json!(3), "multiple"),
        ("hidden_size", serde_json::json!(0), "hidden_size"),
        ("vocab_size", serde_json::json!(9_000_000_000_u64), "vocab_size"),
        ("rope_scaling", serde_json::json!({"rope_type": "yarn", "factor": 2.0}), "yarn"),
        ("rope_scaling", serde_json::json!({"rope_type": "llama3", "factor": 2.0}), "lacks"),
    ] {
        let error = parse(|v| v[field] = value.clone()).unwrap_err().to_string();
        assert!(error.contains(word), "{field}: {error}");
    }
    assert!(parse(|_| ()).is_ok());
}

#[test]
fn several_stop_tokens_are_read() {
    let config = parse(|v| v["eos_token_id"] = serde_json::json!([2, 7])).unwrap();
    assert_eq!(config.stop_tokens(), [2, 7]);
}

#[test]
fn newer_files_keep_the_rotary_base_elsewhere() {
    let config = parse(|v| {
        v["rope_parameters"] = serde_json::json!({"rope_type": "default", "rope_theta": 500.0});
        v.as_object_mut().unwrap().remove("rope_theta");
    })
    .unwrap();
    assert!((config.rope_theta - 500.0).abs() < 1e-12);
}

/// GPT-2 (124M) as its authors published it, without what changes nothing.
const GPT2: &str = r#"{
    "activation_function": "gelu_new", "architectures": ["GPT2LMHeadModel"], "bos_token_id": 50256,
    "eos_token_id": 50256, "layer_norm_epsilon": 1e-05, "model_type": "gpt2", "n_ctx": 1024, "n_embd": 768,
    "n_head": 12, "n_layer": 12, "n_positions": 1024, "resid_pdrop": 0.1, "vocab_size": 50257
}"#;

/// Numbers of weights as `transformers` counts them, tied heads once.
#[test]
fn parameters_of_published_models() {
    let count = |text: &str| Config::parse(text, Path::new("config.json")).unwrap().parameters();
    assert_eq!(count(GPT2), 124_439_808);
    let qwen25 = r#"{"model_type": "qwen2", "hidden_act": "silu", "hidden_size": 896, "intermediate_size": 4864,
        "max_position_embeddings": 32768, "max_window_layers": 21, "num_attention_heads": 14, "num_hidden_layers": 24,
        "num_key_value_heads": 2, "rms_norm_eps": 1e-06, "rope_theta": 1000000.0, "sliding_window": 32768,
        "tie_word_embeddings": true, "use_sliding_window": false, "vocab_size": 151936, "eos_token_id": 151645}"#;
    assert_eq!(count(qwen25), 494_032_768);
    let qwen3 = r#"{"model_type": "qwen3", "attention_bias": false, "head_dim": 128, "hidden_act": "silu",
        "hidden_size": 1024, "intermediate_size": 3072, "max_position_embeddings": 40960, "max_window_layers": 28,
        "num_attention_heads": 16, "num_hidden_layers": 28, "num_key_value_heads": 8, "rms_norm_eps": 1e-06,
        "rope_scaling": null, "rope_theta": 1000000, "sliding_window": null, "tie_word_embeddings": true,
        "use_sliding_window": false, "vocab_size": 151936}"#;
    assert_eq!(count(qwen3), 596_049_920);
    let gemma = r#"{"model_type": "gemma", "head_dim": 256, "hidden_act": "gelu", "hidden_size": 2048,
        "intermediate_size": 16384, "max_position_embeddings": 8192, "num_attention_heads": 8, "num_hidden_layers": 18,
        "num_key_value_heads": 1, "rms_norm_eps": 1e-06, "rope_theta": 10000.0, "vocab_size": 256000}"#;
    assert_eq!(count(gemma), 2_506_172_416);
}

#[test]
fn gpt2_is_read_under_its_own_names() {
    let parse = |edit: &dyn Fn(&mut Value)| {
        let mut value: Value = serde_json::from_str(GPT2).unwrap();
        edit(&mut value);
        Config::parse(&value.to_string(), Path::new("config.json"))
    };
    let config = parse(&|_| ()).unwrap();
    assert_eq!((config.hidden_size, config.intermediate_size, config.kv_heads()), (768, 3072, 12));
    assert!(config.tie_word_embeddings && config.hidden_act == Activation::GeluTanh);
    assert_eq!(parse(&|v| v["n_inner"] = 100.into()).unwrap().intermediate_size, 100);
    for (key, value, word) in [
        ("n_embd", serde_json::json!(770), "`n_embd` (770) is not a multiple of `n_head`"),
        ("n_layer", serde_json::json!(0), "`n_layer` is 0"),
        ("activation_function", serde_json::json!("relu"), "`activation_function` is `relu`"),
        ("scale_attn_by_inverse_layer_idx", serde_json::json!(true), "scale_attn_by_inverse_layer_idx"),
        ("scale_attn_weights", serde_json::json!(false), "scale_attn_weights"),
        ("add_cross_attention", serde_json::json!(true), "add_cross_attention"),
    ] {
        let error = parse(&|v| v[key] = value.clone()).unwrap_err().to_string();
        assert!(error.contains(word), "{key}: {error}");
    }
}

#[test]
fn a_config_that_is_written_is_read_as_the_same() {
    for family in Family::ALL {
        let mut config = Config::llama(64, 172, 5, 8, 4, 512);
        config.model_type = family;
        config.hidden_act =
            if matches!(family, Family::Gpt2 | Family::Gemma) { Activation::GeluTanh } else { Activation::Silu };
        config.attention_bias = family != Family::Qwen2;
        config.head_dim = Some(16);
        if family == Family::Gpt2 {
            (config.num_key_value_heads, config.head_dim, config.mlp_bias) = (None, None, true);
        }
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(Config::parse(&text, Path::new("config.json")).unwrap(), config, "{text}");
    }
}
