"""Small data sets of every type and form, and what TRL makes of them.

    python tiny_trl.py && python trl_datasets.py

Writes the folder `data_sets` (JSON lines and Parquet) and `data_sets.json`: the rows after TRL's
`extract_prompt`, and the token ids and masks of its trainers.
"""

import json
import os
import shutil
import tempfile

import tiny_trl  # sets the threads before torch is loaded
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Dataset
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer, SFTConfig, SFTTrainer
from trl.data_utils import maybe_extract_prompt

FOLDER = os.path.join(tiny_trl.HERE, "data_sets")


def user(text):
    return {"role": "user", "content": text}


def assistant(text):
    return {"role": "assistant", "content": text}


SYSTEM = {"role": "system", "content": "be kind"}

SETS = {
    "prompt_only": [{"prompt": "what color is the sky?"}, {"prompt": "once upon a time"}],
    "prompt_only_chat": [{"prompt": [user("where is the sun?")]}, {"prompt": [SYSTEM, user("where is the fox?")]}],
    "prompt_completion": [
        {"prompt": "what color is the sky?", "completion": " it is blue."},
        # Tokens cross the boundary, and the end of the text is there already.
        {"prompt": "once upon a ti", "completion": "me there was a fox</s>"},
    ],
    "prompt_completion_chat": [
        {"prompt": [user("where is the sun?")], "completion": [assistant("in the sky.")]},
        {"prompt": [SYSTEM, user("a"), assistant("b"), user("where?")], "completion": [assistant("in the sea.")]},
    ],
    "preference": [
        {"prompt": "what color is the sky?", "chosen": " it is blue.", "rejected": " it is green.", "score_chosen": 8.5},
        {"prompt": "the cat sat on th", "chosen": "e mat", "rejected": "ere"},
        {"prompt": "the dog", "chosen": " ran to the door</s>", "rejected": " sat"},
    ],
    "preference_chat": [
        {"prompt": [user("where is the sun?")], "chosen": [assistant("in the sky.")], "rejected": [assistant("in the sea.")]},
        {
            "prompt": [SYSTEM, user("what color is the sky?")],
            "chosen": [assistant("it is blue.")],
            "rejected": [assistant("it is green.")],
        },
    ],
    "implicit": [
        {"chosen": "the sky is blue.", "rejected": "the sky is green."},
        {"chosen": "the sky is blue", "rejected": "the sky is blueish"},
        {"chosen": "the cat ran", "rejected": "the car ran"},
        {"chosen": "äöü the fox", "rejected": "äöü the dog"},
    ],
    "implicit_chat": [
        {
            "chosen": [user("where is the sun?"), assistant("in the sky.")],
            "rejected": [user("where is the sun?"), assistant("in the sea.")],
        },
        {
            "chosen": [SYSTEM, user("a"), assistant("b"), user("c"), assistant("the cat")],
            "rejected": [SYSTEM, user("a"), assistant("b"), user("c"), assistant("the dog")],
        },
    ],
    "repeated_prompt": [
        {
            "prompt": "where is the sun?",
            "chosen": [user("where is the sun?"), assistant("in the sky.")],
            "rejected": [user("where is the sun?"), assistant("in the sea.")],
        }
    ],
    "unpaired": [
        {"prompt": "what color is the sky?", "completion": " it is blue.", "label": True},
        {"prompt": "what color is the sky?", "completion": " it is green.", "label": False},
    ],
    "unpaired_chat": [
        {"prompt": [user("where is the sun?")], "completion": [assistant("in the sky.")], "label": True},
        {"prompt": [user("where is the sun?")], "completion": [assistant("in the sea.")], "label": False},
    ],
    "text": [{"text": "the cat sat on the mat"}, {"text": "the dog ran</s>"}],
    "messages": [
        {"messages": [user("where is the sun?"), assistant("in the sky.")]},
        {"messages": [SYSTEM, user("where?"), assistant("in the sea."), user("what color?"), assistant("blue.")]},
    ],
}

# Every codec we read, and one that we do not.
CODECS = ["snappy", "gzip", "lz4", "none"]

QUIET = dict(use_cpu=True, bf16=False, report_to=[], disable_tqdm=True, gradient_checkpointing=False)


# A chat template that writes something else than the plain text.
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}{{ eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)

# The same text, with what the assistant wrote marked: from the middle of a token on.
MARKED = (
    "{{ bos_token }}{% for m in messages %}{{ m.role }}: {% if m.role == 'assistant' %}{% generation %}{{ m.content }}"
    "{{ eos_token }}{% endgeneration %}{% else %}{{ m.content }}{{ eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)


def trainer_rows(rows, template=None):
    """Prompt ids, answers' ids, as the trainer of the type has them; sequences for the others."""
    rows = [{k: v for k, v in row.items() if k != "score_chosen"} for row in rows]
    if "chosen" in rows[0]:
        rows = [maybe_extract_prompt(row) for row in rows]
    tokenizer = tiny_trl.tokenizer()
    tokenizer.chat_template = template or tokenizer.chat_template
    with tempfile.TemporaryDirectory() as out:
        common = dict(model=tiny_trl.model(), train_dataset=Dataset.from_list(rows), processing_class=tokenizer)
        if "chosen" in rows[0]:
            trainer = DPOTrainer(args=DPOConfig(out, max_length=None, **QUIET), ref_model=tiny_trl.model(), **common)
            data = trainer.train_dataset
            return [
                {"prompt": r["prompt_ids"], "answers": [r["chosen_ids"], r["rejected_ids"]]} for r in data
            ]
        if "label" in rows[0]:
            args = KTOConfig(out, max_length=None, per_device_train_batch_size=2, **QUIET)
            trainer = KTOTrainer(args=args, ref_model=tiny_trl.model(), **common)
            return [
                {"prompt": r["prompt_ids"], "answers": [r["completion_ids"]], "label": r["label"]}
                for r in trainer.train_dataset
            ]
        args = SFTConfig(out, max_length=None, assistant_only_loss=template == MARKED, **QUIET)
        trainer = SFTTrainer(args=args, **common)
        return [
            {"ids": r["input_ids"], "mask": [int(x != -100) for x in r.get("labels", r["input_ids"])]}
            for r in trainer.train_dataset
        ]


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(FOLDER)
    expected = {}
    for index, (name, rows) in enumerate(SETS.items()):
        with open(os.path.join(FOLDER, f"{name}.jsonl"), "w") as f:
            for row in rows:
                f.write(json.dumps(row, ensure_ascii=False) + "\n")
        table = pa.Table.from_pylist(rows)
        # A group of rows a row, so that more than one is read.
        path = os.path.join(FOLDER, f"{name}.parquet")
        pq.write_table(table, path, compression=CODECS[index % len(CODECS)], row_group_size=1 + index % 2)
        entry = {"rows": [maybe_extract_prompt(row) if "chosen" in row else row for row in rows]}
        if not name.startswith("prompt_only"):
            entry["tokens"] = trainer_rows(rows)
            if name.endswith("_chat") or name == "messages":
                entry["written"] = trainer_rows(rows, TEMPLATE)
            if name in ("prompt_completion_chat", "messages"):
                entry["marked"] = trainer_rows(rows, MARKED)
        expected[name] = entry
    table = pa.Table.from_pylist(SETS["preference"])
    pq.write_table(table, os.path.join(FOLDER, "zstd.parquet"), compression="zstd")
    # What TRL's collator keeps of a row that is too long.
    from trl.trainer.dpo_trainer import DataCollatorForPreference

    row = {"prompt_ids": [1, 3, 4], "chosen_ids": [5, 6, 7, 2], "rejected_ids": [8, 2]}
    batch = DataCollatorForPreference(pad_token_id=2, max_length=5)([row])
    cut = {"row": row, "max_length": 5, "ids": batch["input_ids"].tolist(), "mask": batch["completion_mask"].tolist()}
    # The order in which rows are drawn.
    import torch

    orders = [
        {"rows": n, "seed": s, "order": torch.randperm(n, generator=torch.Generator().manual_seed(s)).tolist()}
        for n, s in [(1, 42), (7, 42), (64, 43), (700, 1), (5, 2**32 + 42)]
    ]
    tiny_trl.write("data_sets.json", {"sets": expected, "template": TEMPLATE, "marked": MARKED, "cut": cut, "orders": orders})


if __name__ == "__main__":
    main()
