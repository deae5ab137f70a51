#!/usr/bin/env python3
# Writes the golden values that the Rust tests compare against, next to this file.
#
#   pip install torch==2.15.0 transformers==5.23.0 numpy safetensors
#   pip install scipy==1.17.0            # only for kendall.json
#   python make.py
#
# (requirements.txt pins all five.) Everything runs on the CPU in float32 with
# fixed seeds. The models are random: they need to exercise every term of the
# forward and backward pass, not to say anything.

import argparse
import json
import math
import os
import platform
import shutil

# One thread keeps the order of float additions the same on every machine.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import safetensors
import safetensors.torch
import scipy
import scipy.stats
import torch
import torch.nn.functional as F
import transformers
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    MinPLogitsWarper,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
    get_scheduler,
)
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

torch.set_num_threads(1)
transformers.logging.disable_progress_bar()
torch.use_deterministic_algorithms(True)

HERE = os.path.dirname(os.path.abspath(__file__))
MADE_BY = {
    "python": platform.python_version(),
    "torch": torch.__version__,
    "transformers": transformers.__version__,
    "numpy": np.__version__,
    "safetensors": safetensors.__version__,
    "scipy": scipy.__version__,
}
EOS = 2


def r9(x):
    # Nine significant digits bring every float32 back bit for bit.
    x = x.item() if isinstance(x, torch.Tensor) else float(x)
    x = float(f"{x:.9g}")
    assert math.isfinite(x)
    return x


def flat(t):
    return [r9(v) for v in t.detach().reshape(-1).tolist()]


def write(name, body):
    path = os.path.join(OUT, name)
    with open(path, "w") as f:
        json.dump({"made_by": MADE_BY, **body}, f, separators=(",", ":"), allow_nan=False)
        f.write("\n")
    print(f"{name}: {os.path.getsize(path)} bytes")


# --------------------------------------------------------------------- models

# The three folders also cover the ways the rotary settings are spelled in
# config.json: "rope_parameters" (transformers 5), "rope_theta" alone and
# "rope_theta" + "rope_scaling" (transformers 4, most published checkpoints).
MODELS = {
    "tiny_llama_gqa_tied": dict(
        seed=101,
        spelling="v5",
        config=dict(
            vocab_size=29, hidden_size=16, intermediate_size=24, num_hidden_layers=2,
            num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=True,
            rms_norm_eps=1e-5, rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
        ),
        prompt_lens=[4, 3, 6],
        lens=[9, 6, 14],
    ),
    "tiny_llama_mha_untied": dict(
        seed=202,
        spelling="v4",
        config=dict(
            vocab_size=31, hidden_size=12, intermediate_size=20, num_hidden_layers=3,
            num_attention_heads=3, num_key_value_heads=3, tie_word_embeddings=False,
            rms_norm_eps=1e-6, rope_parameters={"rope_type": "default", "rope_theta": 500.0},
        ),
        # A prompt of one token: every predicted token counts.
        prompt_lens=[1, 5, 11],
        lens=[8, 13, 12],
    ),
    "tiny_llama_rope_scaled": dict(
        seed=303,
        spelling="v4",
        config=dict(
            vocab_size=29, hidden_size=16, intermediate_size=24, num_hidden_layers=2,
            num_attention_heads=2, num_key_value_heads=1, tie_word_embeddings=True,
            rms_norm_eps=1e-5,
            # The small theta puts two of the four frequencies into the smoothed
            # band and two into the divided one.
            rope_parameters={
                "rope_type": "llama3", "rope_theta": 20.0, "factor": 8.0, "low_freq_factor": 1.0,
                "high_freq_factor": 4.0, "original_max_position_embeddings": 16,
            },
        ),
        prompt_lens=[2, 7, 5],
        lens=[14, 10, 7],
    ),
}


def fill(model, gen, std=0.3):
    with torch.no_grad():
        for name, p in model.named_parameters():
            noise = torch.randn(p.shape, generator=gen)
            # Norm weights differ from one so that a forgotten multiply shows.
            p.copy_(1.0 + 0.2 * noise if name.endswith("norm.weight") else std * noise)


def build(spec):
    config = LlamaConfig(
        max_position_embeddings=128, attention_bias=False, mlp_bias=False, hidden_act="silu",
        bos_token_id=1, eos_token_id=EOS, **spec["config"],
    )
    config._attn_implementation = "eager"
    torch.manual_seed(spec["seed"])
    model = LlamaForCausalLM(config).eval()
    fill(model, torch.Generator().manual_seed(spec["seed"]))
    return model


def save(model, name, spelling):
    folder = os.path.join(OUT, name)
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    os.remove(os.path.join(folder, "generation_config.json"))
    os.chmod(os.path.join(folder, "model.safetensors"), 0o644)
    path = os.path.join(folder, "config.json")
    with open(path) as f:
        config = json.load(f)
    if spelling == "v4":
        if config["rope_parameters"]["rope_type"] != "default":
            # The same settings in the newer spelling, to be read as one and the same.
            with open(os.path.join(folder, "config.rope_parameters.json"), "w") as f:
                json.dump(config, f, indent=2, sort_keys=True)
                f.write("\n")
        rope = config.pop("rope_parameters")
        config["rope_theta"] = rope.pop("rope_theta")
        config["rope_scaling"] = rope if rope["rope_type"] != "default" else None
        config["torch_dtype"] = config.pop("dtype")
    with open(path, "w") as f:
        json.dump(config, f, indent=2, sort_keys=True)
        f.write("\n")
    # What a reader of the folder gets has to be what the goldens were made from.
    again = LlamaForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()
    for (n, a), (_, b) in zip(model.named_parameters(), again.named_parameters(), strict=True):
        assert torch.equal(a, b), n
    assert torch.equal(model.model.rotary_emb.inv_freq, again.model.rotary_emb.inv_freq)
    tied = "lm_head.weight" not in safetensors.torch.load_file(os.path.join(folder, "model.safetensors"))
    assert tied == model.config.tie_word_embeddings
    size = sum(os.path.getsize(os.path.join(folder, f)) for f in os.listdir(folder))
    assert size < 60_000, size
    print(f"{name}/: {size} bytes, {sum(p.numel() for p in model.parameters())} parameters")


def token_logps(logits, ids):
    """logp(ids[t] | ids[:t]) for t = 1..len-1."""
    return F.log_softmax(logits[:-1], -1).gather(1, ids[1:, None])[:, 0]


def logits_of(model, ids):
    # One sequence at a time: no padding, so nothing hangs on how padding is masked.
    return model(input_ids=ids[None], use_cache=False).logits[0]


def completion_logp(model, prompt, completion):
    ids = torch.tensor(prompt + completion)
    return token_logps(logits_of(model, ids), ids)[len(prompt) - 1 :].sum()


def plain_logits(params, config, inv_freq, ids):
    """The same forward pass written out, in the dtype of `params`.

    Run in float64 it gives the distance of the float32 goldens from the exact
    values, which is what a tolerance has to be chosen against.
    """
    heads, kv = config.num_attention_heads, config.num_key_value_heads
    d = config.hidden_size // heads
    n = len(ids)
    angle = torch.arange(n).to(inv_freq)[:, None] * inv_freq[None]
    cos, sin = angle.cos(), angle.sin()

    def rope(x):
        a, b = x[..., : d // 2], x[..., d // 2 :]
        return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)

    def norm(x, w):
        return w * x * (x.pow(2).mean(-1, keepdim=True) + config.rms_norm_eps).rsqrt()

    x = params["model.embed_tokens.weight"][ids]
    future = torch.ones(n, n, dtype=torch.bool).triu(1)
    for i in range(config.num_hidden_layers):
        w = lambda s: params[f"model.layers.{i}.{s}.weight"]  # noqa: E731
        h = norm(x, w("input_layernorm"))
        q, k, v = (
            (h @ w(f"self_attn.{s}_proj").T).view(n, c, d).transpose(0, 1)
            for s, c in (("q", heads), ("k", kv), ("v", kv))
        )
        q, k = rope(q), rope(k)
        k, v = (t.repeat_interleave(heads // kv, 0) for t in (k, v))
        att = (q @ k.transpose(1, 2) / math.sqrt(d)).masked_fill(future, -torch.inf).softmax(-1)
        x = x + (att @ v).transpose(0, 1).reshape(n, -1) @ w("self_attn.o_proj").T
        h = norm(x, w("post_attention_layernorm"))
        x = x + (F.silu(h @ w("mlp.gate_proj").T) * (h @ w("mlp.up_proj").T)) @ w("mlp.down_proj").T
    head = params.get("lm_head.weight", params["model.embed_tokens.weight"])
    return norm(x, params["model.norm.weight"]) @ head.T


def loss_and_rows(logits_fn, sequences):
    rows, total = [], 0.0
    for ids, prompt_len in sequences:
        logits = logits_fn(ids)
        logps = token_logps(logits, ids)
        total = total + logps[prompt_len - 1 :].sum()
        rows.append((logps, logits[-1]))
    return -total / len(sequences), rows


def grads(loss, params):
    return dict(zip(params, torch.autograd.grad(loss, list(params.values())), strict=True))


def distance(a, b):
    """Largest difference and the same over the largest value of each tensor."""
    worst_abs = worst_rel = 0.0
    for x, y in zip(a, b, strict=True):
        gap = (x.double() - y).abs().max().item()
        worst_abs = max(worst_abs, gap)
        worst_rel = max(worst_rel, gap / y.abs().max().item())
    return worst_abs, worst_rel


def llama_golden(model, spec):
    gen = torch.Generator().manual_seed(spec["seed"] + 1)
    vocab = model.config.vocab_size
    sequences = [
        (torch.randint(3, vocab, (n,), generator=gen), p)
        for n, p in zip(spec["lens"], spec["prompt_lens"], strict=True)
    ]
    params = dict(model.named_parameters())
    loss, rows = loss_and_rows(lambda ids: logits_of(model, ids), sequences)
    g = grads(loss, params)

    exact = {n: p.detach().double().requires_grad_() for n, p in params.items()}
    inv_freq = model.model.rotary_emb.inv_freq
    loss64, rows64 = loss_and_rows(
        lambda ids: plain_logits(exact, model.config, inv_freq.double(), ids), sequences
    )
    g64 = grads(loss64, exact)
    logp_abs, _ = distance([r[0] for r in rows], [r[0] for r in rows64])
    logit_abs, _ = distance([r[1] for r in rows], [r[1] for r in rows64])
    grad_abs, grad_rel = distance(g.values(), g64.values())
    assert logp_abs < 1e-5 and logit_abs < 1e-5 and grad_rel < 1e-5, (logp_abs, logit_abs, grad_rel)

    # The three as one right-padded batch must give what they give one by one.
    longest = max(len(ids) for ids, _ in sequences)
    batch = torch.stack([F.pad(ids, (0, longest - len(ids))) for ids, _ in sequences])
    mask = torch.stack([(torch.arange(longest) < len(ids)).long() for ids, _ in sequences])
    padded = model(input_ids=batch, attention_mask=mask, use_cache=False).logits
    for (ids, _), (_, last), out in zip(sequences, rows, padded, strict=True):
        assert torch.allclose(out[len(ids) - 1], last, atol=1e-5, rtol=0)

    return {
        "inv_freq": flat(inv_freq),
        "sequences": [
            {
                "ids": ids.tolist(),
                "prompt_len": p,
                "logps": flat(logps),
                "completion_logp": r9(logps[p - 1 :].sum()),
                "last_logits": flat(last),
            }
            for (ids, p), (logps, last) in zip(sequences, rows, strict=True)
        ],
        "loss": r9(loss),
        "grads": {n: flat(t) for n, t in g.items()},
        "f32_error": {
            "logp_abs": r9(logp_abs), "last_logits_abs": r9(logit_abs),
            "grad_abs": r9(grad_abs), "grad_rel_to_tensor_max": r9(grad_rel),
        },
    }


def rope_llama3_cases():
    # The tiny model has no frequency above the high band; these settings cover
    # all three branches, among them the published Llama 3.1 and 3.2 ones.
    cases = [(8, 20.0, 8.0, 1.0, 4.0, 32), (128, 500000.0, 8.0, 1.0, 4.0, 8192), (64, 500000.0, 32.0, 1.0, 4.0, 8192)]
    out = []
    for d, theta, factor, low, high, orig in cases:
        config = LlamaConfig(
            hidden_size=2 * d, num_attention_heads=2, max_position_embeddings=131072,
            rope_parameters={
                "rope_type": "llama3", "rope_theta": theta, "factor": factor, "low_freq_factor": low,
                "high_freq_factor": high, "original_max_position_embeddings": orig,
            },
        )
        inv_freq, scale = ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")
        assert scale == 1.0
        out.append({
            "head_dim": d, "rope_theta": theta, "factor": factor, "low_freq_factor": low,
            "high_freq_factor": high, "original_max_position_embeddings": orig, "inv_freq": flat(inv_freq),
        })
    return out


# ------------------------------------------------------------------------ DPO

def dpo_golden(policy):
    ref = build(MODELS["tiny_llama_gqa_tied"])
    gen = torch.Generator().manual_seed(404)
    with torch.no_grad():
        for p in ref.parameters():
            p.add_(0.05 * torch.randn(p.shape, generator=gen))
    save(ref, "tiny_llama_gqa_tied_ref", "v5")

    beta, q, w = 0.1, [1.0, 0.7], [1.0, 0.5]
    tokens = lambda n: torch.randint(3, 29, (n,), generator=gen).tolist()  # noqa: E731
    pairs = [
        {"prompt_ids": tokens(p), "chosen_ids": tokens(c) + [EOS], "rejected_ids": tokens(r) + [EOS]}
        for p, c, r in ((5, 4, 6), (3, 7, 3))
    ]

    def terms(policy_fn, ref_fn):
        pc = torch.stack([policy_fn(x["prompt_ids"], x["chosen_ids"]) for x in pairs])
        pr = torch.stack([policy_fn(x["prompt_ids"], x["rejected_ids"]) for x in pairs])
        with torch.no_grad():
            rc = torch.stack([ref_fn(x["prompt_ids"], x["chosen_ids"]) for x in pairs])
            rr = torch.stack([ref_fn(x["prompt_ids"], x["rejected_ids"]) for x in pairs])
        delta = beta * ((pc - rc) - (pr - rr))
        qt, wt = torch.tensor(q, dtype=delta.dtype), torch.tensor(w, dtype=delta.dtype)
        per_pair = -qt * F.logsigmoid(delta) - (1 - qt) * F.logsigmoid(-delta)
        return pc, pr, rc, rr, delta, per_pair, (wt * per_pair).mean()

    params = dict(policy.named_parameters())
    pc, pr, rc, rr, delta, per_pair, loss = terms(
        lambda p, c: completion_logp(policy, p, c), lambda p, c: completion_logp(ref, p, c)
    )
    g = grads(loss, params)
    hard = -F.logsigmoid(delta)
    g_hard = grads(hard_loss_of(policy, pairs, rc, rr, beta), params)

    # The same in float64, again for the size of the rounding error.
    inv_freq = policy.model.rotary_emb.inv_freq.double()
    exact = {n: p.detach().double().requires_grad_() for n, p in params.items()}
    exact_ref = {n: p.detach().double() for n, p in ref.named_parameters()}

    def plain(ps):
        def logp(prompt, completion):
            ids = torch.tensor(prompt + completion)
            return token_logps(plain_logits(ps, policy.config, inv_freq, ids), ids)[len(prompt) - 1 :].sum()
        return logp

    *_, delta64, _, loss64 = terms(plain(exact), plain(exact_ref))
    g64 = grads(loss64, exact)
    delta_abs, _ = distance([delta], [delta64])
    grad_abs, grad_rel = distance(g.values(), g64.values())
    assert delta_abs < 1e-5 and abs(loss.item() - loss64.item()) < 1e-6 and grad_rel < 2e-5, (delta_abs, grad_rel)

    write("dpo.json", {
        "policy": "tiny_llama_gqa_tied",
        "reference": "tiny_llama_gqa_tied_ref",
        "beta": beta,
        "pairs": [
            {
                **x, "q": q[i], "weight": w[i],
                "policy_chosen_logp": r9(pc[i]), "policy_rejected_logp": r9(pr[i]),
                "ref_chosen_logp": r9(rc[i]), "ref_rejected_logp": r9(rr[i]),
                "delta": r9(delta[i]), "loss": r9(per_pair[i]), "hard_loss": r9(hard[i]),
            }
            for i, x in enumerate(pairs)
        ],
        "loss": r9(loss),
        "grads": {n: flat(t) for n, t in g.items()},
        # What TRL's "sigmoid" loss gives: q = 1 and weight = 1 for every pair.
        "hard_loss": r9(hard.mean()),
        "hard_grads": {n: flat(t) for n, t in g_hard.items()},
        "f32_error": {"delta_abs": r9(delta_abs), "grad_abs": r9(grad_abs), "grad_rel_to_tensor_max": r9(grad_rel)},
    })


def hard_loss_of(policy, pairs, rc, rr, beta):
    total = 0.0
    for i, x in enumerate(pairs):
        chosen = completion_logp(policy, x["prompt_ids"], x["chosen_ids"])
        rejected = completion_logp(policy, x["prompt_ids"], x["rejected_ids"])
        total = total - F.logsigmoid(beta * ((chosen - rc[i]) - (rejected - rr[i])))
    return total / len(pairs)


# ------------------------------------------------------------------ optimizer

def adamw_golden():
    gen = torch.Generator().manual_seed(505)
    shapes = {"matrix": (3, 4), "vector": (5,)}
    params = {n: torch.nn.Parameter(torch.randn(s, generator=gen)) for n, s in shapes.items()}
    opts = {"lr": 1e-2, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 1e-2}
    max_norm = 1.0
    opt = torch.optim.AdamW(params.values(), **{**opts, "betas": tuple(opts["betas"])})
    out = {
        "options": opts, "max_norm": max_norm, "shapes": {n: list(s) for n, s in shapes.items()},
        "initial": {n: flat(p) for n, p in params.items()}, "steps": [],
    }
    # Some steps stay below the norm limit. The first has gradients of the size of
    # eps, before larger ones fill the second moment and hide where eps is added.
    for scale in (1e-8, 1.0, 0.05, 3.0, 0.2, 0.6):
        raw = {n: scale * torch.randn(s, generator=gen) for n, s in shapes.items()}
        for n, p in params.items():
            p.grad = raw[n].clone()
        total = torch.nn.utils.clip_grad_norm_(params.values(), max_norm)
        opt.step()
        out["steps"].append({
            "grads": {n: flat(t) for n, t in raw.items()},
            "total_norm": r9(total),
            "params": {n: flat(p) for n, p in params.items()},
        })
    norms = [s["total_norm"] for s in out["steps"]]
    assert min(norms) < max_norm < max(norms)

    # Past the last training step the cosine of transformers rises again; kept
    # here as it is so that nobody is surprised by it.
    dummy = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    out["schedules"] = [
        {
            "kind": kind, "warmup_steps": warmup, "training_steps": 10,
            "multipliers": [float(sched.lr_lambdas[0](step)) for step in range(12)],
        }
        for kind in ("linear", "cosine", "constant", "constant_with_warmup")
        for warmup in (0, 3, 10)
        for sched in [get_scheduler(kind, dummy, num_warmup_steps=warmup, num_training_steps=10)]
    ]
    write("adamw.json", out)


# -------------------------------------------------------------------- ranking

def kendall_golden():
    rng = np.random.default_rng(606)
    pairs = [
        # The corners first: all agree, all disagree, one side constant (no
        # tau-b), both constant, the same ties on both sides.
        ([1, 2, 3, 4], [1, 2, 3, 4]),
        ([1, 2, 3, 4], [4, 3, 2, 1]),
        ([1, 2, 3], [5, 5, 5]),
        ([7, 7], [7, 7]),
        ([1, 1, 2, 2, 3], [1, 1, 2, 2, 3]),
    ]
    while len(pairs) < 40:
        n = 2 + len(pairs) % 11
        if len(pairs) % 3 == 0:
            a, b = rng.permutation(n), rng.permutation(n)
        elif len(pairs) % 3 == 1:
            a, b = rng.integers(0, max(2, n // 2), n), rng.permutation(n)
        else:
            a, b = rng.integers(0, max(2, n // 2), n), rng.integers(0, max(2, n // 2), n)
        pairs.append((a.tolist(), b.tolist()))
    cases = []
    for a, b in pairs:
        tau = float(scipy.stats.kendalltau(a, b, variant="b").statistic)
        cases.append({"a": a, "b": b, "tau_b": None if math.isnan(tau) else tau})
    write("kendall.json", {"cases": cases})


# ------------------------------------------------------------------- sampling

def logits_rules_golden():
    gen = torch.Generator().manual_seed(707)
    settings = [
        (12, dict(temperature=0.7)),
        (15, dict(top_k=5)),
        (18, dict(top_p=0.8)),
        (20, dict(min_p=0.1)),
        (16, dict(temperature=0.8, top_k=8, top_p=0.9)),
        (20, dict(temperature=1.3, top_p=0.97, min_p=0.12)),
        (17, dict(temperature=1.7, top_k=12, top_p=0.85, min_p=0.15)),
    ]
    warpers = (
        ("temperature", TemperatureLogitsWarper), ("top_k", TopKLogitsWarper),
        ("top_p", TopPLogitsWarper), ("min_p", MinPLogitsWarper),
    )
    cases = []
    for n, setting in settings:
        logits = 2.0 * torch.randn(n, generator=gen)
        scores = logits[None]
        for name, warper in warpers:
            if name not in setting:
                continue
            # A token right on a limit could fall on either side of it in
            # another correct implementation; such a vector would test nothing.
            probs = scores[0].double().softmax(-1)
            if name == "top_p":
                sums = probs.sort().values.cumsum(-1)
                assert (sums - (1 - setting["top_p"])).abs().min() > 1e-4
            if name == "min_p":
                assert (probs / probs.max() - setting["min_p"]).abs().min() > 1e-4
            before = torch.isfinite(scores).sum()
            scores = warper(setting[name])(None, scores)
            # Every filter has to remove something, or it was not tested.
            assert name == "temperature" or torch.isfinite(scores).sum() < before, (setting, name)
        cases.append({
            **{name: setting.get(name) for name, _ in warpers},
            "logits": flat(logits), "probs": flat(scores[0].softmax(-1)),
        })
    write("logits_rules.json", {"cases": cases})


# --------------------------------------------------------------------- philox

def philox4x32_10(counter, key):
    c, k = list(counter), list(key)
    for i in range(10):
        if i:
            k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & 0xFFFFFFFF, (p0 >> 32) ^ c[3] ^ k[1], p0 & 0xFFFFFFFF]
    return c


def philox_golden():
    # The known-answer vectors that come with Random123 (kat_vectors).
    kat = """
        00000000 00000000 00000000 00000000 00000000 00000000 6627e8d5 e169c58d bc57ac4c 9b00dbd8
        ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff 408f276d 41c83b0e a20bc7c6 6d5451fd
        243f6a88 85a308d3 13198a2e 03707344 a4093822 299f31d0 d16cfe09 94fdcceb 5001e420 24126ea1
    """
    cases = []
    for line in kat.split("\n"):
        if v := [int(x, 16) for x in line.split()]:
            assert philox4x32_10(v[:4], v[4:6]) == v[6:]
            cases.append({"counter": v[:4], "key": v[4:6], "output": v[6:]})
    assert len(cases) == 3
    write("philox.json", {"cases": cases})


def main():
    print(json.dumps(MADE_BY))
    models = {}
    for name, spec in MODELS.items():
        models[name] = build(spec)
        save(models[name], name, spec["spelling"])
    write("llama.json", {
        "models": {name: llama_golden(models[name], spec) for name, spec in MODELS.items()},
        "rope_llama3": rope_llama3_cases(),
    })
    dpo_golden(models["tiny_llama_gqa_tied"])
    adamw_golden()
    kendall_golden()
    logits_rules_golden()
    philox_golden()
    total = sum(os.path.getsize(os.path.join(d, f)) for d, _, fs in os.walk(OUT) for f in fs)
    print(f"total: {total} bytes")
    assert total < 1_500_000


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default=HERE, help="folder to write to (default: next to this file)")
    OUT = os.path.abspath(parser.parse_args().out)
    os.makedirs(OUT, exist_ok=True)
    main()
