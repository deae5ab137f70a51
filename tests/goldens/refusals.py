"""Which objectives TRL's `DPOTrainer` refuses, and what the others give on two pairs.

    pip install -r requirements.txt trl==1.16.0 accelerate==1.15.0 datasets==5.2.0
    python refusals.py

Writes `refusals.json`: every loss with every f-divergence, with and without WPO, with and without smoothed labels.
Each is a `DPOTrainer` that is made and takes one step with the tiny model, on the CPU. A case is `[loss_type,
f_divergence_type, use_weighting, label_smoothing, refusal, loss]`, where a refusal is the name of the exception and
what was being done when it came.
"""

import itertools
import logging
import tempfile
import warnings

import tiny_trl  # sets the threads before torch is loaded
import torch
import transformers
from datasets import Dataset, disable_progress_bars
from trl import DPOConfig, DPOTrainer

LOSSES = [
    "sigmoid", "hinge", "ipo", "exo_pair", "nca_pair", "robust", "bco_pair", "sppo_hard", "aot", "aot_unpaired",
    "apo_zero", "apo_down", "discopop", "sft", "sigmoid_norm",
]
DIVERGENCES = ["reverse_kl", "forward_kl", "js_divergence", "alpha_divergence"]
SMOOTHINGS = [0.0, 0.1]

ROWS = Dataset.from_list([
    {"prompt": "the cat", "chosen": " sat on the mat", "rejected": " ran"},
    {"prompt": "what color is the sky?", "chosen": " it is blue.", "rejected": " it is green. the sun"},
])


def reference():
    """The tiny model moved a little, so that no margin is 0."""
    model = tiny_trl.model()
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.02 * torch.randn(p.shape, generator=generator))
    return model


def case(loss, divergence, weighting, smoothing, out):
    doing = "making"
    try:
        args = DPOConfig(
            output_dir=out, use_cpu=True, bf16=False, report_to=[], disable_tqdm=True, gradient_checkpointing=False,
            max_length=None, logging_steps=1, save_strategy="no", max_steps=1, per_device_train_batch_size=2,
            loss_type=[loss], f_divergence_type=divergence, use_weighting=weighting, label_smoothing=smoothing,
        )
        trainer = DPOTrainer(
            model=tiny_trl.model(), ref_model=reference(), args=args, train_dataset=ROWS,
            processing_class=tiny_trl.tokenizer(),
        )
        trainer.remove_callback(transformers.PrinterCallback)
        doing = "step"
        trainer.train()
    except Exception as error:
        return [loss, divergence, weighting, smoothing, f"{type(error).__name__} while {doing}", None]
    logged = next(line["loss"] for line in trainer.state.log_history if "loss" in line)
    return [loss, divergence, weighting, smoothing, None, float(f"{logged:.7g}")]


def main():
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    logging.disable(logging.WARNING)
    disable_progress_bars()
    with tempfile.TemporaryDirectory() as out:
        cases = [case(*each, out) for each in itertools.product(LOSSES, DIVERGENCES, [False, True], SMOOTHINGS)]
    assert len(cases) == 240
    assert {refusal for *_, refusal, _ in cases} <= {
        None, "ValueError while making", "NotImplementedError while making", "RuntimeError while step",
    }
    tiny_trl.write("refusals.json", {"cases": cases})


if __name__ == "__main__":
    main()
