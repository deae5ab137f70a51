#!/usr/bin/env python3
# Checks that transformers and PEFT read what Selfsame saves, compute the same logits, and take its config for the one
# that transformers wrote. The tests themselves compare the tensors of such files with theirs (exports.py).
#
#   SELFSAME_SAVED=/tmp/saved cargo test --release --workspace --test goldens families -- --ignored
#   python check_saved.py /tmp/saved
#
# What `selfsame export` and `selfsame learn` wrote, adapters included, is loaded with its tokenizer and answers:
#
#   python check_saved.py --written FOLDER...

import json
import os
import sys

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers
from peft import AutoPeftModelForCausalLM
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

transformers.logging.disable_progress_bar()
LIMIT = 1e-5
HERE = os.path.dirname(os.path.abspath(__file__))
# Of the file and its writer, what weights were kept as, and what fills a batch up.
IGNORED = {"_name_or_path", "architectures", "dtype", "pad_token_id", "transformers_version"}


def load(folder):
    """A model, or an adapter on its base; nothing may be missing in the files, or left over."""
    if os.path.exists(os.path.join(folder, "adapter_config.json")):
        return AutoPeftModelForCausalLM.from_pretrained(folder).eval()
    model, info = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True)
    assert not any(info[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys")), info
    return model.eval()


def same_config(name, folder):
    ours, theirs = (AutoConfig.from_pretrained(f).to_dict() for f in (folder, os.path.join(HERE, name)))
    known = set(theirs) - IGNORED
    differing = {key: (ours.get(key), theirs[key]) for key in known if ours.get(key) != theirs[key]}
    assert not differing, (name, differing)


def written(folders):
    for folder in folders:
        model, tokenizer = load(folder), AutoTokenizer.from_pretrained(folder)
        ids = tokenizer("the", return_tensors="pt").input_ids
        with torch.no_grad():
            logits = model(input_ids=ids).logits
        assert logits.isfinite().all() and logits.shape[-1] >= len(tokenizer), folder
        answer = model.generate(input_ids=ids, max_new_tokens=8, do_sample=False)
        print(f"{folder}: {type(model).__name__} answers {tokenizer.decode(answer[0])!r}")


def main(root):
    names = sorted(os.listdir(root))
    assert len(names) == 15, names
    for name in names:
        folder = os.path.join(root, name)
        with open(os.path.join(folder, "logits.json")) as f:
            ours = json.load(f)
        model = load(folder)
        if not name.endswith("_adapter"):
            same_config(name, folder)
        with torch.no_grad():
            theirs = model(input_ids=torch.tensor([ours["ids"]])).logits[0]
        gap = (theirs - torch.tensor(ours["logits"]).view_as(theirs)).abs().max().item()
        print(f"{name}: {type(model).__name__}, logits off by {gap:.1e}")
        assert gap < LIMIT, name
    print(f"all {len(names)} within {LIMIT}")


if __name__ == "__main__":
    if sys.argv[1] == "--written":
        written(sys.argv[2:])
    else:
        main(sys.argv[1])
