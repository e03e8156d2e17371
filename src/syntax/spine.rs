//! The way from a tree's root down to a byte. Walked downwards, since a node's parent is found from the root each time: on
//! a hostile file of 100,000 nested brackets the way up would be quadratic.

use std::ops::Range;

use tree_sitter::{Node, Tree};

/// The longest way that is walked, in nodes: code that a person wrote nests a few dozen deep.
const DEPTH: usize = 2_000;

/// The nodes that cover `range`, from the root down. A node that ends where an empty range stands covers it only when no
/// node begins there.
pub(super) fn down<'tree>(tree: &'tree Tree, range: &Range<usize>) -> Vec<Node<'tree>> {
    let mut cursor = tree.walk();
    let mut nodes = vec![cursor.node()];
    while nodes.len() < DEPTH && cursor.goto_first_child_for_byte(range.start).is_some() {
        let node = cursor.node();
        if node.start_byte() > range.start || node.end_byte() < range.end {
            break;
        }
        nodes.push(node);
    }
    nodes
}
