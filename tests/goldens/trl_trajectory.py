"""Fifty steps of TRL's trainers on the tiny model, number by number.

    python tiny_trl.py && python trl_trajectory.py [RUN ...]

Writes `trajectory/pairs.jsonl`, `trajectory/apart.jsonl`, `trajectory/completions.jsonl` and
`trajectory/thumbs.jsonl`, what is learned from, and `trajectory.json`: the settings and the logged metrics of every
step. With names of runs, the others stay as they are.

Where a token crosses from the prompt into the answer, `CPOTrainer` and `ORPOTrainer` divide a row one token earlier
than `DPOTrainer`; the program divides as the latter. The rows of `apart.jsonl` have no such token. The logits that
these two log are left out: they are means over prompts and padding as well.
"""

import json
import os
import random
import shutil
import sys
import tempfile

import tiny_trl  # sets the threads before torch is loaded

os.environ["TRL_EXPERIMENTAL_SILENCE"] = "1"

from answer_orpo import AnswerORPOTrainer
from datasets import Dataset
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer, SFTConfig, SFTTrainer
from trl.experimental.cpo import CPOConfig, CPOTrainer
from trl.experimental.orpo import ORPOConfig

FOLDER = os.path.join(tiny_trl.HERE, "trajectory")
STEPS = 50

# 22 rows are no multiple of a batch of 4: the last batch of an epoch is smaller.
ROWS, BATCH = 22, 4

RUNS = {
    "sigmoid": dict(loss_type=["sigmoid"], lr=5e-4),
    "ipo": dict(loss_type=["ipo"], lr=5e-4),
    "hinge_sft": dict(loss_type=["hinge", "sft"], loss_weights=[0.8, 0.2], lr=5e-4),
    # The order of rows that TRL draws, and everything else that a run can be told.
    "sigmoid_drawn": dict(
        loss_type=["sigmoid"], lr=1e-3, order="trl", accumulate=2, schedule="cosine", warmup=5,
        weight_decay=0.1, max_grad_norm=0.5, beta=0.3, seed=7,
    ),
    "completions": dict(lr=1e-3, accumulate=2),
    "kto": dict(unpaired="kto", lr=1e-3, beta=0.3, accumulate=2, desirable_weight=1.5),
    "apo_zero_unpaired": dict(unpaired="apo_zero_unpaired", lr=5e-4, undesirable_weight=0.7, schedule="constant"),
    # References that follow: some of the way, counted in steps and not in forward passes, and all of it.
    "sigmoid_synced": dict(
        loss_type=["sigmoid"], lr=1e-3, accumulate=2, sync_ref_model=True, ref_model_mixup_alpha=0.6,
        ref_model_sync_steps=7,
    ),
    "kto_synced": dict(
        unpaired="kto", lr=1e-3, beta=0.3, sync_ref_model=True, ref_model_mixup_alpha=1.0, ref_model_sync_steps=10,
    ),
    "robust_js": dict(
        loss_type=["robust"], lr=1e-3, label_smoothing=0.1, adam_epsilon=1e-4, f_divergence_type="js_divergence",
    ),
    "weighted_desensitised": dict(
        loss_type=["sigmoid"], lr=1e-3, use_weighting=True, ld_alpha=0.5, schedule="constant_with_warmup", warmup=5,
    ),
    # Without a reference.
    "cpo_smoothed": dict(loss_type=["cpo"], lr=5e-4, label_smoothing=0.1, cpo_alpha=0.7),
    "simpo_smoothed": dict(loss_type=["simpo"], lr=5e-4, beta=2.0, simpo_gamma=1.0, label_smoothing=0.2),
    "orpo": dict(loss_type=["orpo"], lr=5e-4, beta=0.5),
}

# Settings that TRL's own names give.
GIVEN = [
    "desirable_weight", "undesirable_weight", "label_smoothing", "f_divergence_type", "use_weighting", "ld_alpha",
    "sync_ref_model", "ref_model_mixup_alpha", "ref_model_sync_steps",
]

FREE = ("cpo", "simpo", "orpo")


def write_rows():
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(FOLDER)
    rng = random.Random(11)
    words = sorted({w for line in tiny_trl.TEXT for w in line.replace("\n", " ").split()})

    def some(low, high):
        return " ".join(rng.choice(words) for _ in range(rng.randint(low, high)))

    pairs = [
        {"prompt": some(1, 5), "chosen": " " + some(1, 6), "rejected": " " + some(1, 6)} for _ in range(ROWS)
    ]
    completions = [{"prompt": some(1, 5), "completion": " " + some(1, 6)} for _ in range(ROWS)]
    # One bad answer to two good ones: batches differ in how many they have, and none has only one kind.
    thumbs = [{"prompt": some(1, 5), "completion": " " + some(1, 6), "label": row % 3 != 0} for row in range(ROWS)]
    ids = tiny_trl.tokenizer()

    def is_apart(row):
        prompt = ids(row["prompt"])["input_ids"]
        sides = (ids(row["prompt"] + row[side])["input_ids"] for side in ("chosen", "rejected"))
        return all(side[: len(prompt)] == prompt for side in sides)

    apart = []
    while len(apart) < ROWS:
        row = {"prompt": some(1, 5), "chosen": " " + some(1, 6), "rejected": " " + some(1, 6)}
        apart += [row] if is_apart(row) else []
    for name, rows in [("pairs", pairs), ("apart", apart), ("completions", completions), ("thumbs", thumbs)]:
        with open(os.path.join(FOLDER, f"{name}.jsonl"), "w") as f:
            f.writelines(json.dumps(row) + "\n" for row in rows)
    return pairs, apart, completions, thumbs


def without_reference(spec, kwargs, rows, common):
    loss = spec["loss_type"][0]
    kwargs |= {name: spec[name] for name in ("cpo_alpha", "simpo_gamma") if name in spec} | {"beta": spec.get("beta", 0.1)}
    # Their collator asks for a token to pad with, which no loss sees.
    common["processing_class"].pad_token = common["processing_class"].eos_token
    if loss == "orpo":
        return AnswerORPOTrainer(args=ORPOConfig(**kwargs), train_dataset=rows, **common)
    if loss == "simpo":
        kwargs |= {"loss_type": "simpo", "cpo_alpha": 0.0}
    return CPOTrainer(args=CPOConfig(**kwargs), train_dataset=rows, **common)


def run(spec, pairs, apart, completions, thumbs):
    preference = "loss_type" in spec
    free = preference and spec["loss_type"][0] in FREE
    with tempfile.TemporaryDirectory() as out:
        kwargs = dict(
            output_dir=out, use_cpu=True, bf16=False, report_to=[], disable_tqdm=True, gradient_checkpointing=False,
            max_length=None, logging_steps=1, save_strategy="no", max_steps=STEPS,
            per_device_train_batch_size=BATCH, gradient_accumulation_steps=spec.get("accumulate", 1),
            learning_rate=spec["lr"], lr_scheduler_type=spec.get("schedule", "linear"),
            warmup_steps=spec.get("warmup", 0), weight_decay=spec.get("weight_decay", 0.0),
            max_grad_norm=spec.get("max_grad_norm", 1.0), adam_epsilon=spec.get("adam_epsilon", 1e-8),
            seed=spec.get("seed", 42),
            train_sampling_strategy="random" if spec.get("order") == "trl" else "sequential",
        )
        trainer = DPOTrainer if preference else KTOTrainer if "unpaired" in spec else SFTTrainer
        common = dict(model=tiny_trl.model(), processing_class=tiny_trl.tokenizer())
        kwargs |= {name: spec[name] for name in GIVEN if name in spec}
        if free:
            trainer = without_reference(spec, kwargs, Dataset.from_list(apart), common)
        elif preference:
            args = DPOConfig(
                loss_type=spec["loss_type"], loss_weights=spec.get("loss_weights"), beta=spec.get("beta", 0.1), **kwargs
            )
            trainer = trainer(
                args=args, ref_model=tiny_trl.model(), train_dataset=Dataset.from_list(pairs), **common
            )
        elif "unpaired" in spec:
            args = KTOConfig(loss_type=spec["unpaired"], beta=spec.get("beta", 0.1), **kwargs)
            trainer = trainer(args=args, ref_model=tiny_trl.model(), train_dataset=Dataset.from_list(thumbs), **common)
        else:
            trainer = trainer(args=SFTConfig(**kwargs), train_dataset=Dataset.from_list(completions), **common)
        trainer.train()
        log = [entry for entry in trainer.state.log_history if "loss" in entry]
    assert len(log) == STEPS
    left_out = {"step", "logits/chosen", "logits/rejected"} if free else {"step"}
    names = sorted(set(log[0]) - left_out)
    # Nine digits bring every number of single precision back.
    return {name: [float(f"{entry[name]:.9g}") for entry in log] for name in names}


def main():
    rows = write_rows()
    runs, asked = {}, sys.argv[1:] or RUNS
    if sys.argv[1:]:
        with open(os.path.join(tiny_trl.HERE, "trajectory.json")) as f:
            runs = json.load(f)["runs"]
    for name, spec in RUNS.items():
        if name not in asked:
            continue
        metrics = run(spec, *rows)
        runs[name] = {"settings": spec, "metrics": metrics}
        print(name, metrics["loss"][0], metrics["loss"][-1], metrics["grad_norm"][:2])
    tiny_trl.write("trajectory.json", {"batch": BATCH, "steps": STEPS, "runs": runs})


if __name__ == "__main__":
    main()
