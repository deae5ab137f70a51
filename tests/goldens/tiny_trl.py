"""The tiny model and tokenizer that the goldens of TRL are made with.

`python tiny_trl.py` writes the folder `tiny_trl` anew; the other scripts read it.
"""

import json
import os
import shutil

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from tokenizers import Tokenizer, models, normalizers, processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

torch.set_num_threads(1)

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, "tiny_trl")

TEXT = [
    "the cat sat on the mat and the dog ran to the door",
    "what color is the sky? it is blue. it is green.",
    "system: be kind\nuser: where is the sun?\nassistant: in the sea. in the sky.",
    "once upon a time there was a little fox who had no tail",
    "a quick brown jump over lazy vexed wizards",
]

# What a model without a chat template is given: the same text as the program writes, as a template.
CHAT_TEMPLATE = (
    "{{ bos_token }}"
    "{% if messages|length <= 2 and messages[0].role == 'user' %}"
    "{{ messages[0].content }}"
    "{% if messages|length == 2 %} {{ messages[1].content }}{% endif %}"
    "{% if not add_generation_prompt %}{{ eos_token }}{% endif %}"
    "{% else %}"
    "{% for m in messages %}{% if not loop.first %}{{ '\\n' }}{% endif %}{{ m.role }}: {{ m.content }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '\\nassistant:' }}{% else %}{{ eos_token }}{% endif %}"
    "{% endif %}"
)


def make_tokenizer():
    # No pre-tokenizer: tokens may cross from the prompt into the answer.
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    trainer = trainers.BpeTrainer(
        vocab_size=96, special_tokens=["<unk>", "<s>", "</s>"], show_progress=False, max_token_length=5
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)]
    )
    return tokenizer


def make():
    shutil.rmtree(FOLDER, ignore_errors=True)
    tokenizer = make_tokenizer()
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=32, intermediate_size=48, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=128, tie_word_embeddings=True,
        rms_norm_eps=1e-5, rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
        attention_bias=False, mlp_bias=False, hidden_act="silu", bos_token_id=1, eos_token_id=2,
    )
    torch.manual_seed(404)
    model = LlamaForCausalLM(config)
    generator = torch.Generator().manual_seed(404)
    with torch.no_grad():
        for name, p in model.named_parameters():
            noise = torch.randn(p.shape, generator=generator)
            p.copy_(1.0 + 0.2 * noise if name.endswith("norm.weight") else 0.15 * noise)
    model.save_pretrained(FOLDER)
    os.remove(os.path.join(FOLDER, "generation_config.json"))
    os.chmod(os.path.join(FOLDER, "model.safetensors"), 0o644)
    tokenizer.save(os.path.join(FOLDER, "tokenizer.json"))
    size = sum(os.path.getsize(os.path.join(FOLDER, f)) for f in os.listdir(FOLDER))
    assert size < 200_000, size
    print(f"tiny_trl/: {size} bytes, vocabulary {tokenizer.get_vocab_size()}")


def tokenizer():
    t = PreTrainedTokenizerFast(
        tokenizer_file=os.path.join(FOLDER, "tokenizer.json"), bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )
    t.chat_template = CHAT_TEMPLATE
    return t


def model():
    return LlamaForCausalLM.from_pretrained(FOLDER, dtype=torch.float32, attn_implementation="eager")


def versions():
    import platform

    import accelerate
    import datasets
    import tokenizers
    import transformers
    import trl

    return {
        "python": platform.python_version(),
        **{m.__name__: m.__version__ for m in (torch, transformers, trl, accelerate, datasets, tokenizers)},
    }


def write(name, body):
    path = os.path.join(HERE, name)
    with open(path, "w") as f:
        json.dump({"made_by": versions(), **body}, f, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
        f.write("\n")
    print(f"{name}: {os.path.getsize(path)} bytes")


if __name__ == "__main__":
    make()
