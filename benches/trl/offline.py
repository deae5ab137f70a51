# What every script here does before it loads torch: the versions that are compared with,
# so many threads, no network, no bars, and nothing of an earlier run.

import importlib.metadata
import os
import pathlib
import sys
import tempfile


def wanted():
    """The packages of requirements.txt and their versions."""
    lines = (pathlib.Path(__file__).parent / "requirements.txt").read_text().split()
    return dict(line.split("==") for line in lines)


def check_versions():
    """Other versions are another comparison: ends the program and says which."""
    other = {}
    for name, version in wanted().items():
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found = "none"
        if found.split("+")[0] != version:
            other[name] = f"{name} {found} instead of {version}"
    if other:
        sys.exit("; ".join(other.values()) + ": pip install -r benches/trl/requirements.txt")


def prepare(threads):
    """Sets the environment; gives a folder that is gone when it is."""
    # The thread pools read these once, when torch is loaded.
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(threads)
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TQDM_DISABLE"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    # The cached reference log-probs of an earlier run must not stand in for this one.
    scratch = tempfile.TemporaryDirectory()
    os.environ["HF_HOME"] = scratch.name
    return scratch
