#!/usr/bin/env python3
# Writes families.json, lora.json and the tiny models beside this file: one model of every family
# that is not a plain Llama, and one adapter. Needs what make.py needs, and peft==0.21.2.
#
#   pip install -r requirements.txt
#   python families.py

import argparse
import json
import os
import shutil

import make  # sets the number of threads before torch is loaded
import peft
import safetensors.torch
import torch
from peft import LoraConfig, get_peft_model
from transformers import (
    GemmaConfig,
    GemmaForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from make import EOS, distance, flat, grads, logits_of, r9, token_logps

make.MADE_BY["peft"] = peft.__version__

COMMON = dict(bos_token_id=1, eos_token_id=EOS, pad_token_id=None)
ROTARY = dict(max_position_embeddings=128, **COMMON)

# Every family once. Together: grouped and single key heads, a head width that does not follow from
# the width, tied and untied heads, biases everywhere they may be.
MODELS = {
    "tiny_llama_biased": (
        LlamaForCausalLM,
        lambda: LlamaConfig(
            vocab_size=27, hidden_size=12, intermediate_size=20, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, head_dim=4, attention_bias=True, mlp_bias=True, tie_word_embeddings=False,
            rms_norm_eps=1e-5, rope_parameters={"rope_type": "linear", "rope_theta": 1000.0, "factor": 4.0}, **ROTARY,
        ),
    ),
    "tiny_qwen2": (
        Qwen2ForCausalLM,
        lambda: Qwen2Config(
            vocab_size=29, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, tie_word_embeddings=True, rms_norm_eps=1e-6,
            rope_parameters={"rope_type": "default", "rope_theta": 1000000.0}, **ROTARY,
        ),
    ),
    "tiny_qwen3": (
        Qwen3ForCausalLM,
        lambda: Qwen3Config(
            vocab_size=31, hidden_size=12, intermediate_size=20, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, head_dim=8, attention_bias=True, tie_word_embeddings=False, rms_norm_eps=1e-6,
            rope_parameters={"rope_type": "default", "rope_theta": 1000000.0}, **ROTARY,
        ),
    ),
    "tiny_gpt2": (
        GPT2LMHeadModel,
        lambda: GPT2Config(
            vocab_size=29, n_embd=16, n_inner=40, n_layer=2, n_head=4, n_positions=48, layer_norm_epsilon=1e-5, **COMMON,
        ),
    ),
    "tiny_gemma": (
        GemmaForCausalLM,
        lambda: GemmaConfig(
            vocab_size=27, hidden_size=12, intermediate_size=20, num_hidden_layers=2, num_attention_heads=3,
            num_key_value_heads=1, head_dim=8, hidden_act="gelu_pytorch_tanh", rms_norm_eps=1e-6,
            rope_parameters={"rope_type": "default", "rope_theta": 10000.0}, **ROTARY,
        ),
    ),
}
# Random models often repeat one token for ever; with this seed it says several.
SEEDS = {"tiny_gemma": 1008}
SEQUENCES = [(4, 9), (1, 6), (7, 14)]  # tokens of the prompt, tokens in all


def is_norm(name):
    return any(part in name for part in ("norm.weight", "ln_1.weight", "ln_2.weight", "ln_f.weight"))


def build(name, seed):
    cls, config = MODELS[name]
    config = config()
    config._attn_implementation = "eager"
    torch.manual_seed(seed)
    model = cls(config).eval()
    gen = torch.Generator().manual_seed(seed)
    # Gemma's norms are one more than their weights.
    one = 0.0 if name == "tiny_gemma" else 1.0
    with torch.no_grad():
        for n, p in model.named_parameters():
            noise = torch.randn(p.shape, generator=gen)
            p.copy_(one + 0.2 * noise if is_norm(n) else 0.3 * noise)
    return model


def save(model, name):
    folder = os.path.join(make.OUT, name)
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    os.remove(os.path.join(folder, "generation_config.json"))
    os.chmod(os.path.join(folder, "model.safetensors"), 0o644)
    path = os.path.join(folder, "config.json")
    with open(path) as f:
        config = json.load(f)
    with open(path, "w") as f:
        json.dump(config, f, indent=2, sort_keys=True)
        f.write("\n")
    again = type(model).from_pretrained(folder, attn_implementation="eager").eval()
    for (n, a), (_, b) in zip(model.named_parameters(), again.named_parameters(), strict=True):
        assert torch.equal(a, b), n
    size = sum(os.path.getsize(os.path.join(folder, f)) for f in os.listdir(folder))
    assert size < 60_000, size
    print(f"{name}/: {size} bytes, {sum(p.numel() for p in model.parameters())} parameters")


def one_name(name, grad):
    """The gradient of a GPT-2 weight under the names and in the layout that all families share."""
    if not name.startswith("transformer."):
        return {name: grad}
    name = name.removeprefix("transformer.")
    for old, new in (
        ("wte.", "model.embed_tokens."), ("wpe.", "model.embed_positions."), ("ln_f.", "model.norm."),
        ("h.", "model.layers."), (".ln_1.", ".input_layernorm."), (".ln_2.", ".post_attention_layernorm."),
        (".attn.c_proj.", ".self_attn.o_proj."), (".mlp.c_fc.", ".mlp.up_proj."), (".mlp.c_proj.", ".mlp.down_proj."),
    ):
        name = new + name[len(old):] if name.startswith(old) else name.replace(old, new)
    matrix = grad.dim() == 2 and ".embed_" not in f".{name}"
    grad = grad.T if matrix else grad
    if ".attn.c_attn." in name:
        parts = grad.chunk(3, 0)
        return {name.replace(".attn.c_attn.", f".self_attn.{p}_proj."): g for p, g in zip("qkv", parts, strict=True)}
    return {name: grad}


def greedy(model, prompt, count):
    """Greedy tokens, read one at a time over the cache; no choice may be close."""
    ids, past, out = torch.tensor([prompt]), None, []
    with torch.no_grad():
        for _ in range(count):
            step = model(input_ids=ids, past_key_values=past, use_cache=True)
            best = step.logits[0, -1].topk(2).values
            if best[0] - best[1] < 1e-3:
                break
            past, ids = step.past_key_values, step.logits[0, -1:].argmax(-1, keepdim=True)
            out.append(ids.item())
    assert len(out) > 8 and len(set(out)) > 1, out
    return out


def golden(model, seed, params):
    gen = torch.Generator().manual_seed(seed + 1)
    rows, total = [], 0.0
    for prompt_len, length in SEQUENCES:
        ids = torch.randint(3, model.config.vocab_size, (length,), generator=gen)
        logits = logits_of(model, ids)
        logps = token_logps(logits, ids)
        total = total + logps[prompt_len - 1 :].sum()
        rows.append({
            "ids": ids.tolist(), "prompt_len": prompt_len, "logps": flat(logps),
            "completion_logp": r9(logps[prompt_len - 1 :].sum()), "last_logits": flat(logits[-1]),
            "greedy": greedy(model, ids.tolist(), 16),
        })
    loss = -total / len(SEQUENCES)
    shared = {}
    for name, grad in grads(loss, params).items():
        shared.update(one_name(name, grad))
    # A bias of the keys moves all scores of a query alike: its exact gradient is zero.
    for name, grad in shared.items():
        assert grad.abs().max() > 1e-4 or name.endswith("k_proj.bias"), name
    return {"sequences": rows, "loss": r9(loss), "grads": {n: flat(g) for n, g in shared.items()}}


def lora_golden():
    """An adapter of the model that make.py made, its numbers and its gradients."""
    base = LlamaForCausalLM.from_pretrained(
        os.path.join(make.OUT, "tiny_llama_gqa_tied"), attn_implementation="eager"
    ).eval()
    targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    config = LoraConfig(r=3, lora_alpha=7, lora_dropout=0.0, target_modules=targets, task_type="CAUSAL_LM")
    model = get_peft_model(base, config).eval()
    gen = torch.Generator().manual_seed(909)
    params = {n: p for n, p in model.named_parameters() if p.requires_grad}
    with torch.no_grad():
        for p in params.values():
            p.copy_(0.3 * torch.randn(p.shape, generator=gen))
    folder = os.path.join(make.OUT, "tiny_lora")
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    os.remove(os.path.join(folder, "README.md"))
    os.chmod(os.path.join(folder, "adapter_model.safetensors"), 0o644)
    path = os.path.join(folder, "adapter_config.json")
    with open(path) as f:
        saved = json.load(f)
    saved["base_model_name_or_path"] = "tiny_llama_gqa_tied"
    saved["target_modules"].sort()
    with open(path, "w") as f:
        json.dump(saved, f, indent=2, sort_keys=True)
        f.write("\n")
    body = golden(model, 909, params)
    names = lambda n: n.removeprefix("base_model.model.").replace(".default.", ".")  # noqa: E731
    body["grads"] = {names(n): g for n, g in body["grads"].items()}
    # Merged it is the same model.
    merged = model.merge_and_unload()
    for row in body["sequences"]:
        ids = torch.tensor(row["ids"])
        gap, _ = distance([token_logps(logits_of(merged, ids), ids)], [torch.tensor(row["logps"])])
        assert gap < 1e-5, gap
    make.write("lora.json", {"base": "tiny_llama_gqa_tied", "adapter": "tiny_lora", **body})


def main():
    models = {}
    for index, name in enumerate(MODELS):
        seed = SEEDS.get(name, 1001 + index)
        model = build(name, seed)
        save(model, name)
        models[name] = golden(model, seed, dict(model.named_parameters()))
    make.write("families.json", {"models": models})
    lora_golden()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default=make.HERE, help="folder to write to (default: next to this file)")
    make.OUT = os.path.abspath(parser.parse_args().out)
    main()
