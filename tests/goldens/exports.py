#!/usr/bin/env python3
# Writes exports.json beside this file: what transformers writes of the tiny models in half precision, and what PEFT
# writes of an adapter of each family, tensor by tensor: shape and SHA-256 of the bytes. The tiny models come from
# families.py, and their files in full precision are themselves what transformers wrote. Needs what families.py needs.
#
#   pip install -r requirements.txt
#   python exports.py

import argparse
import hashlib
import json
import os
import tempfile

import make  # sets the number of threads before torch is loaded
import peft
import torch
from peft import LoraConfig, get_peft_model
from safetensors import safe_open
from transformers import AutoModelForCausalLM

from make import flat, logits_of

make.MADE_BY["peft"] = peft.__version__

# A model of every family; PEFT wants another shape of adapter for GPT-2, which has none here.
MODELS = ["tiny_llama_biased", "tiny_qwen2", "tiny_qwen3", "tiny_gemma", "tiny_gpt2"]
IDS = [3, 14, 15, 9, 2, 6, 5, 3, 5, 8]


def load(name):
    folder = os.path.join(make.HERE, name)
    return AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()


def written(model, file, dtype):
    """Every tensor of what `save_pretrained` writes."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        with safe_open(os.path.join(folder, file), "pt") as tensors:
            found = {}
            for key in sorted(tensors.keys()):
                tensor = tensors.get_tensor(key)
                assert tensor.dtype == dtype, (key, tensor.dtype)
                found[key] = [list(tensor.shape), hashlib.sha256(tensor.numpy().tobytes()).hexdigest()]
            return found


def formula(key, count):
    """Numbers that depend on the name and the place, and that f32 has exactly."""
    return [((sum(key.encode()) + 7 * index) % 65 - 32) / 128 for index in range(count)]


def adapter(name):
    with open(os.path.join(make.HERE, "tiny_lora", "adapter_config.json")) as f:
        saved = json.load(f)
    config = LoraConfig(
        r=saved["r"], lora_alpha=saved["lora_alpha"], lora_dropout=0.0, target_modules=saved["target_modules"],
        task_type="CAUSAL_LM",
    )
    model = get_peft_model(load(name), config).eval()
    ids = torch.tensor(IDS)
    with torch.no_grad():
        before = logits_of(model, ids)
        for key, p in model.named_parameters():
            if p.requires_grad:
                p.copy_(torch.tensor(formula(key.replace(".default.", "."), p.numel())).view(p.shape))
        logits = logits_of(model, ids)
    assert (logits - before).abs().max() > 0.1
    return {
        "ids": IDS, "last_logits": flat(logits[-1]),
        "tensors": written(model, "adapter_model.safetensors", torch.float32),
    }


def main():
    half = {name: written(load(name).half(), "model.safetensors", torch.float16) for name in MODELS}
    adapters = {name: adapter(name) for name in MODELS if name != "tiny_gpt2"}
    make.write("exports.json", {"half": half, "adapters": adapters})


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default=make.HERE, help="folder to write to (default: next to this file)")
    make.OUT = os.path.abspath(parser.parse_args().out)
    main()
