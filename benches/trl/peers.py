#!/usr/bin/env python3
# One task of a self-rewarding loop by transformers and TRL on the CPU: drawing
# answers, a DPO step, or a whole iteration. Prints one JSON object with time and
# the most memory that the process has had; each task is a process of its own, so
# that its memory is its own. `cargo bench ... --bench speed -- peers` starts it
# beside the same task in Rust.
#
#   pip install -r requirements.txt
#   python peers.py 4.3M step --threads 1 --rounds 12
#
# Weights are random: nothing here depends on what the model says. Answers have
# no end, so that every one has its full length.

import argparse
import json
import platform
import resource
import statistics
import sys
import time
import warnings

import offline

# hidden, intermediate, layers, heads, kv heads, vocabulary, tied. The last has the
# shape of SmolLM2-135M.
SIZES = {
    "0.16M": (64, 160, 3, 4, 2, 256, False),
    "4.3M": (256, 448, 4, 8, 4, 4096, False),
    "30M": (512, 1376, 9, 8, 4, 8192, True),
    "135M": (576, 1536, 30, 9, 3, 49152, True),
}
TASKS = ["sampling", "step", "step-once", "step-again", "step-lora", "iteration"]

parser = argparse.ArgumentParser()
parser.add_argument("size", choices=SIZES)
parser.add_argument("task", choices=TASKS)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--rounds", type=int, default=3, help="rounds that count; one more comes before them")
ARGS = parser.parse_args()

offline.check_versions()
SCRATCH = offline.prepare(ARGS.threads)
warnings.filterwarnings("ignore", category=FutureWarning)

import torch
import transformers
from transformers import LlamaConfig, LlamaForCausalLM

torch.set_num_threads(ARGS.threads)
transformers.logging.set_verbosity_error()

PAD, BOS, EOS = 0, 1, 2
PROMPT, ANSWER = 64, 64
SAMPLES, PAIRS = 8, 4
# The judge reads this much before the prompt, between it and the answer, and after it.
ASKED = (4, 4, 24)
SCORES = list(range(3, 9))
# An iteration: so many prompts (half as many for the largest), answers to each, pairs in a step.
PROMPTS, ANSWERS = (4 if ARGS.size == "135M" else 8), 4
BETA, LR, RANK = 0.1, 1e-5, 8


def make_model():
    hidden, intermediate, layers, heads, kv_heads, vocabulary, tied = SIZES[ARGS.size]
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary, hidden_size=hidden, intermediate_size=intermediate, num_hidden_layers=layers,
            num_attention_heads=heads, num_key_value_heads=kv_heads, max_position_embeddings=512,
            rms_norm_eps=1e-5, tie_word_embeddings=tied, pad_token_id=PAD, bos_token_id=BOS, eos_token_id=EOS,
            rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
        )
    )
    # No end: every answer has its full length.
    model.generation_config.eos_token_id = None
    return model.float()


GENERATOR = torch.Generator().manual_seed(1)


def tokens(count):
    return torch.randint(9, SIZES[ARGS.size][5], (count,), generator=GENERATOR).tolist()


@torch.no_grad()
def draw(model, prompts, samples, length=ANSWER, sample=True):
    # Prompts are equally long: nothing is padded.
    model.eval()
    ids = torch.tensor(prompts)
    drawn = model.generate(
        # Greedy rows would be refused if they were several of one prompt.
        ids if sample else ids.repeat_interleave(samples, 0),
        attention_mask=torch.ones((len(prompts) * (1 if sample else samples), PROMPT), dtype=torch.long),
        num_return_sequences=samples if sample else 1, do_sample=sample,
        **(dict(temperature=0.9, top_k=0, top_p=1.0) if sample else {}),
        min_new_tokens=length, max_new_tokens=length, pad_token_id=PAD,
    )
    assert drawn.shape == (len(prompts) * samples, ids.shape[1] + length)
    return drawn[:, ids.shape[1]:].tolist()


@torch.no_grad()
def judge(model, asked, prompts, answers):
    # The expected score of each answer over the score tokens after the question.
    model.eval()
    read = torch.tensor([
        asked[0] + prompts[index // ANSWERS] + asked[1] + answer + asked[2] for index, answer in enumerate(answers)
    ])
    scores = []
    for rows in read.split(16):
        logits = model(rows, logits_to_keep=1, use_cache=False).logits[:, -1, SCORES]
        scores += (logits.softmax(1) @ torch.arange(len(SCORES), dtype=torch.float32)).tolist()
    return scores


def make_tokenizer():
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    # One word per id, so that text made from ids comes back as the same ids.
    vocabulary = SIZES[ARGS.size][5]
    words = {"<pad>": PAD, "<s>": BOS, "</s>": EOS, **{f"w{i}": i for i in range(3, vocabulary)}}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<pad>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>")


def make_trainer(model, tokenizer, pairs, steps, callbacks=(), within=False, lora=False, again=False):
    import copy

    import datasets
    from trl import DPOConfig, DPOTrainer

    datasets.disable_progress_bars()
    text = lambda ids: " ".join(tokenizer.convert_ids_to_tokens(ids))  # noqa: E731
    # The trainer ends every answer itself.
    rows = [{"prompt": text(p), "chosen": " " + text(c[:-1]), "rejected": " " + text(r[:-1])} for p, c, r in pairs]
    peft_config = None
    if lora:
        from peft import LoraConfig

        peft_config = LoraConfig(
            r=RANK, lora_alpha=2 * RANK, target_modules="all-linear", lora_dropout=0.0, task_type="CAUSAL_LM",
        )
    config = DPOConfig(
        output_dir=SCRATCH.name, use_cpu=True, bf16=False, fp16=False, gradient_checkpointing=again, seed=0,
        per_device_train_batch_size=PAIRS, gradient_accumulation_steps=1, max_steps=steps,
        train_sampling_strategy="sequential", dataloader_num_workers=0, dataloader_pin_memory=False,
        beta=BETA, loss_type=["sigmoid"], learning_rate=LR, lr_scheduler_type="constant", warmup_steps=0,
        weight_decay=0.0, max_grad_norm=1.0, precompute_ref_log_probs=not within,
        logging_strategy="no", report_to="none", save_strategy="no", disable_tqdm=True,
    )
    trainer = DPOTrainer(
        model=model, ref_model=copy.deepcopy(model) if within else None, args=config,
        train_dataset=datasets.Dataset.from_list(rows), processing_class=tokenizer, callbacks=list(callbacks),
        peft_config=peft_config,
    )
    trainer.remove_callback(transformers.PrinterCallback)
    assert trainer.args.gradient_checkpointing == again and not trainer.model.is_gradient_checkpointing
    row = trainer.train_dataset[0]
    sizes = [len(row[key]) for key in ("prompt_ids", "chosen_ids", "rejected_ids")]
    assert sizes == [PROMPT, ANSWER, ANSWER], sizes
    return trainer


def sampling():
    model, prompts = make_model(), [tokens(PROMPT)]

    def alone():
        # What comes before the second token, and what is left without probabilities to draw by.
        costs = {}
        for name, how in [("first token", (1, True)), ("greedy", (ANSWER, False))]:
            begin = now()
            draw(model, prompts, SAMPLES, *how)
            costs[name] = since(begin)
        return costs

    turns(alone)
    return turns(lambda: draw(model, prompts, SAMPLES))


def step(within, lora=False, again=False):
    from transformers import TrainerCallback

    class Clock(TrainerCallback):
        begin, costs = None, []

        def on_step_begin(self, *_, model, **__):
            assert model.is_gradient_checkpointing == again
            self.begin = now()

        def on_step_end(self, *_, **__):
            self.costs.append(since(self.begin))

    steps = ARGS.rounds + 1
    pairs = [(tokens(PROMPT), tokens(ANSWER), tokens(ANSWER)) for _ in range(PAIRS)]
    # Repeated so that the whole run is one epoch and no step starts a new one.
    trainer = make_trainer(make_model(), make_tokenizer(), pairs * steps, steps, [Clock()], within, lora, again)
    trainer.train()
    return Clock.costs


def iteration():
    # Sample, judge, choose the best and the worst answer of each prompt, one epoch of DPO.
    asked = [tokens(count) for count in ASKED]
    prompts, tokenizer = [tokens(PROMPT) for _ in range(PROMPTS)], make_tokenizer()
    # Not to be counted: the first import.
    make_trainer(make_model(), tokenizer, [(tokens(PROMPT), tokens(ANSWER), tokens(ANSWER))], 1)
    model = make_model()

    def run():
        begin = now()
        answers = draw(model, prompts, ANSWERS)
        drawn = since(begin)
        begin = now()
        scores = judge(model, asked, prompts, answers)
        judged = since(begin)
        begin = now()
        pairs = []
        for index, prompt in enumerate(prompts):
            of = range(index * ANSWERS, (index + 1) * ANSWERS)
            best, worst = max(of, key=scores.__getitem__), min(of, key=scores.__getitem__)
            pairs.append((prompt, answers[best], answers[worst]))
        model.train()
        make_trainer(model, tokenizer, pairs, PROMPTS // PAIRS).train()
        return {"sampling": drawn, "judging": judged, "learning": since(begin)}

    return turns(run)


def now():
    return time.perf_counter(), time.process_time()


def since(begin):
    end = now()
    return end[0] - begin[0], end[1] - begin[1]


def turns(work):
    costs, parts = [], []
    for _ in range(ARGS.rounds + 1):
        begin = now()
        parts.append(work())
        costs.append(since(begin))
    global PARTS
    if isinstance(parts[-1], dict):
        PARTS = {name: [statistics.median(x[name][i] for x in parts[1:]) for i in (0, 1)] for name in parts[-1]}
    return costs


PARTS = {}


def main():
    work = {
        "sampling": sampling, "step": lambda: step(True), "step-once": lambda: step(False),
        "step-again": lambda: step(False, again=True), "step-lora": lambda: step(False, True),
        "iteration": iteration,
    }
    begin = now()
    counted = work[ARGS.task]()[1:]
    whole = since(begin)
    json.dump({
        "made_by": {"python": platform.python_version(), **offline.wanted()},
        "rounds": len(counted),
        "wall": statistics.median(x[0] for x in counted),
        "cpu": statistics.median(x[1] for x in counted),
        "parts": PARTS,
        "whole": whole,
        # Linux counts in kibibytes.
        "resident": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }, sys.stdout)
    print()


if __name__ == "__main__":
    main()
