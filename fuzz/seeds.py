"""Makes the seeds of the corpus: small sound files of every kind, and some that lie. Python's own library suffices.

    python3 fuzz/seeds.py

They are the files `seed-*` under `corpus/`; the others were found by libFuzzer and kept by its `-merge=1`.
"""

import gzip
import io
import json
import struct
import tarfile
from pathlib import Path

HOME = Path(__file__).parent
ROOT = HOME.parent
GOLDENS = ROOT / "tests/goldens"
BETWEEN = b"\n---8<---\n"


def seed(target, name, *parts):
    folder = HOME / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    data = BETWEEN.join(p if isinstance(p, bytes) else p.encode() for p in parts)
    assert len(data) <= 8192, (target, name, len(data))
    (folder / f"seed-{name}").write_bytes(data)


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


# --- weights ---------------------------------------------------------------------------------

D, F, V, P = 2, 3, 7, 16
WIDTH = {"F32": 4, "F16": 2, "BF16": 2}


def llama_shapes(biases=False, norms=False, head=2):
    shapes = {"model.embed_tokens.weight": [V, D], "model.norm.weight": [D]}
    layer = "model.layers.0."
    for part in ["input_layernorm", "post_attention_layernorm"]:
        shapes[f"{layer}{part}.weight"] = [D]
    for part in "qkv":
        shapes[f"{layer}self_attn.{part}_proj.weight"] = [head, D]
        if biases:
            shapes[f"{layer}self_attn.{part}_proj.bias"] = [head]
        if norms and part != "v":
            shapes[f"{layer}self_attn.{part}_norm.weight"] = [head]
    shapes[f"{layer}self_attn.o_proj.weight"] = [D, head]
    shapes[f"{layer}mlp.gate_proj.weight"] = [F, D]
    shapes[f"{layer}mlp.up_proj.weight"] = [F, D]
    shapes[f"{layer}mlp.down_proj.weight"] = [D, F]
    return shapes


def gpt2_shapes():
    shapes = {"wte.weight": [V, D], "wpe.weight": [P, D], "ln_f.weight": [D], "ln_f.bias": [D]}
    for part, shape in [("ln_1", [D]), ("ln_2", [D])]:
        shapes[f"h.0.{part}.weight"] = shapes[f"h.0.{part}.bias"] = shape
    for part, (i, o) in [("attn.c_attn", (D, 3 * D)), ("attn.c_proj", (D, D)), ("mlp.c_fc", (D, F)), ("mlp.c_proj", (F, D))]:
        shapes[f"h.0.{part}.weight"], shapes[f"h.0.{part}.bias"] = [i, o], [o]
    return shapes


def safetensors(shapes, dtype="F32"):
    header, data = {}, b""
    for name, shape in shapes.items():
        count = 1
        for side in shape:
            count *= side
        size = count * WIDTH[dtype]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + size]}
        data += bytes(size)
    text = compact(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def config(kind, **more):
    base = {"model_type": kind, "hidden_size": D, "intermediate_size": F, "num_hidden_layers": 1,
            "num_attention_heads": 1, "vocab_size": V, "max_position_embeddings": P, "tie_word_embeddings": True}
    return compact(base | more)


def models():
    for family in ["tiny_gemma", "tiny_gpt2", "tiny_llama_biased", "tiny_llama_rope_scaled", "tiny_qwen2", "tiny_qwen3"]:
        seed("config", family, (GOLDENS / family / "config.json").read_bytes())
    seed("config", "starter", (ROOT / "assets/starter/config.json").read_bytes())
    seed("config", "parameters", config("llama", rope_parameters={"rope_type": "llama3", "rope_theta": 5e5, "factor": 8.0,
         "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8}, eos_token_id=[2, 3]))
    seed("config", "largest", config("llama", hidden_size=1 << 20, num_hidden_layers=1 << 20, vocab_size=1 << 20))
    for dtype in WIDTH:
        seed("safetensors", f"llama-{dtype}", safetensors(llama_shapes(), dtype))
    untied = llama_shapes() | {"lm_head.weight": [V, D]}
    seed("safetensors", "untied", config("llama", tie_word_embeddings=False), safetensors(untied))
    seed("safetensors", "qwen2", config("qwen2"), safetensors(llama_shapes(biases=True)))
    seed("safetensors", "qwen3", config("qwen3", head_dim=2), safetensors(llama_shapes(norms=True)))
    seed("safetensors", "gemma", config("gemma", head_dim=4), safetensors(llama_shapes(head=4)))
    gpt2 = {"model_type": "gpt2", "n_embd": D, "n_inner": F, "n_layer": 1, "n_head": 1, "vocab_size": V, "n_positions": P}
    seed("safetensors", "gpt2", compact(gpt2), safetensors(gpt2_shapes()))
    seed("safetensors", "wide-head", config("llama", head_dim=1 << 20), safetensors(llama_shapes()))
    seed("safetensors", "long-header", struct.pack("<Q", 99_999_999) + b"{}")

    shapes = list(llama_shapes().items())
    first, second = dict(shapes[:5]), dict(shapes[5:])
    homes = {name: "a.safetensors" for name in first} | {name: "b.safetensors" for name in second}
    seed("shards", "two", compact({"metadata": {"total_size": 1}, "weight_map": homes}), safetensors(first), safetensors(second))
    seed("shards", "one", compact({"weight_map": dict.fromkeys(dict(shapes), "a.safetensors")}), safetensors(dict(shapes), "F16"))
    seed("shards", "outside", compact({"weight_map": {"x": "../a.safetensors"}}))

    adapter = {"peft_type": "LORA", "base_model_name_or_path": "base", "r": 1, "lora_alpha": 2, "bias": "none", "use_rslora": True}
    lora = {}
    for part, (o, i) in [("self_attn.q_proj", (2, D)), ("mlp.down_proj", (D, F))]:
        lora[f"base_model.model.model.layers.0.{part}.lora_A.weight"] = [1, i]
        lora[f"base_model.model.model.layers.0.{part}.lora_B.weight"] = [o, 1]
    seed("adapter", "lora", compact(adapter), safetensors(lora))
    seed("adapter", "bf16", compact(adapter | {"r": 1, "use_rslora": False}), safetensors(lora, "BF16"))
    seed("adapter", "peft", (GOLDENS / "tiny_lora/adapter_config.json").read_bytes(), safetensors(lora))
    seed("adapter", "dora", compact(adapter | {"use_dora": True}))


# --- GGUF ------------------------------------------------------------------------------------

def gguf_text(text):
    return struct.pack("<Q", len(text.encode())) + text.encode()


def gguf_value(value):
    match value:
        case bool():
            return struct.pack("<IB", 7, value)
        case int():
            return struct.pack("<II", 4, value)
        case float():
            return struct.pack("<If", 6, value)
        case str():
            return struct.pack("<I", 8) + gguf_text(value)
        case [str(), *_]:
            return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(gguf_text, value))
        case [float(), *_]:
            return struct.pack(f"<IIQ{len(value)}f", 9, 6, len(value), *value)
        case [int(), *_]:
            return struct.pack(f"<IIQ{len(value)}i", 9, 5, len(value), *value)
        case []:
            return struct.pack("<IIQIQ", 9, 9, 1, 0, 0)


def gguf(keys, tensors, codes={}):
    blocks = {0: (1, 4), 1: (1, 2), 8: (32, 34), 12: (256, 144), 14: (256, 210), 2: (32, 18)}
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys))
    head += b"".join(gguf_text(key) + gguf_value(value) for key, value in keys.items())
    data = b""
    for name, shape in tensors.items():
        code = codes.get(name, 0)
        values, size = blocks[code]
        count = 1
        for side in shape:
            count *= side
        data += bytes(-len(data) % 32)
        head += gguf_text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *reversed(shape), code, len(data))
        data += bytes(count // values * size)
    return head + bytes(-len(head) % 32) + data


def ggufs():
    shapes = {"token_embd.weight": [V, D], "output_norm.weight": [D]}
    names = {"attn_norm": [D], "attn_q": [2, D], "attn_k": [2, D], "attn_v": [2, D], "attn_output": [D, 2],
             "ffn_norm": [D], "ffn_gate": [F, D], "ffn_up": [F, D], "ffn_down": [D, F]}
    shapes |= {f"blk.0.{name}.weight": shape for name, shape in names.items()}
    keys = {"general.architecture": "llama", "llama.block_count": 1, "llama.context_length": P,
            "llama.embedding_length": D, "llama.feed_forward_length": F, "llama.attention.head_count": 1,
            "llama.attention.head_count_kv": 1, "llama.attention.layer_norm_rms_epsilon": 1e-5}
    bpe = {"tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "llama-bpe", "tokenizer.ggml.tokens": ["<s>", "a", "b", "ab", "c", "d", "e"],
           "tokenizer.ggml.token_type": [3, 1, 1, 1, 1, 1, 1], "tokenizer.ggml.merges": ["a b"],
           "tokenizer.ggml.bos_token_id": 0, "tokenizer.ggml.eos_token_id": 0, "tokenizer.ggml.add_eos_token": True,
           "tokenizer.chat_template": "{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}"}
    piece = {"tokenizer.ggml.model": "llama", "tokenizer.ggml.tokens": ["<unk>", "<s>", "a", "b", "ab", "\u2581", "\u2581a"],
             "tokenizer.ggml.token_type": [2, 3, 1, 1, 1, 1, 4], "tokenizer.ggml.scores": [0.0, 0.0, -1.0, -2.0, -3.0, -4.0, -5.0],
             "tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.unknown_token_id": 0, "tokenizer.ggml.add_space_prefix": True}
    seed("gguf", "bpe", gguf(keys | bpe, shapes))
    seed("gguf", "sentencepiece", gguf(keys | piece, shapes | {"output.weight": [V, D]}))
    seed("gguf", "half", gguf(keys | {"general.alignment": 64}, shapes, dict.fromkeys(shapes, 1)))
    seed("gguf", "linear", gguf(keys | {"llama.rope.scaling.type": "linear", "llama.rope.scaling.factor": 2.0}, shapes))
    factors = shapes | {"rope_freqs.weight": [1]}
    seed("gguf", "factors", gguf(keys, factors))
    wide = {name: [32 if side == D else side for side in shape] for name, shape in shapes.items()}
    big = keys | {"llama.embedding_length": 32}
    for kind, code in [("q8", 8), ("q4", 2)]:
        seed("gguf", kind, gguf(big, wide, {name: code for name, shape in wide.items() if shape[1:] == [32]}))
    seed("gguf", "k", gguf(keys, {"token_embd.weight": [V, 256], "output_norm.weight": [256]}, {"token_embd.weight": 12, "output_norm.weight": 14}))
    seed("gguf", "claims", b"GGUF" + struct.pack("<IQQ", 3, 65536, 65536))


# --- text ------------------------------------------------------------------------------------

def atlases():
    def spread(mean):
        return {"mean": mean, "interval": {"low": mean - 0.1, "high": mean + 0.1}, "values": [mean - 0.02, mean + 0.02]}

    def arm(name):
        return {"name": name, "recipe": "osp", "what": "", "start": {"sampled": spread(0.35), "judges": spread(0.6)},
                "end": {"sampled": spread(0.47), "greedy": spread(0.42)}, "controls": {"random labels": {"sampled": spread(0.3)}},
                "spent": {"steps": 1.0, "items": 6.0, "drawn_tokens": 138.5, "seconds": 160.7}, "runs": [f"osp/{name}/seed-1"]}

    test = {"says": "More.", "figure": "sampled", "against": "hard-labels", "decides": True, "least": 0.02,
            "differences": {"1": 0.05, "2": 0.06}, "outcome": {"difference": 0.05, "interval": {"low": 0.0, "high": 0.1}, "verdict": "reproduced"}}
    row = {"study": "osp", "recipe": "osp", "title": "T", "claim": "C", "verdict": "reproduced", "world": "rules", "model": "starter",
           "model_sha256": "0", "seeds": [1, 2], "quick": True, "settings": {"loop.beta": "0.1"}, "arms": [arm("osp"), arm("hard-labels")],
           "tests": [test], "origin": {"version": "0.1.0", "commit": "a", "device": "cpu", "processor": "P", "cores": 2, "system": "s", "jobs": 2, "written": 1.5}}
    seed("atlas", "one", compact({"schema": 1, "rows": [row]}))
    seed("atlas", "two", compact({"schema": 1, "rows": [row, row | {"study": "cream", "recipe": "cream", "verdict": None, "tests": []}]}))
    seed("atlas", "newer", compact({"schema": 9}))


def tokenizers():
    def whole(model, **more):
        base = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
                "pre_tokenizer": None, "post_processor": None, "decoder": None, "model": model}
        return compact(base | more)

    added = {"id": 0, "content": "<s>", "single_word": False, "lstrip": False, "rstrip": True, "normalized": False, "special": True}
    words = {"type": "WordLevel", "vocab": {"<unk>": 0, "a": 1, "Hello": 2}, "unk_token": "<unk>"}
    bpe = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
           "fuse_unk": False, "byte_fallback": True, "ignore_merges": False, "vocab": {"<s>": 0, "a": 1, "b": 2, "ab": 3, "<0x0A>": 4},
           "merges": [["a", "b"]]}
    piece = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
             "vocab": {"[UNK]": 0, "a": 1, "##a": 2}}
    unigram = {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], ["a", -1.0], ["\u2581", -2.0]], "byte_fallback": False}
    sentence = {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}}}
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    split = {"type": "Split", "pattern": {"Regex": "\\s+|\\d"}, "behavior": "Isolated", "invert": False}
    seed("tokenizer", "words", whole(words, pre_tokenizer={"type": "WhitespaceSplit"}))
    seed("tokenizer", "bpe", whole(bpe, added_tokens=[added], pre_tokenizer={"type": "Sequence", "pretokenizers": [split, level]}, decoder=level, post_processor=sentence))
    seed("tokenizer", "piece", whole(piece, normalizer={"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
         pre_tokenizer={"type": "BertPreTokenizer"}, decoder={"type": "WordPiece", "prefix": "##", "cleanup": True},
         post_processor={"type": "BertProcessing", "sep": ["a", 1], "cls": ["a", 1]}))
    replace = {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}
    seed("tokenizer", "unigram", whole(unigram, normalizer={"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Prepend", "prepend": "\u2581"}, replace, {"type": "Lowercase"}]},
         pre_tokenizer={"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True},
         decoder={"type": "Sequence", "decoders": [{"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}))
    seed("tokenizer", "padded", whole(words, truncation={"direction": "Right", "max_length": 8, "strategy": "LongestFirst", "stride": 0},
         padding={"strategy": {"Fixed": 32}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0, "pad_token": "<unk>"}))
    seed("tokenizer", "replaced", whole(words, normalizer={"type": "Sequence", "normalizers": [{"type": "Replace", "pattern": {"Regex": "a*"}, "content": "bb"}]}))
    precompiled = {"type": "Precompiled", "precompiled_charsmap": "AAAAAAAAAAAAAAAA"}
    seed("tokenizer", "precompiled", whole(unigram, normalizer=precompiled))
    seed("tokenizer", "golden", (GOLDENS / "chat_tokenizer.json").read_bytes())


def templates():
    talk = compact([{"role": "user", "content": [{"type": "text", "text": "hi"}], "n": 1.5, "b": True, "x": None}])
    for path in sorted((GOLDENS / "chat").glob("*.jinja")):
        seed("chat_template", path.stem, path.read_bytes())
    seed("chat_template", "own", "{% for m in messages %}{{ m | tojson }}{{ m.content[0].text[::-1] }}{% endfor %}", talk)
    seed("chat_template", "bomb", "{% set x = 'aaaaaaaa' %}{% for i in range(99) %}{% set x = x ~ x %}{% endfor %}{{ x * 9999999 }}")
    seed("chat_template", "macro", "{% macro f(n) %}{{ n }}{{ f(n + 1) if n < 9 }}{% endmacro %}{{ f(0) }}{% set ns = namespace(a=1) %}{% set ns.a = 2 %}{{ ns.a }}")
    config = {"chat_template": "{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}{{ image_token }}",
              "bos_token": {"content": "<s>"}, "eos_token": None, "extra_special_tokens": {"image_token": "<i>"}}
    seed("tokenizer_config", "one", compact(config), compact({"unk_token": "<u>"}))
    named = [{"name": "default", "template": "D{{ eos_token }}"}, {"name": "tool_use", "template": "T{{ tools | length }}"}]
    seed("tokenizer_config", "named", compact({"chat_template": named, "eos_token": "</s>"}))
    seed("tokenizer_config", "jinja", "{}", "{}", "{{ messages[0].role }}")


# --- data ------------------------------------------------------------------------------------

def data():
    for path in sorted((GOLDENS / "data_sets").iterdir()):
        if path.suffix == ".jsonl":
            seed("data_set", path.stem, path.read_bytes())
        if path.suffix == ".parquet" and path.stem in ["text", "prompt_only", "unpaired", "messages", "zstd", "prompt_completion", "preference_chat"]:
            seed("parquet", path.stem, path.read_bytes())
    chat = [{"role": "system", "content": "s"}, {"role": "user", "content": "hi"}]
    rows = [{"prompt": "hello"}, {"prompt": chat, "extra": 1}, {"prompt": "a", "chosen": "c", "rejected": [{"role": "assistant", "content": "d"}]}]
    seed("prompts", "rows", "\n".join(map(compact, rows)) + "\n\n")
    seed("prompts", "marked", "\ufeff" + compact({"prompt": "a", "completion": "b"}))
    seed("prompts", "empty", compact({"prompt": []}))
    seed("table", "csv", 'ctext,score,kind\n"one, ""two""\nlines",0.5,\nb,1e2,x\r\n')
    seed("table", "tsv", "ttext\tscore\n\ufeffa\t1\n\nb\t-2\n")
    seed("table", "jsonl", "l" + compact({"text": "a", "score": 1, "list": [1]}) + "\n" + compact({"text": "b", "score": True}))
    seed("table", "json", "j" + compact([{"name": "lamp", "brand": "Lux", "about": "bright"}, {"name": "sofa"}]))
    question = ("For the given ad: They watch a 15 second advertisement for Dr. Lamp. The title of the advertisement is \"Say \"light\"\". "
                "The ad is shot in square orientation, at a high pace. The audio in the ad says [\"Light.\"] . Following are the descriptions "
                "of each scene: Scene 1: The scene shows a cat. The foreground colors of the scene are Red, and the background colors are Black. "
                "The dominant tone of the scene is warm. The photography style of the scene is product. The scene has High visual complexity. "
                "The emotions shown in the scene are danger, fun. There are 2 faces in the scene. This scene is categorized by the tags cat. "
                "The text shown in the scene is 'LAMP' Scene 2: The scene shows . Return the long term memorability score of the video")
    asked = compact([{"question_id": 7, "question": question}])
    seed("lambda", "scored", asked, compact([{"question_id": 7, "answer": "42"}]))
    seed("lambda", "unscored", asked)
    seed("lambda", "none", "[]", "[]")
    for path in sorted((ROOT / "assets/recipes").glob("*.toml")):
        lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
        seed("settings", path.stem, "\n".join([path.stem, *lines]))


# --- runs ------------------------------------------------------------------------------------

def shrunk(value, most=2):
    """The same with at most so many of everything that is listed."""
    if isinstance(value, list):
        return [shrunk(item, most) for item in value[:most]]
    if isinstance(value, dict):
        return {key: shrunk(item, most) for key, item in value.items()}
    return value


def runs():
    lines = [json.loads(line) for line in gzip.open(ROOT / "assets/recorded/scir.jsonl.gz", "rt", encoding="utf-8")]
    started = compact(lines[0])

    def kept(line):
        most = 1 if line["event"] in ("measured", "selected") else 2
        return compact(shrunk(line, most))

    def first(event, **more):
        return next(kept(line) for line in lines if line["event"] == event and all(line.get(k) == v for k, v in more.items()))

    begun = [started, first("prompts"), first("sampled"), first("prompts", iteration=1), first("sampled", purpose="train")]
    seed("run_log", "begun", "\n".join(begun) + "\n")
    seed("run_log", "torn", "\n".join(begun)[:-40])
    kinds = {line["event"] for line in lines}
    for event in sorted(kinds - {"started", "prompts", "sampled"}):
        text = "\n".join([started, first("prompts", iteration=1), first(event)]) + "\n"
        if len(text) <= 8192:
            seed("run_log", event, text)
    other = {"schema": 2, "at": 1.0, "arm": "main", "iteration": 1}
    more = [other | {"event": "judged", "judge": "j", "scores": [[0.5, "NaN"], []]},
            other | {"event": "compared", "judge": "j", "preferences": [[0.5]]},
            other | {"event": "credited", "by": "c", "tokens": [[[0.1, "inf"]]]},
            other | {"event": "noted", "name": "kept", "values": [1.0, -1.0]},
            other | {"event": "checkpoint", "name": "main-1", "step": 3, "complete": False, "sha256": "00"},
            other | {"event": "finished"}]
    seed("run_log", "others", "\n".join([started, *map(compact, more)]) + "\n")
    seed("run_log", "newer", started + "\n" + compact(other | {"schema": 9, "event": "dreamt"}) + "\n")

    for path in sorted((HOME / "corpus/run_log").glob("seed-*")):
        seed("window", path.name.removeprefix("seed-"), path.read_bytes())

    def tar(files, format=tarfile.GNU_FORMAT):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=format) as archive:
            for name, content in files:
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        # Without the padding to ten kilobytes.
        return out.getvalue().rstrip(b"\0") + bytes(1024)

    run = [("events.jsonl", started.encode() + b"\n"), ("checkpoints/main-1/model.safetensors", bytes(64))]
    seed("archive", "tar", tar(run))
    seed("archive", "pax", tar([("events.jsonl", b"{}\n"), ("a" * 150 + "/x", b"y")], tarfile.PAX_FORMAT))
    seed("archive", "long", tar([("b" * 200, b""), ("events.jsonl", b"")]))
    seed("archive", "outside", tar([("../events.jsonl", b"")]))
    seed("archive", "packed", gzip.compress(tar(run), mtime=0))
    sparse = tarfile.TarInfo("events.jsonl")
    sparse.type = tarfile.GNUTYPE_SPARSE
    head = bytearray(sparse.tobuf(tarfile.GNU_FORMAT))
    head[483:495] = b"77777777777\0"
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    seed("archive", "sparse", bytes(head) + bytes(1024))


for old in (HOME / "corpus").glob("*/seed-*"):
    old.unlink()
models()
ggufs()
tokenizers()
templates()
atlases()
data()
runs()
total = sum(path.stat().st_size for path in (HOME / "corpus").rglob("*") if path.is_file())
print(f"{total} bytes in the corpus")
