#!/usr/bin/env python3
# Writes statistics.json: tests, intervals and corrections by SciPy and statsmodels.
#
#   pip install -r requirements-statistics.txt
#   python statistics_tests.py
#
# What neither has (DeLong's variance, Bonett and Wright's interval, epsilon squared and Steiger's interval) is computed here straight
# from its definition, by counting pairs.

import json
import math
import os
import platform

import numpy as np
import scipy
import scipy.optimize
import scipy.stats as st
import statsmodels
from statsmodels.stats.multitest import multipletests

HERE = os.path.dirname(os.path.abspath(__file__))
Z = st.norm.ppf(0.975)
rng = np.random.default_rng(909)


def sample(n, kind):
    if kind == "normal":
        return rng.normal(0.3, 1.0, n).round(6).tolist()
    if kind == "eighths":  # shares of eight viewers: many ties
        return (rng.binomial(8, 0.55, n) / 8).tolist()
    return np.exp(rng.normal(0, 1.5, n)).round(6).tolist()


def mann_whitney(a, b):
    r = st.mannwhitneyu(a, b, alternative="two-sided", method="asymptotic", use_continuity=True)
    x, y = np.array(a)[:, None], np.array(b)[None, :]
    psi = (x > y) + 0.5 * (x == y)
    delta = 2 * psi.mean() - 1
    se = math.sqrt(psi.mean(axis=1).var(ddof=1) / len(a) + psi.mean(axis=0).var(ddof=1) / len(b))
    return {"a": a, "b": b, "statistic": float(r.statistic), "p": float(r.pvalue), "effect": float(delta),
            "interval": [float(max(-1, delta - 2 * Z * se)), float(min(1, delta + 2 * Z * se))]}


def welch(a, b):
    r = st.ttest_ind(a, b, equal_var=False)
    low, high = r.confidence_interval(0.95)
    return {"a": a, "b": b, "statistic": float(r.statistic), "p": float(r.pvalue),
            "effect": float(np.mean(a) - np.mean(b)), "interval": [float(low), float(high)]}


def spearman(a, b):
    r = st.spearmanr(a, b)
    rho, n = float(r.statistic), len(a)
    half = Z * math.sqrt((1 + rho * rho / 2) / (n - 3))
    with np.errstate(divide="ignore"):
        z = float(np.arctanh(rho))
    return {"a": a, "b": b, "statistic": rho, "p": float(r.pvalue), "effect": rho,
            "interval": [math.tanh(z - half), math.tanh(z + half)]}


def kruskal(groups):
    r = st.kruskal(*groups)
    n, k = sum(map(len, groups)), len(groups)
    # The F statistic of the ranks, and the noncentralities of which it is the 97.5 % and the 2.5 % point.
    ranks = np.split(st.rankdata(np.concatenate(groups)), np.cumsum([len(g) for g in groups])[:-1])
    f = float(st.f_oneway(*ranks).statistic)
    shifts = []
    for share in (0.975, 0.025):
        gap = lambda shift: st.ncf.cdf(f, k - 1, n - k, shift) - share if shift > 0 else st.f.cdf(f, k - 1, n - k) - share
        shifts.append(0.0 if gap(0.0) <= 0 else scipy.optimize.brentq(gap, 0.0, 1e4, xtol=1e-12, rtol=1e-13))
    return {"groups": groups, "statistic": float(r.statistic), "p": float(r.pvalue),
            "effect": max(0.0, float((r.statistic - k + 1) / (n - k))),
            "interval": [shift / (shift + n) for shift in shifts]}


def paired(d):
    r = st.permutation_test((d,), np.mean, permutation_type="samples", n_resamples=np.inf)
    low, high = st.ttest_1samp(d, 0).confidence_interval(0.95)
    return {"d": d, "statistic": float(np.mean(d)), "p": float(r.pvalue), "interval": [float(low), float(high)]}


KINDS = ["normal", "eighths", "skewed"]
body = {
    "mann_whitney": [mann_whitney(sample(n, k), sample(m, k)) for n, m in [(2, 3), (7, 40), (60, 25)] for k in KINDS]
    + [mann_whitney([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]), mann_whitney([1.0, 2.0], [1.0, 2.0])],
    "welch": [welch(sample(n, k), sample(m, k)) for n, m in [(2, 2), (7, 40), (60, 25)] for k in KINDS[::2]]
    + [welch([1.0, 1.0, 1.0], [2.0, 3.0])],
    "spearman": [spearman(sample(n, k), sample(n, KINDS[i - 1])) for n in (5, 30, 200) for i, k in enumerate(KINDS)],
    "kruskal": [kruskal([sample(n + i, k) for i in range(g)]) for n, g in [(3, 2), (4, 10), (25, 3), (90, 6)] for k in KINDS]
    + [kruskal([[1.0, 2.0, 3.0, 5.0], [4.0, 6.0, 7.0, 8.0], [9.0, 10.0, 11.0]])],
    "paired": [paired(sample(n, k)) for n in (4, 6, 10, 13) for k in KINDS],
    "distributions": {
        "normal": [[z, float(2 * st.norm.sf(z))] for z in [0, 1e-3, 0.5, 1, 1.96, 3, 6, 12, 30]],
        "t": [[t, df, float(2 * st.t.sf(t, df))] for t in [0, 0.1, 1, 2.5, 8, 40] for df in [1, 2.5, 9, 57.3, 800, 1e5]],
        "t95": [[df, float(st.t.ppf(0.975, df))] for df in [1, 2.5, 9, 57.3, 800, 1e5]],
        "chi2": [[x, df, float(st.chi2.sf(x, df))] for x in [0, 0.01, 1, 9.2, 60, 300] for df in [1, 2, 9, 30]],
    },
}
lists = [sorted(rng.uniform(0, 0.2, n).round(5).tolist(), key=lambda _: rng.uniform()) for n in (1, 2, 7, 22)]
lists += [[0.01, 0.01, 0.04, 0.04, 1.0], [0.9, 0.8, 0.7], []]
body["corrections"] = [
    {"p": p,
     "holm": multipletests(p, method="holm")[1].tolist() if p else [],
     "bh": st.false_discovery_control(p, method="bh").tolist() if p else []}
    for p in lists
]
made_by = {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__,
           "statsmodels": statsmodels.__version__}
path = os.path.join(HERE, "statistics.json")
with open(path, "w") as f:
    json.dump({"made_by": made_by, **body}, f, separators=(",", ":"), allow_nan=False)
    f.write("\n")
print(path, os.path.getsize(path))
