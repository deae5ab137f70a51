//! Token sequences whose common beginnings are stored once.

use std::{collections::HashMap, ops::Range};

/// The parent of first tokens.
const ROOT: usize = usize::MAX;

/// Sequences merged into trees: a *node* is a token together with everything before it, and stands for
/// that token in every sequence that begins so. A decoder's state at a node depends on nothing else.
#[derive(Debug, Clone, Default)]
pub struct Forest {
    pub(super) tokens: Vec<u32>,
    /// How many tokens precede each node.
    pub(super) positions: Vec<usize>,
    pub(super) branches: Vec<Branch>,
    children: HashMap<(usize, u32), usize>,
}

/// The nodes that one sequence added, which follow one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Branch {
    /// The nodes before them, from the root on, in neighbouring runs.
    pub(super) past: Vec<Range<usize>>,
    /// The added nodes.
    pub(super) nodes: Range<usize>,
}

impl Branch {
    /// How many nodes precede the branch.
    pub(super) fn depth(&self) -> usize {
        self.past.iter().map(Range::len).sum()
    }
}

impl Forest {
    /// The number of nodes: what a decoder has to compute.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there are no nodes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The nodes of the longest beginning of `tokens` that some sequence has already.
    fn known(&self, tokens: &[u32]) -> Vec<usize> {
        let mut node = ROOT;
        tokens
            .iter()
            .map_while(|token| {
                node = *self.children.get(&(node, *token))?;
                Some(node)
            })
            .collect()
    }

    /// How many of the first `tokens` some sequence has already.
    #[must_use]
    pub fn shared(&self, tokens: &[u32]) -> usize {
        self.known(tokens).len()
    }

    /// Adds a sequence and returns the node of each of its tokens.
    pub fn insert(&mut self, tokens: &[u32]) -> Vec<usize> {
        let mut nodes = self.known(tokens);
        let added = &tokens[nodes.len()..];
        if added.is_empty() {
            return nodes;
        }
        let (depth, first) = (nodes.len(), self.len());
        self.branches.push(Branch { past: runs(&nodes), nodes: first..first + added.len() });
        for (index, token) in added.iter().enumerate() {
            self.children.insert((nodes.last().copied().unwrap_or(ROOT), *token), first + index);
            nodes.push(first + index);
        }
        self.tokens.extend_from_slice(added);
        self.positions.extend(depth..tokens.len());
        nodes
    }
}

/// Rising numbers as runs of neighbours.
fn runs(nodes: &[usize]) -> Vec<Range<usize>> {
    nodes.chunk_by(|a, b| a + 1 == *b).filter_map(|run| Some(*run.first()?..*run.last()? + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_beginnings_are_stored_once() {
        let mut forest = Forest::default();
        assert_eq!(forest.insert(&[1, 5, 6, 7]), [0, 1, 2, 3]);
        assert_eq!(forest.insert(&[1, 5, 8]), [0, 1, 4]);
        assert_eq!(forest.shared(&[1, 5, 8, 9, 6]), 3);
        assert_eq!(forest.insert(&[1, 5, 8, 9, 6]), [0, 1, 4, 5, 6]);
        // The same token after something else is another node.
        assert_eq!(forest.insert(&[5, 6]), [7, 8]);
        assert_eq!(forest.insert(&[1, 5]), [0, 1]);
        assert_eq!(forest.tokens, [1, 5, 6, 7, 8, 9, 6, 5, 6]);
        assert_eq!(forest.positions, [0, 1, 2, 3, 2, 3, 4, 0, 1]);
        let branch = |past: &[Range<usize>], nodes| Branch { past: past.to_vec(), nodes };
        assert_eq!(
            forest.branches,
            [branch(&[], 0..4), branch(&[0..2], 4..5), branch(&[0..2, 4..5], 5..7), branch(&[], 7..9)]
        );
        assert_eq!(forest.branches[2].depth(), 3);
    }
}
