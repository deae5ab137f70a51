#!/usr/bin/env python3
# Writes losses.json: the values and gradients of TRL's own losses on numbers of ours.
#
#   pip install -r requirements.txt trl==1.16.0
#   python losses.py
#
# TRL has no functions for its losses: they stand inside `DPOTrainer._compute_loss`, `KTOTrainer._compute_loss`,
# `CPOTrainer.get_batch_loss_metrics` and `ORPOTrainer.get_batch_loss_metrics`. Those methods are called here on
# trainers without a training loop: `__init__` is skipped and only the attributes that the methods read are set,
# with a "model" that returns prepared log-probabilities. What is differentiated are the log-probabilities of the
# single tokens, so that token counts, masks and sums are TRL's. For the whole-model gradients the model is a
# real one with TRL's fused head.
#
# On prepared numbers, `concatenated_forward` of CPO and ORPO is replaced by our own sums, means and cross-entropy: what
# these cases try is the loss behind it. That of ORPO takes the cross-entropy of the prompt too, and ours does not
# (`answer_orpo.py`); the case of ORPO on a whole model has TRL's own number beside ours.
#
# Everything runs on the CPU in float32.

import json
import math
import os
import platform
import types

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRL_EXPERIMENTAL_SILENCE"] = "1"

import torch
import transformers
import trl
from answer_orpo import AnswerORPOTrainer
from transformers import LlamaForCausalLM
from trl import DPOTrainer, KTOTrainer
from trl.experimental.cpo import CPOTrainer
from trl.experimental.orpo import ORPOTrainer
from trl.trainer.callbacks import SyncRefModelCallback
from trl.trainer.utils import add_fused_lm_head

torch.set_num_threads(1)
HERE = os.path.dirname(os.path.abspath(__file__))
PROMPT = 2  # tokens before a completion; no loss sees them


def digits(x, n=9):
    x = x.item() if isinstance(x, torch.Tensor) else x
    x = float(f"{float(x):.{n}g}")
    assert math.isfinite(x), x
    return x


def flat(t, n=9):
    return [digits(v, n) for v in t.detach().reshape(-1).tolist()]


# ---------------------------------------------------------------------- numbers


class Pairs:
    """Log-probabilities of all tokens, first those of all chosen answers, then of all rejected ones."""

    def __init__(self, lengths, policy, reference, collisions):
        self.lengths = lengths
        rows = [n for side in lengths for n in side]
        self.policy = torch.tensor(policy).requires_grad_()
        self.reference, self.collisions = torch.tensor(reference), torch.tensor(collisions)
        assert len(policy) == len(reference) == len(collisions) == sum(rows)
        width = PROMPT + max(rows)
        self.completion_mask = torch.zeros(len(rows), width, dtype=torch.long)
        for row, n in enumerate(rows):
            self.completion_mask[row, PROMPT : PROMPT + n] = 1
        self.attention_mask = self.completion_mask.clone()
        self.attention_mask[:, :PROMPT] = 1
        # The log-probability of a token stands one position before it, and is 0 outside completions.
        self.places = self.completion_mask[:, 1:].bool()

    def lay_out(self, values):
        return torch.zeros(self.places.shape).masked_scatter(self.places, values)

    def sums(self):
        return self.lay_out(self.policy).sum(1).chunk(2)

    def references(self):
        return self.lay_out(self.reference).sum(1).chunk(2)

    def means(self):
        return [s / torch.tensor(n) for s, n in zip(self.sums(), self.lengths)]

    def chosen_nll(self):
        return -self.policy[: sum(self.lengths[0])].mean()

    def json(self):
        return {
            "lengths": self.lengths, "policy": flat(self.policy), "reference": flat(self.reference),
            "collisions": flat(self.collisions),
        }


def ordinary():
    gen = torch.Generator().manual_seed(1601)
    lengths = [[3, 1, 7, 4, 2], [5, 1, 2, 4, 6]]
    n = sum(map(sum, lengths))
    policy = -torch.empty(n).exponential_(0.7, generator=gen)
    reference = policy + 0.6 * torch.randn(n, generator=gen)
    return Pairs(lengths, policy.tolist(), reference.clamp(max=-0.001).tolist(), (-3 * torch.rand(n, generator=gen)).tolist())


def extreme():
    # Log-ratios near ±1000, ±100 and 0 in all combinations that turn a naive logarithm or power into
    # infinity. No two are the same: whose gradient is whose after a sort would be a matter of taste.
    lengths = [[1, 1, 1, 2, 1, 1], [1, 1, 2, 1, 1, 1]]
    policy = [-1.0, -1001.0, -0.5, -600.25, -400.5, -2.0, -102.0] + [-1003.0, -1.5, -3.0, -0.25, -2.5, -2.0, -0.125]
    reference = [-1002.0, -0.5, -0.5, -0.5, -0.5, -2.0, -1.0] + [-1.0, -1004.0, -2.0, -101.0, -1003.0, -2.25, -99.0]
    return Pairs(lengths, policy, reference, [-0.5 * (i % 4) for i in range(14)])


# ------------------------------------------------------------------------- TRL


def fused(log_probs, collisions=None):
    zeros = torch.zeros_like(log_probs.detach())
    return types.SimpleNamespace(
        log_probs=log_probs, entropy=zeros, mean_logits=zeros, is_top1=zeros.bool(), log_sum_sq_probs=collisions
    )


class Replies(torch.nn.Module):
    """A model that returns what was prepared."""

    is_gradient_checkpointing = False

    def __init__(self, reply):
        super().__init__()
        self.reply = reply

    def forward(self, **_):
        return self.reply


ACCELERATOR = types.SimpleNamespace(
    device=torch.device("cpu"), gather=lambda x: x, gather_for_metrics=lambda x: x, unwrap_model=lambda m: m
)


def without_init(kind, **attributes):
    trainer = type("Bare", (kind,), {"__init__": lambda self: None})()
    metrics = {mode: {name: [] for name in METRICS} for mode in ("train", "eval")}
    for name, value in {"accelerator": ACCELERATOR, "aux_loss_enabled": False, "_metrics": metrics, "_total_train_tokens": 0, "_tp_size": 1, **attributes}.items():
        setattr(trainer, name, value)
    return trainer


METRICS = [
    "entropy", "logits/chosen", "logits/rejected", "mean_token_accuracy", "rewards/chosen", "rewards/rejected",
    "rewards/accuracies", "rewards/margins", "logps/chosen", "logps/rejected", "kl",
]


DEFAULTS = {
    "loss_type": "sigmoid", "beta": 0.1, "label_smoothing": 0.0, "f_divergence_type": "reverse_kl",
    "f_alpha_divergence_coef": 0.5, "ld_alpha": None, "use_weighting": False, "discopop_tau": 0.05,
}


def dpo_trainer(options, policy, reference):
    o = {**DEFAULTS, **options}
    terms = [term.split(":") for term in o["loss_type"].split("+")]
    return without_init(
        DPOTrainer,
        model=policy, ref_model=reference, precompute_ref_logps=False,
        loss_types=[t[0] for t in terms], loss_weights=[float(t[1]) if len(t) > 1 else 1.0 for t in terms],
        beta=o["beta"], label_smoothing=o["label_smoothing"], ld_alpha=o["ld_alpha"],
        f_divergence_type=o["f_divergence_type"], f_alpha_divergence_coef=o["f_alpha_divergence_coef"],
        use_weighting=o["use_weighting"],
        args=types.SimpleNamespace(discopop_tau=o["discopop_tau"], gradient_checkpointing_kwargs=None),
    )


def rewards_of(trainer):
    logged = trainer._metrics["train"]
    return {k: digits(logged[f"rewards/{k}"][-1]) for k in ("chosen", "rejected", "accuracies", "margins")}


def dpo_case(name, pairs, options):
    policy = Replies(fused(pairs.lay_out(pairs.policy), pairs.lay_out(pairs.collisions)))
    reference = Replies(fused(pairs.lay_out(pairs.reference)))
    trainer = dpo_trainer(options, policy, reference)
    inputs = {
        "input_ids": torch.zeros_like(pairs.completion_mask), "attention_mask": pairs.attention_mask,
        "completion_mask": pairs.completion_mask,
    }
    loss = DPOTrainer._compute_loss(trainer, policy, inputs, False)
    (grad,) = torch.autograd.grad(loss, pairs.policy)
    return {"numbers": name, "objective": options, "loss": digits(loss), "grad": flat(grad), "rewards": rewards_of(trainer)}


def cpo_case(name, pairs, kind, options):
    o = {"beta": 0.1, "simpo_gamma": 0.5, "cpo_alpha": 1.0, "label_smoothing": 0.0, **options}
    loss_type = o["loss_type"]
    # Conservative DPO and the paper's SimPO have no cross-entropy.
    alpha = 0.0 if loss_type in ("cdpo", "simpo") else o["cpo_alpha"]
    if loss_type == "cdpo":
        # Conservative DPO is CPO's contrast with smoothed labels, of log-ratios: CPO is DPO whose reference is uniform.
        logps = [policy - reference for policy, reference in zip(pairs.sums(), pairs.references())]
    else:
        logps = pairs.means() if loss_type in ("simpo", "orpo") else pairs.sums()
    logits = torch.zeros(1)
    trainer = without_init(
        kind, beta=o["beta"], alpha=0.0, label_smoothing=o["label_smoothing"], simpo_gamma=o["simpo_gamma"],
        cpo_alpha=alpha, loss_type="simpo" if loss_type == "simpo" else "sigmoid",
        # As in TRL, what has no weight is not computed.
        concatenated_forward=lambda *_: (*logps, logits, logits, pairs.chosen_nll() if alpha else torch.zeros(())),
    )
    loss, metrics = kind.get_batch_loss_metrics(trainer, None, {})
    (grad,) = torch.autograd.grad(loss, pairs.policy)
    rewards = {k: digits(metrics[f"rewards/{k}"]) for k in ("chosen", "rejected", "accuracies", "margins")}
    case = {"numbers": name, "objective": options, "loss": digits(loss), "grad": flat(grad), "rewards": rewards}
    return {**case, "parts": parts_of(metrics)} if loss_type in ("cpo", "orpo") else case


def parts_of(metrics):
    return {k: digits(metrics[k]) for k in ("nll_loss", "log_odds_ratio", "log_odds_chosen") if k in metrics}


def pair_cases(batches):
    out = []
    both = ("ordinary", "extreme")
    # DiscoPOP's and the forward KL's exponentials overflow in TRL on the extreme numbers.
    plans = [
        (both, [
            {"loss_type": "sigmoid"}, {"loss_type": "sigmoid", "beta": 1.0}, {"loss_type": "hinge"}, {"loss_type": "ipo"},
            {"loss_type": "ipo", "beta": 0.7}, {"loss_type": "exo_pair", "label_smoothing": 1e-3},
            {"loss_type": "exo_pair", "label_smoothing": 0.2, "beta": 0.5}, {"loss_type": "nca_pair"},
            {"loss_type": "nca_pair", "beta": 1.0}, {"loss_type": "robust"}, {"loss_type": "robust", "label_smoothing": 0.1},
            {"loss_type": "bco_pair"}, {"loss_type": "bco_pair", "beta": 1.0}, {"loss_type": "sppo_hard"}, {"loss_type": "aot"},
            {"loss_type": "aot", "label_smoothing": 0.1, "beta": 0.4}, {"loss_type": "aot_unpaired"},
            {"loss_type": "aot_unpaired", "label_smoothing": 0.25, "beta": 1.0}, {"loss_type": "apo_zero"},
            {"loss_type": "apo_zero", "beta": 1.0}, {"loss_type": "apo_down"}, {"loss_type": "apo_down", "beta": 1.0},
            {"loss_type": "sft"}, {"loss_type": "sigmoid_norm"}, {"loss_type": "sigmoid_norm", "beta": 5.0},
            {"loss_type": "sigmoid:0.8+bco_pair:0.2+sft:0.5"}, {"loss_type": "sigmoid", "ld_alpha": 0.5},
        ]),
        (("ordinary",), [
            {"loss_type": "discopop"}, {"loss_type": "discopop", "beta": 1.0, "discopop_tau": 0.5},
            {"loss_type": "sigmoid+hinge:0.5+ipo:0.01+nca_pair+sppo_hard:0.001"},
            {"loss_type": "sigmoid", "ld_alpha": 0.0}, {"loss_type": "sigmoid", "ld_alpha": 1.0},
            {"loss_type": "ipo", "ld_alpha": 0.3}, {"loss_type": "sppo_hard", "ld_alpha": 0.3}, {"loss_type": "aot", "ld_alpha": 0.3},
            {"loss_type": "apo_down+sft:0.1", "ld_alpha": 0.3},
            {"loss_type": "sigmoid", "use_weighting": True}, {"loss_type": "apo_zero", "use_weighting": True},
            {"loss_type": "sigmoid:0.7+ipo:0.3", "use_weighting": True, "ld_alpha": 0.5},
            *(
                {"loss_type": loss, "f_divergence_type": divergence, **({"label_smoothing": 0.05} if loss in ("exo_pair", "robust") else {})}
                for divergence in ("forward_kl", "js_divergence", "alpha_divergence")
                for loss in ("sigmoid", "hinge", "ipo", "exo_pair", "robust", "discopop", "sigmoid_norm")
            ),
            {"loss_type": "sigmoid", "f_divergence_type": "alpha_divergence", "f_alpha_divergence_coef": 1.0},
            {"loss_type": "sigmoid+sft", "f_divergence_type": "alpha_divergence", "f_alpha_divergence_coef": 2.0},
        ]),
        (("extreme",), [
            {"loss_type": "sigmoid", "f_divergence_type": "js_divergence"},
            {"loss_type": "sigmoid", "f_divergence_type": "alpha_divergence"},
            {"loss_type": "ipo", "f_divergence_type": "js_divergence", "beta": 1.0},
        ]),
    ]
    for names, options in plans:
        out += [dpo_case(name, batches[name], o) for o in options for name in names]
    cpo = [
        (CPOTrainer, {"loss_type": "simpo", "beta": 2.0}), (CPOTrainer, {"loss_type": "simpo", "beta": 2.5, "simpo_gamma": 1.4}),
        (CPOTrainer, {"loss_type": "cpo"}), (CPOTrainer, {"loss_type": "cpo", "cpo_alpha": 0.0, "beta": 0.5}),
        (ORPOTrainer, {"loss_type": "orpo"}), (ORPOTrainer, {"loss_type": "orpo", "beta": 1.0}),
        (CPOTrainer, {"loss_type": "cdpo"}), (CPOTrainer, {"loss_type": "cdpo", "label_smoothing": 0.1}),
        (CPOTrainer, {"loss_type": "cdpo", "label_smoothing": 0.3, "beta": 1.0}),
        (CPOTrainer, {"loss_type": "simpo", "beta": 2.0, "label_smoothing": 0.1}),
        (CPOTrainer, {"loss_type": "simpo", "beta": 2.5, "simpo_gamma": 1.4, "label_smoothing": 0.3}),
        (CPOTrainer, {"loss_type": "cpo", "label_smoothing": 0.1}),
        (CPOTrainer, {"loss_type": "cpo", "cpo_alpha": 0.0, "beta": 0.5, "label_smoothing": 0.3}),
    ]
    out += [cpo_case(name, batches[name], kind, o) for kind, o in cpo for name in both]
    return out


def unpaired_cases():
    gen = torch.Generator().manual_seed(1602)
    ordinary = {
        "policy": (-20 * torch.rand(6, generator=gen)).tolist(), "reference": (-20 * torch.rand(6, generator=gen)).tolist(),
        "desirable": [True, False, False, True, True, False],
        "mismatched_policy": (-30 * torch.rand(6, generator=gen)).tolist(),
        "mismatched_reference": (-30 * torch.rand(6, generator=gen) - 4).tolist(),
    }
    extreme = {
        "policy": [-1.0, -1000.0, -2.0, -900.0, -3.0], "reference": [-1000.0, -1.0, -900.0, -2.0, -3.0],
        "desirable": [True, True, False, False, True],
        # The mean log-ratio is negative, and the estimate 0.
        "mismatched_policy": [-50.0] * 5, "mismatched_reference": [-40.0] * 5,
    }
    one_sided = {**ordinary, "desirable": [False] * 6}
    out = []
    for numbers in (ordinary, extreme, one_sided):
        for options in (
            {"loss_type": "kto"}, {"loss_type": "kto", "beta": 1.0, "desirable_weight": 1.5, "undesirable_weight": 0.75},
            {"loss_type": "apo_zero_unpaired", "beta": 0.5},
        ):
            o = {"beta": 0.1, "desirable_weight": 1.0, "undesirable_weight": 1.0, **options}
            sums = torch.tensor(numbers["policy"]).requires_grad_()
            # One token an answer: its log-probability is the sum.
            policy, reference = Replies(fused(sums[:, None])), Replies(fused(torch.tensor(numbers["reference"])[:, None]))
            mismatched = {id(policy): "mismatched_policy", id(reference): "mismatched_reference"}
            trainer = without_init(
                KTOTrainer, model=policy, ref_model=reference, precompute_ref_logps=False,
                calculate_KL=o["loss_type"] == "kto", **o,
                args=types.SimpleNamespace(gradient_checkpointing_kwargs=None),
                _compute_kl_logps=lambda model, batch: torch.tensor(numbers[mismatched[id(model)]]),
            )
            n = len(numbers["policy"])
            mask = torch.tensor([[0, 1]] * n)
            inputs = {"input_ids": torch.zeros_like(mask), "attention_mask": torch.ones_like(mask), "completion_mask": mask, "label": torch.tensor(numbers["desirable"])}
            loss = KTOTrainer._compute_loss(trainer, policy, inputs, False)
            (grad,) = torch.autograd.grad(loss, sums)
            out.append({"numbers": numbers, "objective": options, "loss": digits(loss), "grad": flat(grad)})
    return out


def sync_case():
    policy, reference = ([[0.5, -1.25], [3.0, 0.0]], [[1.5, 2.0], [-4.0, 0.125]])
    out = []
    for alpha in (0.6, 1.0):
        models = []
        for values in (policy, reference):
            model = torch.nn.Linear(2, 2, bias=False)
            model.weight.data = torch.tensor(values)
            models.append(model)
        SyncRefModelCallback._sync_target_model(*models, alpha)
        out.append({"alpha": alpha, "reference": flat(models[1].weight)})
    return {"policy": policy, "reference": reference, "mixed": out}


# ---------------------------------------------------------------- whole models


def padded(rows, value):
    """Rows of different lengths as one tensor, filled up on the right."""
    width = max(map(len, rows))
    return torch.tensor([row + [value] * (width - len(row)) for row in rows])


def tokens(rows):
    """Prompts with completions as `DPOTrainer` and `KTOTrainer` read them."""
    return {
        "input_ids": padded([p + c for p, c in rows], 0),
        "attention_mask": padded([[1] * len(p + c) for p, c in rows], 0),
        "completion_mask": padded([[0] * len(p) + [1] * len(c) for p, c in rows], 0),
    }


def preferences(pairs):
    """Pairs as `CPOTrainer` and `ORPOTrainer` read them."""
    batch = {}
    for side in ("chosen", "rejected"):
        rows = [(p["prompt_ids"], p[f"{side}_ids"]) for p in pairs]
        batch[f"{side}_input_ids"] = padded([p + c for p, c in rows], 0)
        batch[f"{side}_attention_mask"] = padded([[1] * len(p + c) for p, c in rows], 0)
        batch[f"{side}_labels"] = padded([[-100] * len(p) + c for p, c in rows], -100)
    return batch


def model_cases():
    with open(os.path.join(HERE, "dpo.json")) as f:
        golden = json.load(f)
    pairs = golden["pairs"]
    rows = [(p["prompt_ids"], p[side]) for side in ("chosen_ids", "rejected_ids") for p in pairs]

    def load(name):
        model = LlamaForCausalLM.from_pretrained(os.path.join(HERE, name), attn_implementation="eager").eval()
        add_fused_lm_head(model, outputs=("log_probs", "entropy", "mean_logits", "is_top1", "log_sum_sq_probs"))
        return model

    policy, reference = load(golden["policy"]).train(), load(golden["reference"])

    def case(options, loss, **others):
        params = dict(policy.named_parameters())
        grads = torch.autograd.grad(loss, list(params.values()))
        # The test compares with the largest value of each weight, within 1e-4 of it.
        grads = {n: flat(g, 6) for n, g in zip(params, grads)}
        return {"objective": options, "loss": digits(loss), **others, "grads": grads}

    out = []
    for options in (
        {"loss_type": "ipo"}, {"loss_type": "sigmoid:0.8+bco_pair:0.2+sft"},
        {"loss_type": "sigmoid", "use_weighting": True, "ld_alpha": 0.5},
        {"loss_type": "exo_pair", "label_smoothing": 1e-3}, {"loss_type": "aot", "label_smoothing": 0.1, "beta": 0.4},
    ):
        # What AOT sorts is in another order under the policy than under the reference only if each chosen answer stands
        # beside the rejected one of the other prompt.
        order = [1, 0] if options["loss_type"] == "aot" else [0, 1]
        trainer = dpo_trainer(options, policy, reference)
        inputs = tokens(rows[:2] + [rows[2 + pair] for pair in order])
        loss = DPOTrainer._compute_loss(trainer, policy, inputs, False)
        out.append(case(options, loss, rewards=rewards_of(trainer), rejected_order=order))
    for options, kind, attributes in (
        ({"loss_type": "cpo", "beta": 0.3, "label_smoothing": 0.1}, CPOTrainer, {"loss_type": "sigmoid", "cpo_alpha": 1.0}),
        # With cross-entropy beside it, SimPO is CPO-SimPO.
        (
            {"loss_type": "simpo+sft:0.5", "beta": 2.0, "simpo_gamma": 0.5}, CPOTrainer,
            {"loss_type": "simpo", "cpo_alpha": 0.5},
        ),
        ({"loss_type": "orpo", "beta": 0.5}, AnswerORPOTrainer, {}),
    ):
        trainer = without_init(kind, **{
            "is_encoder_decoder": False, "pad_token_id": 0, "padding_value": 0, "alpha": 0.0, "label_smoothing": 0.0,
            **options, **attributes,
        })
        loss, metrics = trainer.get_batch_loss_metrics(policy, preferences(pairs))
        others = {"rejected_order": [0, 1], "rewards": {k: digits(metrics[f"rewards/{k}"]) for k in ("chosen", "rejected", "accuracies", "margins")}}
        if options["loss_type"] in ("cpo", "orpo"):
            others["parts"] = parts_of(metrics)
        if kind is AnswerORPOTrainer:
            # What TRL computes itself, the cross-entropy of prompt and answer.
            trainer.concatenated_forward = types.MethodType(ORPOTrainer.concatenated_forward, trainer)
            whole, metrics = trainer.get_batch_loss_metrics(policy, preferences(pairs))
            others["with_prompts"] = {"loss": digits(whole), "nll_loss": digits(metrics["nll_loss"])}
        out.append(case(options, loss, **others))
    # A good answer to the second prompt and a bad one to the first, and each prompt with the other's: of these the
    # policy gives more than the reference, so that the estimate of the divergence is not cut off at 0.
    rows, labels = [rows[1], rows[2]], [True, False]
    options = {"loss_type": "kto", "beta": 0.5, "desirable_weight": 1.5, "undesirable_weight": 0.75}
    trainer = without_init(
        KTOTrainer, model=policy, ref_model=reference, precompute_ref_logps=False, calculate_KL=True, **options,
        args=types.SimpleNamespace(gradient_checkpointing_kwargs=None),
    )
    mismatched = [(prompt, rows[i - 1][1]) for i, (prompt, _) in enumerate(rows)]
    inputs = {
        **tokens(rows), **{f"KL_{k}": v for k, v in tokens(mismatched).items()},
        "label": torch.tensor(labels),
    }
    loss = KTOTrainer._compute_loss(trainer, policy, inputs, False)
    kl = trainer._metrics["train"]["kl"][-1]
    assert kl > 0
    kto = case(options, loss, kl=digits(kl))
    return {"policy": golden["policy"], "reference": golden["reference"], "cases": out, "unpaired": [kto]}


batches = {"ordinary": ordinary(), "extreme": extreme()}
body = {
    "made_by": {"python": platform.python_version(), "torch": torch.__version__, "transformers": transformers.__version__, "trl": trl.__version__},
    "numbers": {name: pairs.json() for name, pairs in batches.items()},
    "pairs": pair_cases(batches),
    "unpaired": unpaired_cases(),
    "sync": sync_case(),
    "model": model_cases(),
}
assert body["made_by"]["trl"] == "1.16.0" and body["made_by"]["torch"].startswith("2.15.0")
path = os.path.join(HERE, "losses.json")
with open(path, "w") as f:
    json.dump(body, f, separators=(",", ":"), allow_nan=False)
    f.write("\n")
size = os.path.getsize(path)
assert size < 520_000, size
print(f"losses.json: {size} bytes, {len(body['pairs'])} pair cases, {len(body['unpaired'])} unpaired cases")
