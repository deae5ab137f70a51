#!/usr/bin/env python3
# Checks that transformers and PEFT read what Selfsame saves and compute the same logits.
#
#   SELFSAME_SAVED=/tmp/saved cargo test --release --workspace --test goldens families -- --ignored
#   python check_saved.py /tmp/saved

import json
import os
import sys

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers
from peft import AutoPeftModelForCausalLM
from transformers import AutoModelForCausalLM

transformers.logging.disable_progress_bar()
LIMIT = 1e-5


def main(root):
    names = sorted(os.listdir(root))
    assert len(names) == 15, names
    for name in names:
        folder = os.path.join(root, name)
        with open(os.path.join(folder, "logits.json")) as f:
            ours = json.load(f)
        kind = AutoPeftModelForCausalLM if name.endswith("_adapter") else AutoModelForCausalLM
        options = {} if kind is AutoPeftModelForCausalLM else {"output_loading_info": True}
        model = kind.from_pretrained(folder, **options)
        if options:
            model, info = model
            assert not any(info[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys")), info
        with torch.no_grad():
            theirs = model.eval()(input_ids=torch.tensor([ours["ids"]])).logits[0]
        gap = (theirs - torch.tensor(ours["logits"]).view_as(theirs)).abs().max().item()
        print(f"{name}: {type(model).__name__}, logits off by {gap:.1e}")
        assert gap < LIMIT, name
    print(f"all {len(names)} within {LIMIT}")


if __name__ == "__main__":
    main(sys.argv[1])
