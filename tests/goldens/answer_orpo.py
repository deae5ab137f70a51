"""TRL's `ORPOTrainer` with the cross-entropy of answers alone.

TRL 1.16 takes the negative log-likelihood of prompt and answer in ORPO, and that of the answer in CPO. The program
takes the answer's in both: the likelihood of the paper (arXiv 2403.07691) is P(y | x), that of an answer given its
prompt. What TRL computes itself is in `losses.json` beside it, so that a test can say by how much the two differ.
Everything else is TRL's own.
"""

from torch.nn.functional import cross_entropy
from trl.experimental.orpo import ORPOTrainer


class AnswerORPOTrainer(ORPOTrainer):
    def concatenated_forward(self, model, batch):
        chosen_logps, rejected_logps, chosen_logits, rejected_logits, _ = super().concatenated_forward(model, batch)
        # The labels of prompts and padding are -100, which cross-entropy leaves out.
        labels = batch["chosen_labels"][:, 1:]
        nll = cross_entropy(chosen_logits[:, : labels.shape[1]].flatten(0, 1), labels.flatten())
        return chosen_logps, rejected_logps, chosen_logits, rejected_logits, nll
