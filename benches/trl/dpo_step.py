#!/usr/bin/env python3
# Times one optimiser step of TRL's DPOTrainer on the CPU, for comparison with
# the same step in Rust.
#
#   pip install -r requirements.txt
#   python dpo_step.py --threads 1 --steps 22 [--json] [--save DIR]
#
# The model is a Llama with hidden 256, 4 layers, 8 heads, 4 kv heads,
# intermediate 448, vocab 4096, untied embeddings: 4,262,144 parameters, f32,
# no gradient checkpointing. Every step sees the same 4 pairs of 64 prompt + 64
# completion tokens, so 8 sequences of 128 tokens and no padding.
#
# A step is what happens between the trainer's on_step_begin and on_step_end:
# forward (policy, and reference unless precomputed), backward, gradient
# clipping, AdamW, zero_grad and TRL's own metrics. Collating the batch and
# writing logs fall outside and are shown as the "loop" figures.

import argparse
import copy
import json
import os
import platform
import statistics
import sys
import tempfile
import time
import warnings

import offline

parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--steps", type=int, default=22, help="optimiser steps per run; the first 2 are not counted")
parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
parser.add_argument("--save", metavar="DIR", help="write the initial model and the pairs to DIR")
ARGS = parser.parse_args()
SKIP = 2
if ARGS.steps <= SKIP:
    parser.error(f"--steps must be above {SKIP}")

offline.check_versions()
SCRATCH = offline.prepare(ARGS.threads)

# TRL 1.16 only knows the older name of the checkpointing switch, which
# transformers 5.23 warns about on every use.
warnings.filterwarnings("ignore", message=".*gradient_checkpointing.*", category=FutureWarning)

import datasets
import torch
import transformers
import trl
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, TrainerCallback
from trl import DPOConfig, DPOTrainer

torch.set_num_threads(ARGS.threads)
transformers.logging.set_verbosity_error()
datasets.disable_progress_bars()

VOCAB, PAIRS, PROMPT, COMPLETION = 4096, 4, 64, 64
PAD, BOS, EOS = 0, 1, 2
# A small rate: with a larger one the loss is gone after a few steps and the rest
# of the run would train on nothing.
BETA, LR = 0.1, 1e-5


def make_model():
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCAB, hidden_size=256, intermediate_size=448, num_hidden_layers=4,
            num_attention_heads=8, num_key_value_heads=4, max_position_embeddings=256,
            rms_norm_eps=1e-5, tie_word_embeddings=False, pad_token_id=PAD, bos_token_id=BOS, eos_token_id=EOS,
            rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
        )
    )
    return model.float()


def make_pairs():
    gen = torch.Generator().manual_seed(1)
    tokens = lambda n: torch.randint(3, VOCAB, (n,), generator=gen).tolist()  # noqa: E731
    return [
        {"prompt_ids": tokens(PROMPT), "chosen_ids": tokens(COMPLETION - 1) + [EOS],
         "rejected_ids": tokens(COMPLETION - 1) + [EOS]}
        for _ in range(PAIRS)
    ]


def make_tokenizer():
    # One word per id, so that text made from ids comes back as the same ids.
    words = {"<pad>": PAD, "<s>": BOS, "</s>": EOS, **{f"w{i}": i for i in range(3, VOCAB)}}
    tok = Tokenizer(models.WordLevel(words, unk_token="<pad>"))
    tok.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=tok, pad_token="<pad>", bos_token="<s>", eos_token="</s>")


def make_dataset(pairs, tokenizer):
    text = lambda ids: " ".join(tokenizer.convert_ids_to_tokens(ids))  # noqa: E731
    rows = [
        {"prompt": text(p["prompt_ids"]), "chosen": " " + text(p["chosen_ids"]), "rejected": " " + text(p["rejected_ids"])}
        for p in pairs
    ]
    # Repeated so that the whole run is one epoch and no step starts a new one.
    return datasets.Dataset.from_list(rows * ARGS.steps)


class Clock(TrainerCallback):
    def __init__(self):
        self.begin, self.steps, self.ends = None, [], []

    def on_step_begin(self, *_, **__):
        self.begin = (time.perf_counter(), time.process_time())

    def on_step_end(self, *_, **__):
        end = (time.perf_counter(), time.process_time())
        self.steps.append((end[0] - self.begin[0], end[1] - self.begin[1]))
        self.ends.append(end)


def run(initial, pairs, tokenizer, precompute):
    model = copy.deepcopy(initial)
    clock = Clock()
    with tempfile.TemporaryDirectory() as out:
        config = DPOConfig(
            output_dir=out, use_cpu=True, bf16=False, fp16=False, gradient_checkpointing=False, seed=0,
            per_device_train_batch_size=PAIRS, gradient_accumulation_steps=1, max_steps=ARGS.steps,
            train_sampling_strategy="sequential", dataloader_num_workers=0, dataloader_pin_memory=False,
            beta=BETA, loss_type=["sigmoid"], learning_rate=LR, lr_scheduler_type="constant", warmup_steps=0,
            weight_decay=0.0, max_grad_norm=1.0, precompute_ref_log_probs=precompute,
            logging_strategy="steps", logging_steps=1, report_to="none", save_strategy="no", disable_tqdm=True,
        )
        trainer = DPOTrainer(
            model=model, ref_model=None if precompute else copy.deepcopy(initial), args=config,
            train_dataset=make_dataset(pairs, tokenizer), processing_class=tokenizer, callbacks=[clock],
        )
        # Its progress prints would mix with the result on stdout.
        trainer.remove_callback(transformers.PrinterCallback)
        assert not trainer.model.is_activation_checkpointing
        # The text detour must have changed nothing.
        for row, pair in zip(trainer.train_dataset, pairs):
            assert all(row[k] == pair[k] for k in pair), "tokenizer changed the ids"
        trainer.train()
    logs = [x for x in trainer.state.log_history if "loss" in x]
    loops = [(b[0] - a[0], b[1] - a[1]) for a, b in zip(clock.ends[SKIP - 1 :], clock.ends[SKIP:])]
    counted = clock.steps[SKIP:]
    assert len(counted) == len(loops) == ARGS.steps - SKIP
    med = lambda xs, i: statistics.median(x[i] for x in xs)  # noqa: E731
    return {
        "precompute_ref_log_probs": precompute,
        "steps_counted": len(counted),
        "wall_s": med(counted, 0),
        "cpu_s": med(counted, 1),
        "wall_s_min": min(x[0] for x in counted),
        "wall_s_max": max(x[0] for x in counted),
        "loop_wall_s": med(loops, 0),
        "loop_cpu_s": med(loops, 1),
        "optimizer": getattr(config.optim, "value", config.optim),
        "attention": model.config._attn_implementation,
        "losses": [x["loss"] for x in logs],
        "grad_norms": [x["grad_norm"] for x in logs],
    }


def main():
    initial, pairs, tokenizer = make_model(), make_pairs(), make_tokenizer()
    count = sum(p.numel() for p in initial.parameters())
    if ARGS.save:
        os.makedirs(ARGS.save, exist_ok=True)
        initial.save_pretrained(ARGS.save)
        with open(os.path.join(ARGS.save, "pairs.json"), "w") as f:
            json.dump(pairs, f, separators=(",", ":"))
            f.write("\n")
    result = {
        "made_by": {
            "python": platform.python_version(), "torch": torch.__version__,
            "transformers": transformers.__version__, "trl": trl.__version__,
        },
        "threads": ARGS.threads,
        "parameters": count,
        "tied": initial.config.tie_word_embeddings,
        "pairs": PAIRS,
        "prompt_tokens": PROMPT,
        "completion_tokens": COMPLETION,
        "beta": BETA,
        "lr": LR,
        "betas": [0.9, 0.999],
        "eps": 1e-8,
        "weight_decay": 0.0,
        "max_grad_norm": 1.0,
        "runs": [run(initial, pairs, tokenizer, precompute) for precompute in (False, True)],
    }
    if ARGS.json:
        json.dump(result, sys.stdout)
        print()
        return
    print(f"trl {trl.__version__}, transformers {transformers.__version__}, torch {torch.__version__}")
    print(f"{count} parameters (untied embeddings), {ARGS.threads} thread(s), "
          f"{PAIRS} pairs x {PROMPT + COMPLETION} tokens, {ARGS.steps - SKIP} steps counted")
    for r in result["runs"]:
        name = "reference precomputed" if r["precompute_ref_log_probs"] else "reference in the step"
        print(f"{name}: median {r['wall_s']:.4f} s wall, {r['cpu_s']:.4f} s CPU per step "
              f"(range {r['wall_s_min']:.4f}..{r['wall_s_max']:.4f}; with data loading and logs "
              f"{r['loop_wall_s']:.4f} / {r['loop_cpu_s']:.4f}), {r['optimizer']}, {r['attention']} attention")
        print("  losses", " ".join(f"{x:.6f}" for x in r["losses"][:5]), "...", f"{r['losses'][-1]:.6f}")


if __name__ == "__main__":
    main()
