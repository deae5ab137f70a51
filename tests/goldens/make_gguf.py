#!/usr/bin/env python3
# Writes the golden values for GGUF files that the Rust tests compare against, next to this file.
#
#   pip install -r requirements-gguf.txt
#   python make_gguf.py [--smollm2 target/models/smollm2-135m-instruct.gguf [--shared shared/data]]
#
# gguf_blocks.json      blocks of every number type and what the `gguf` package reads in them
# gguf_quantised.json   numbers and the blocks that the `gguf` package makes of them
# gguf_pieces.json      texts split by the pre-tokenizers' expressions
# gguf/*.gguf           the tiny models beside this file, written by the `gguf` package
# gguf_smollm2.json     SmolLM2-135M-Instruct, de-quantised by the `gguf` package and computed by
#                       transformers; only with --smollm2, the file of `cargo xtask smollm2`
# gguf_logprobs.json    what llama.cpp computes from gguf/*.gguf
# gguf_llama_cpp.json   tokens of texts by llama.cpp; only with --shared, the vocabularies of GPT-2 and
#                       stories260K

import argparse
import json
import math
import os

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"

import gguf
import numpy as np
import regex
import safetensors.numpy
from gguf import GGMLQuantizationType as T

HERE = os.path.dirname(os.path.abspath(__file__))


def versions(*modules):
    return {module.__name__: getattr(module, "__version__", None) or installed(module.__name__) for module in modules}


def installed(name):
    import importlib.metadata

    return importlib.metadata.version(name)


def write(name, made_by, body):
    path = os.path.join(HERE, name)
    with open(path, "w") as f:
        json.dump({"made_by": made_by, **body}, f, separators=(",", ":"), allow_nan=False, ensure_ascii=True)
        f.write("\n")
    print(f"{name}: {os.path.getsize(path)} bytes")


# --------------------------------------------------------------------- blocks

# Where the half-precision scales lie in a block: random bytes there could be infinite.
SCALES = {T.Q4_K: [0, 2], T.Q5_K: [0, 2], T.Q6_K: [208]}


def blocks():
    rng = np.random.default_rng(20)
    cases = {}
    for kind in [T.F32, T.F16, T.BF16, T.Q8_0, T.Q4_0, T.Q4_1, T.Q5_0, T.Q5_1, T.Q4_K, T.Q5_K, T.Q6_K]:
        values, size = gguf.GGML_QUANT_SIZES[kind]
        if kind in SCALES:
            # The package reads these but does not write them: every byte at random but the scales.
            raw = rng.integers(0, 256, (3, size), dtype=np.uint8)
            for at in SCALES[kind]:
                raw[:, at : at + 2] = rng.normal(0, 0.02, (3, 1)).astype(np.float16).view(np.uint8)
        else:
            numbers = rng.normal(0, 1, (4, max(values, 32))).astype(np.float32)
            numbers[2] *= 1e-3
            numbers[3, ::3] = 0.0
            raw = gguf.quantize(numbers, kind).view(np.uint8)
        floats = gguf.dequantize(raw, kind).astype("<f4")
        assert np.isfinite(floats).all()
        cases[kind.name] = {"code": int(kind), "blocks": raw.tobytes().hex(), "values": floats.tobytes().hex()}
    write("gguf_blocks.json", versions(gguf, np), {"cases": cases})


def quantised():
    rng = np.random.default_rng(21)
    values = rng.normal(size=(24, 32)).astype(np.float32) * np.float32(10.0) ** rng.integers(-4, 3, size=(24, 1)).astype(np.float32)
    # Nothing at all; the largest magnitude positive; the same once with either sign; whole steps.
    values[0] = 0
    values[1] = np.abs(values[1])
    values[2, :2] = [3, -3]
    values[3] = np.arange(32) - 16
    cases = {}
    for kind in [T.F16, T.Q8_0, T.Q4_0]:
        cases[kind.name] = gguf.quantize(values, kind).tobytes().hex()
    write("gguf_quantised.json", versions(gguf, np), {"values": values.astype("<f4").tobytes().hex(), "blocks": cases})


# --------------------------------------------------------------------- pieces of texts

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)"
WORDS = r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
# The expressions that llama.cpp has for the names of `tokenizer.ggml.pre`, applied one after the
# other to the pieces that the one before left.
EXPRESSIONS = {
    "gpt-2": [GPT2],
    "smollm": [r"\p{N}", GPT2],
    "default": [r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"],
    "qwen2": [WORDS + r"\p{N}" + REST],
    "llama-bpe": [WORDS + r"\p{N}{1,3}" + REST],
}

TEXTS = [
    "Hello world", " leading and trailing  ", "it's I'LL we've THEY'D 'tis", "123456 7 89012 3.14159e-10", "\n\n\n", " ",
    "", "a\tb\r\nc\n  d", "def f(x):\n    return x**2  # comment\n\n\nprint(f(3))", "if (a<=b && c!=d) { e->f[0]++; }",
    "na\u00efve caf\u00e9 \u00fcber stra\u00dfe", "\u65e5\u672c\u8a9e \u306e\u30c6\u30ad\u30b9\u30c8\u3002 \u4e2d\u6587",
    "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440!", "\U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467 emoji\U0001f680s", "x\u00a0y\u2003z\u3000w", "\u0663\u0664\u0665 \u2167 \u00bd \u00b2",
    "$5.00 + 10% = ^up^ ~ |pipe| `tick`", "e\u0301 combining", "\u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u0939\u093f\u0928\u094d\u0926\u0940", "a  b   c    d", "...!!!???---___", "MixedCASEWords andNumbers42mixed",
]


def pieces(text, expressions):
    parts = [text] if text else []
    for expression in expressions:
        after = []
        for part in parts:
            at = 0
            for match in regex.finditer(expression, part):
                after += [part[at : match.start()], match.group()]
                at = match.end()
            after += [part[at:]]
        parts = [part for part in after if part]
    return parts


def split_texts():
    cases = {name: [pieces(text, expressions) for text in TEXTS] for name, expressions in EXPRESSIONS.items()}
    write("gguf_pieces.json", versions(regex), {"texts": TEXTS, "cases": cases})


# --------------------------------------------------------------------- tiny models

TINY = ["tiny_llama_gqa_tied", "tiny_llama_mha_untied", "tiny_llama_rope_scaled", "tiny_qwen2", "tiny_qwen3"]
NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm", "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
}
OUTSIDE = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight", "lm_head.weight": "output.weight"}


def gguf_name(name):
    if name in OUTSIDE:
        return OUTSIDE[name]
    _, _, block, part = name.split(".", 3)
    part, kind = part.rsplit(".", 1)
    return f"blk.{block}.{NAMES[part]}.{kind}"


def interleaved(rows, heads):
    # The pairs of a rotation next to each other, as the original Llama weights have them.
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(rows.shape)


def halves(rows, heads):
    return rows.reshape(heads, rows.shape[0] // heads // 2, 2, -1).swapaxes(1, 2).reshape(rows.shape)


def heads_of(name, config):
    if ".q_proj." in name:
        return config["num_attention_heads"]
    return config["num_key_value_heads"] if ".k_proj." in name else None


def tiny(name):
    folder = os.path.join(HERE, name)
    config = json.load(open(os.path.join(folder, "config.json")))
    tensors = safetensors.numpy.load_file(os.path.join(folder, "model.safetensors"))
    path = os.path.join(HERE, "gguf", f"{name}.gguf")
    family = config["model_type"]
    writer = gguf.GGUFWriter(path, family)
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    rope = config.get("rope_parameters") or {"rope_theta": config["rope_theta"], **(config.get("rope_scaling") or {})}
    writer.add_rope_freq_base(rope["rope_theta"])
    width = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    writer.add_rope_dimension_count(width)
    if family == "qwen3":
        writer.add_key_length(width)
        writer.add_value_length(width)
        # llama.cpp knows no biases of this family, and no released model has any.
        tensors = {name: values for name, values in tensors.items() if not name.endswith(".bias")}
    if rope.get("rope_type") == "llama3":
        # The slowing of each frequency, which llama.cpp divides by.
        from transformers import LlamaConfig
        from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

        slowed, _ = ROPE_INIT_FUNCTIONS["llama3"](LlamaConfig(**config), "cpu")
        plain = 1.0 / rope["rope_theta"] ** (np.arange(0, width, 2, dtype=np.float64) / width)
        writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
        writer.add_tensor("rope_freqs.weight", (plain / slowed.numpy().astype(np.float64)).astype(np.float32))
    spelled = ["<unk>", "<s>", "</s>", "\u2581", *"abcdefghijklmnopqrstuvwxyz"]
    tokens = [spelled[i] if i < len(spelled) else f"<{i}>" for i in range(config["vocab_size"])]
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([-float(i) for i in range(len(tokens))])
    writer.add_token_types([2, 3, 3] + [1] * (len(tokens) - 3))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    for hf, values in tensors.items():
        if family == "llama" and (heads := heads_of(hf, config)):
            values = interleaved(values, heads)
        writer.add_tensor(gguf_name(hf), np.ascontiguousarray(values))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    print(f"gguf/{name}.gguf: {os.path.getsize(path)} bytes")


# --------------------------------------------------------------------- SmolLM2

QUESTION = (
    "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
    "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n"
)
TEXT = "Water boils at one hundred degrees Celsius at sea level, and at less than that on top of a high mountain."


def smollm2(path):
    import tokenizers
    import torch
    import transformers

    torch.set_num_threads(1)
    reader = gguf.GGUFReader(path)
    field = lambda key: reader.fields[key].contents()
    config = transformers.LlamaConfig(
        vocab_size=field("llama.vocab_size"), hidden_size=field("llama.embedding_length"),
        intermediate_size=field("llama.feed_forward_length"), num_hidden_layers=field("llama.block_count"),
        num_attention_heads=field("llama.attention.head_count"), num_key_value_heads=field("llama.attention.head_count_kv"),
        max_position_embeddings=field("llama.context_length"), rms_norm_eps=field("llama.attention.layer_norm_rms_epsilon"),
        rope_parameters={"rope_type": "default", "rope_theta": field("llama.rope.freq_base")}, tie_word_embeddings=True,
    )
    model = transformers.LlamaForCausalLM(config).eval()
    stored = {tensor.name: tensor for tensor in reader.tensors}
    state = {}
    for name in model.state_dict():
        if name == "lm_head.weight":
            continue
        tensor = stored.pop(gguf_name(name))
        values = gguf.dequantize(tensor.data, tensor.tensor_type).reshape(tensor.shape[::-1])
        if heads := heads_of(name, config.to_dict()):
            values = halves(values, heads)
        state[name] = torch.from_numpy(np.ascontiguousarray(values))
    assert not stored, stored.keys()
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert missing == ["lm_head.weight"] and not unexpected
    model.tie_weights()

    vocab = {token: index for index, token in enumerate(field("tokenizer.ggml.tokens"))}
    merges = [tuple(merge.split(" ")) for merge in field("tokenizer.ggml.merges")]
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(vocab, merges))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Sequence([
        tokenizers.pre_tokenizers.Digits(individual_digits=True),
        tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False),
    ])
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    types = field("tokenizer.ggml.token_type")
    tokenizer.add_special_tokens([token for token, index in vocab.items() if types[index] == 3])

    def logprobs(ids):
        with torch.no_grad():
            return torch.log_softmax(model(torch.tensor([ids])).logits[0].double(), -1)

    ids = tokenizer.encode(TEXT).ids
    table = logprobs(ids)
    scored = [float(f"{table[at, token]:.7g}") for at, token in enumerate(ids[1:])]
    assert len(scored) >= 20 and all(math.isfinite(value) for value in scored)
    question = tokenizer.encode(QUESTION).ids
    with torch.no_grad():
        out = model.generate(
            torch.tensor([question]), do_sample=False, max_new_tokens=32, eos_token_id=field("tokenizer.ggml.eos_token_id"), pad_token_id=0
        )
    answer = out[0, len(question) :].tolist()
    # How far the most likely token is ahead: a rounding error must not decide the greedy answer.
    margins = [float(f"{(row.topk(2).values[0] - row.topk(2).values[1]):.3g}") for row in logprobs(question + answer)[len(question) - 1 : -1]]
    write("gguf_smollm2.json", versions(gguf, np, tokenizers, torch, transformers), {
        "text": TEXT, "ids": ids, "logprobs": scored,
        "question": QUESTION, "question_ids": question, "answer_ids": answer,
        "answer": tokenizer.decode(answer), "margins": margins,
    })


# --------------------------------------------------------------------- llama.cpp

SPECIAL = [
    "<|im_start|>user\nHi there<|im_end|>\n", "a<|endoftext|>b", "<|im_start|><|im_end|>", " <|im_end|> ", "<|im_start|", "<repo_name>x<file_sep>",
]


def carrier(path, describe, vocabulary):
    # llama.cpp opens no vocabulary without a model: the smallest there can be carries it.
    writer = gguf.GGUFWriter(path, "llama")
    for add, value in [
        (writer.add_block_count, 1), (writer.add_context_length, 512), (writer.add_embedding_length, 32),
        (writer.add_feed_forward_length, 32), (writer.add_head_count, 1), (writer.add_head_count_kv, 1),
        (writer.add_layer_norm_rms_eps, 1e-5), (writer.add_rope_dimension_count, 32),
    ]:
        add(value)
    describe(writer)
    sides = {part: (32,) if part.endswith("norm") else (32, 32) for part in NAMES.values() if not part.endswith(("q_norm", "k_norm"))}
    for part, shape in sides.items():
        writer.add_tensor(f"blk.0.{part}.weight", np.zeros(shape, np.float32))
    writer.add_tensor("token_embd.weight", np.zeros((vocabulary, 32), np.float32))
    writer.add_tensor("output_norm.weight", np.zeros(32, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def gpt2_vocabulary(shared):
    with open(os.path.join(shared, "gpt2_tokenizer", "encoder.json")) as f:
        encoder = json.load(f)
    with open(os.path.join(shared, "gpt2_tokenizer", "vocab.bpe")) as f:
        merges = [line for line in f.read().split("\n")[1:] if line]
    return [token for token, _ in sorted(encoder.items(), key=lambda pair: pair[1])], merges


def stories_vocabulary(shared):
    with open(os.path.join(shared, "stories260K", "tok512.bin"), "rb") as f:
        raw = f.read()
    tokens, scores, at = [], [], 4
    while at < len(raw):
        scores.append(float(np.frombuffer(raw, "<f4", 1, at)[0]))
        length = int(np.frombuffer(raw, "<u4", 1, at + 4)[0])
        tokens.append(raw[at + 8 : at + 8 + length].decode().replace(" ", "\u2581"))
        at += 8 + length
    tokens[:3] = ["<unk>", "<s>", "</s>"]
    return tokens, scores, [2, 3, 3] + [6] * 256 + [1] * (len(tokens) - 259)


def serve(path):
    # Whatever is asked of llama.cpp's own server, in numbers of 32 bits.
    import urllib.request

    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = path
    params.n_ctx = 64
    params.n_parallel = 1
    params.warmup = False
    params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    server = xllamacpp.Server(params)

    def ask(what, **body):
        request = urllib.request.Request(
            f"{server.listening_address}/{what}", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    return ask


# Tokens that any of the tiny models has.
READ = [1, 5, 9, 4, 17, 22, 3, 11, 8, 25, 6, 6]


def logprobs_by_llama_cpp():
    import xllamacpp

    cases = {}
    for name in TINY:
        ask = serve(os.path.join(HERE, "gguf", f"{name}.gguf"))
        tables = []
        for end in range(1, len(READ) + 1):
            # The whole distribution behind every beginning, by token.
            answer = ask("completion", prompt=READ[:end], n_predict=1, n_probs=1000, temperature=0, cache_prompt=False)
            likely = answer["completion_probabilities"][0]["top_logprobs"]
            table = {entry["id"]: float(f"{entry['logprob']:.7g}") for entry in likely}
            tables.append([table[token] for token in sorted(table)])
            assert sorted(table) == list(range(len(table)))
        cases[name] = tables
    write("gguf_logprobs.json", versions(gguf, xllamacpp), {"ids": READ, "cases": cases})


def tokens_by_llama_cpp(path, texts):
    ask = serve(path)

    def tokens(text, special):
        return ask("tokenize", content=text, add_special=special, parse_special=True)["tokens"]

    return {"texts": texts, "pieces": [tokens(text, False) for text in texts], "whole": tokens("Hello", True)}


def llama_cpp(smollm2_path, shared):
    import tempfile

    import xllamacpp

    cases = {"smollm2": tokens_by_llama_cpp(smollm2_path, TEXTS + SPECIAL)}
    with tempfile.TemporaryDirectory() as folder:
        tokens, merges = gpt2_vocabulary(shared)
        for name in EXPRESSIONS:
            def describe(writer):
                writer.add_tokenizer_model("gpt2")
                writer.add_tokenizer_pre(name)
                writer.add_token_list(tokens)
                writer.add_token_types([1] * (len(tokens) - 1) + [3])
                writer.add_token_merges(merges)
                writer.add_bos_token_id(len(tokens) - 1)
                writer.add_eos_token_id(len(tokens) - 1)

            path = os.path.join(folder, f"{name}.gguf")
            carrier(path, describe, len(tokens))
            cases[name] = tokens_by_llama_cpp(path, TEXTS + ["a<|endoftext|>b"])
        pieces, scores, types = stories_vocabulary(shared)

        def describe(writer):
            writer.add_tokenizer_model("llama")
            writer.add_token_list(pieces)
            writer.add_token_scores(scores)
            writer.add_token_types(types)
            writer.add_bos_token_id(1)
            writer.add_eos_token_id(2)

        path = os.path.join(folder, "stories.gguf")
        carrier(path, describe, len(pieces))
        tales = ["Once upon a time, there was a little girl named Lily.", "a</s>b<s> c", "  two  blanks  "]
        cases["stories260k"] = tokens_by_llama_cpp(path, TEXTS + tales)
    write("gguf_llama_cpp.json", versions(gguf, xllamacpp), {"cases": cases})


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", help="the folder with gpt2_tokenizer and stories260K")
    parser.add_argument("--smollm2", help="the file of `cargo xtask smollm2`")
    arguments = parser.parse_args()
    os.makedirs(os.path.join(HERE, "gguf"), exist_ok=True)
    blocks()
    quantised()
    split_texts()
    for model in TINY:
        tiny(model)
    logprobs_by_llama_cpp()
    if arguments.smollm2:
        smollm2(arguments.smollm2)
    if arguments.shared:
        llama_cpp(arguments.smollm2, arguments.shared)
