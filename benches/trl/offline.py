# What every script here does before it loads torch: so many threads, no network, no
# bars, and nothing of an earlier run.

import os
import tempfile


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
