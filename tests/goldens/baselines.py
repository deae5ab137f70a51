"""Makes baselines.json: TF-IDF by the formulas of scikit-learn's TfidfVectorizer and ridge regression by its normal
equations, in NumPy 2.4.6, for core/src/judge/baseline.

    python tests/goldens/baselines.py > tests/goldens/baselines.json
"""

import json
import re

import numpy as np

TEXTS = [
    "The owl sleeps in the barn, alone.",
    "An owl! Two owls? The barn is full of owls.",
    "Nobody remembers the grey wall.",
    "The grey wall is behind the barn.",
    "Fire! Fire in the barn!",
    "She sold the barn in 1987 and it's gone.",
    "It's a wall, it's grey, it's 3 m high.",
    "A fox",
]
SCORES = [0.6, 0.7, 0.1, 0.2, 0.95, 0.5, 0.15, 0.4]
NEW = ["The fox in the grey barn!", "owl", "", "1987 walls of fire"]
ALPHA = 1.0


def words(text):
    return re.findall(r"\w+|[^\w\s]", text.lower())


def pieces(text):
    found = []
    for word in text.lower().split():
        word = f" {word} "
        for length in range(2, 5):
            found += [word[at : at + length] for at in range(len(word) - length + 1)]
            if len(word) <= length:
                break
    return found


def fitted(cut):
    known = sorted({term for text in TEXTS for term in cut(text)})
    column = {term: at for at, term in enumerate(known)}
    with_term = np.array([sum(term in cut(text) for text in TEXTS) for term in known])
    idf = np.log((1 + len(TEXTS)) / (1 + with_term)) + 1

    def row(text):
        counts = np.zeros(len(known))
        for term in cut(text):
            if term in column:
                counts[column[term]] += 1
        values = counts * idf
        norm = np.linalg.norm(values)
        return values / norm if norm else values

    x = np.array([row(text) for text in TEXTS])
    y = np.array(SCORES)
    centred = x - x.mean(0)
    weights = np.linalg.solve(centred.T @ centred + ALPHA * np.eye(len(known)), centred.T @ (y - y.mean()))
    intercept = y.mean() - x.mean(0) @ weights
    return [float(row(text) @ weights + intercept) for text in NEW]


print(
    json.dumps(
        {"texts": TEXTS, "scores": SCORES, "new": NEW, "words": fitted(words), "pieces": fitted(pieces)}, indent=1
    )
)
