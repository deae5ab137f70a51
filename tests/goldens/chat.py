#!/usr/bin/env python3
# Writes chat.json and chat_tokenizer.json: what transformers' `apply_chat_template` makes of
# conversations with the templates that TRL ships and with our own of the folder
# chat/, which stand in chat.json too.
#
#   pip install transformers==5.23.0 trl==1.16.0 jinja2==3.1.6 tokenizers==0.23.2
#   python chat.py
#
# TRL's templates are not copied: each golden carries the SHA-256 of the template it was made with,
# and the tests read the templates from an installed TRL.

import copy
import datetime
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import platform

os.environ["HF_HUB_OFFLINE"] = "1"

import tokenizers
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast
from transformers.utils import chat_template_utils

HERE = pathlib.Path(__file__).parent
PINNED = {"transformers": "5.23.0", "trl": "1.16.0", "jinja2": "3.1.6"}
for package, version in PINNED.items():
    assert importlib.metadata.version(package) == version, f"{package} is not {version}"

NOW = datetime.datetime(2026, 3, 4, 5, 6, 7)


class Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return NOW


chat_template_utils.datetime = Clock

TOKENS = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>"}

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a place.\nToday's, or that of a date.",
        "parameters": {
            "type": "object",
            "properties": {
                "place": {"type": "string", "description": "Where, e.g. \"Zürich\" <b>"},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"},
                "days": {"type": "array", "items": {"type": "integer"}, "description": "Days ahead"},
                "where": {
                    "type": "object",
                    "properties": {"lat": {"type": "number"}, "lon": {"type": ["number", "null"]}},
                    "required": ["lat"],
                },
            },
            "required": ["place"],
        },
        "return": {"type": "string", "description": "A sentence"},
    },
}
PLAIN_TOOL = {
    "type": "function",
    "function": {"name": "stop", "description": "Stops.", "parameters": {"type": "object", "properties": {}}},
}


def calls(arguments):
    return [{"type": "function", "id": "call00001", "function": {"name": "get_weather", "arguments": arguments}}]


ARGUMENTS = {"place": "Zürich", "unit": "celsius", "days": [1, 2], "where": {"lat": 47.5, "lon": None}, "now": True, "p": 1e-7}


def user(text):
    return {"role": "user", "content": text}


def assistant(text, **more):
    return {"role": "assistant", "content": text, **more}


def system(text):
    return {"role": "system", "content": text}


CONVERSATIONS = {
    "one_turn": {"messages": [user("What is 2 + 2?")]},
    "turns": {
        "messages": [user("Hello"), assistant("Hi! How can I help?"), user("Name a colour."), assistant("Blue.")],
    },
    "system": {"messages": [system("You are brief."), user("Why is the sky blue?"), assistant("Scattering.")]},
    "unicode": {
        "messages": [
            system("  Antworte höflich.\n"),
            user(" Grüße aus 東京 👩‍🚀!\t\n\nZeile <|im_end|> {{ 7*7 }} {% generation %}"),
            assistant("\n„Schön“ — ça va?\u00a0 "),
            user("e\u0301\r\nend"),
        ],
    },
    "empty": {"messages": [user(""), assistant(""), user("still there?")]},
    "reasoning": {
        "messages": [
            user("2+2"),
            assistant("4", reasoning_content="Two and two\nmake four."),
            user("3+3"),
            assistant("<think>\nthree and three\n</think>\n\n6"),
            user("4+4"),
            assistant("8", reasoning_content="Doubling."),
        ],
    },
    "thinking_off": {"messages": [user("2+2")], "variables": {"enable_thinking": False}},
    "thinking_on": {"messages": [user("2+2")], "variables": {"enable_thinking": True, "reasoning_effort": "high"}},
    "tools_offered": {"messages": [user("Weather in Zürich?")], "tools": [WEATHER, PLAIN_TOOL]},
    "tools_offered_system": {
        "messages": [system("Use tools."), user("Weather in Zürich?")],
        "tools": [WEATHER],
    },
    "tool_call": {
        "messages": [
            user("Weather in Zürich?"),
            assistant("", tool_calls=calls(ARGUMENTS)),
            {"role": "tool", "name": "get_weather", "tool_call_id": "call00001", "content": "{\"t\": 21.5}"},
            assistant("21.5 degrees."),
            user("Thanks"),
            assistant("You are welcome."),
        ],
        "tools": [WEATHER, PLAIN_TOOL],
    },
    "tool_call_open": {
        "messages": [
            user("Weather?"),
            assistant("Let me see.", tool_calls=calls({"place": "Bern"}) + calls({"place": "Genève"})),
            {"role": "tool", "name": "get_weather", "tool_call_id": "call00001", "content": "rain"},
            {"role": "tool", "name": "get_weather", "tool_call_id": "call00001", "content": "sun"},
        ],
        "tools": [WEATHER],
    },
    "tool_call_text": {
        "messages": [
            user("Weather?"),
            assistant(None, tool_calls=calls(json.dumps({"place": "Bern"}))),
            {"role": "tool", "tool_call_id": "call00001", "content": "rain"},
            assistant("Rain."),
        ],
        "tools": [WEATHER],
    },
    "blocks": {
        "messages": [
            {"role": "system", "content": [{"type": "text", "text": "You see."}]},
            {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What is this?"}]},
            {"role": "assistant", "content": [{"type": "text", "text": "A cat."}]},
        ],
    },
    "text_blocks": {
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "One, "}, {"type": "text", "text": "two."}]},
            {"role": "assistant", "content": [{"type": "text", "text": "Three."}]},
        ],
    },
    "documents": {
        "messages": [user("What does it say?")],
        "documents": [{"title": "A", "text": "Alpha"}, {"title": "B", "text": "Béta"}],
    },
    "wrong_roles": {"messages": [assistant("I begin."), assistant("And go on.")]},
    "developer": {"messages": [{"role": "developer", "content": "Be kind."}, user("Hi")]},
}


# Line ends of Windows, which no checkout may change.
WINDOWS = "\r\n".join(
    [
        "{% for m in messages %}",
        "  {{ m.role }}:",
        "  {%- if m.content is string %} {{ m.content }}{% endif %}",
        "",
        "{% endfor %}\rend",
        "",
        "",
    ]
)


def tokenizer():
    """A small byte-level BPE, so that masks of tokens can be compared too."""
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    texts = [json.dumps(c, ensure_ascii=False) for c in CONVERSATIONS.values()]
    trainer = trainers.BpeTrainer(
        vocab_size=420,
        special_tokens=list(TOKENS.values()) + ["<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    inner.train_from_iterator(texts, trainer)
    inner.save(str(HERE / "chat_tokenizer.json"), pretty=False)
    return PreTrainedTokenizerFast(tokenizer_object=inner, **TOKENS)


TOKENIZER = tokenizer()


def render(source, conversation, prompt, **more):
    conversation = copy.deepcopy(conversation)
    return TOKENIZER.apply_chat_template(
        conversation["messages"],
        chat_template=source,
        tools=conversation.get("tools"),
        documents=conversation.get("documents"),
        add_generation_prompt=prompt,
        **conversation.get("variables", {}),
        **more,
    )


def ranges(source, conversation):
    """Characters inside `{% generation %}`, as transformers tracks them."""
    conversation = copy.deepcopy(conversation)
    messages = [{k: v for k, v in m.items() if v is not None} for m in conversation["messages"]]
    texts, found = chat_template_utils.render_jinja_template(
        [messages],
        tools=conversation.get("tools"),
        documents=conversation.get("documents"),
        chat_template=source,
        return_assistant_tokens_mask=True,
        **TOKENIZER.special_tokens_map,
        **conversation.get("variables", {}),
    )
    return [list(pair) for pair in found[0]]


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def goldens(source, full, marked, names=tuple(CONVERSATIONS)):
    """What a template makes of conversations, without and with the generation prompt."""
    out = {}
    for name in names:
        conversation = CONVERSATIONS[name]
        case = {}
        for key, prompt in [("text", False), ("prompt", True)]:
            try:
                text = render(source, conversation, prompt, tokenize=False)
            except Exception as error:
                case[key] = {"error": f"{type(error).__name__}: {error}"[:200]}
                continue
            case[key] = text if full else f"{len(text.encode())}:{sha256(text)}"
        if marked and "error" not in case["text"]:
            case["ranges"] = ranges(source, conversation)
        out[name] = case
    return out


def main():
    trl = pathlib.Path(importlib.util.find_spec("trl").submodule_search_locations[0]) / "chat_templates"
    shipped = {}
    for path in sorted(trl.glob("*.jinja")):
        # With its line ends as they are; one of the files has those of Windows.
        source = path.read_bytes().decode()
        marked = "endgeneration" in source
        full = path.stem in ("llama3", "qwen3_training")
        shipped[path.stem] = {"sha256": sha256(source), "cases": goldens(source, full, marked)}
    own = {}
    for path in sorted((HERE / "chat").glob("*.jinja")):
        source = path.read_text(encoding="utf-8")
        # What computes without looking at the conversation needs no more than two.
        names = ("turns", "tool_call") if path.stem == "numbers" else tuple(CONVERSATIONS)
        own[path.stem] = {"source": source, "cases": goldens(source, True, "endgeneration" in source, names)}
    own["windows"] = {"source": WINDOWS, "cases": goldens(WINDOWS, True, False, ("turns", "unicode"))}
    masks = {}
    source = (HERE / "chat" / "marked.jinja").read_text(encoding="utf-8")
    for name in ["turns", "system", "reasoning"]:
        encoded = render(source, CONVERSATIONS[name], False, return_assistant_tokens_mask=True, return_dict=True)
        masks[name] = {"ids": encoded["input_ids"], "mask": encoded["assistant_masks"]}
    continued = {}
    for template in ["chatml", "trimming"]:
        source = (HERE / "chat" / f"{template}.jinja").read_text(encoding="utf-8")
        for name in ["turns", "unicode", "text_blocks"]:
            conversation = copy.deepcopy(CONVERSATIONS[name])
            conversation["messages"].append(assistant("Once upon a "))
            try:
                continued[f"{template}/{name}"] = render(source, conversation, False, tokenize=False, continue_final_message=True)
            except Exception as error:
                continued[f"{template}/{name}"] = {"error": f"{type(error).__name__}: {error}"[:200]}
    made = {
        "made_by": {"python": platform.python_version(), "tokenizers": tokenizers.__version__, **PINNED},
        "tokens": TOKENS,
        "now": int(NOW.replace(tzinfo=datetime.timezone.utc).timestamp()),
        "conversations": CONVERSATIONS,
        "trl": shipped,
        "own": own,
        "masks": masks,
        "continued": continued,
    }
    text = json.dumps(made, ensure_ascii=False, indent=1)
    (HERE / "chat.json").write_text(text + "\n", encoding="utf-8")
    count = sum(len(t["cases"]) * 2 for t in [*shipped.values(), *own.values()])
    print(f"{len(shipped)} templates of TRL, {len(own)} of ours, {count} texts")


main()
