//! What imports take, wherever they stand: also in functions, which facts do not enter.

use std::ops::Range;

use super::{Source, lines, query};

/// One thing that an import takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taking {
    /// With its leading dots where it is relative.
    pub module: String,
    /// Of the module.
    pub range: Range<usize>,
    /// What is taken of it (`*` for all), and where that stands; nothing where the module itself is imported.
    pub member: Option<(String, Range<usize>)>,
    /// It stands in something that may not come to it: an `if`, a `try`.
    pub is_conditional: bool,
}

/// Those of `source`, in order; none without a tree, or where not all could be found.
#[must_use]
pub fn taken(source: &Source<'_>) -> Vec<Taking> {
    let Some(tree) = source.tree else { return Vec::new() };
    let text = source.text;
    let mut taken: Vec<Taking> = Vec::new();
    let is_whole = query::run_whole(&source.language.queries().taken, tree, text, |captures| {
        let Some(module) = query::get(captures, "module") else { return };
        let member = query::get(captures, "member");
        let member = member.map(|node| (lines::slice(text, &node.byte_range()), node.byte_range()));
        taken.push(Taking {
            module: lines::slice(text, &module.byte_range()),
            range: module.byte_range(),
            member,
            is_conditional: is_conditional(source, module),
        });
    });
    if is_whole { taken } else { Vec::new() }
}

fn is_conditional(source: &Source<'_>, module: tree_sitter::Node<'_>) -> bool {
    let kinds = &source.language.kinds;
    let always = [kinds.blocks, kinds.functions, kinds.classes, kinds.decorated, kinds.imports];
    let mut above = std::iter::successors(module.parent(), tree_sitter::Node::parent);
    let mut found = above.by_ref().skip_while(|node| !kinds.imports.contains(&node.kind()));
    found.any(|node| !always.iter().any(|kinds| kinds.contains(&node.kind())))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;

    #[test]
    fn imports_are_found_wherever_they_stand() {
        for (text, expected) in [
            ("import a.b, c as d\n", "a.b; c"),
            ("from ..a import b, c as d\nfrom . import *\n", "..a b; ..a c; . *"),
            ("def f():\n    class A:\n        from a import (b)\n", "a b"),
            ("if x:\n    import a\ntry:\n    import b\nexcept E:\n    import c\n", "a?; b?; c?"),
            ("from __future__ import annotations\n", ""),
        ] {
            let fixture = Fixture::new(text);
            let told: Vec<String> = taken(&fixture.source())
                .into_iter()
                .map(|one| {
                    assert_eq!(text[one.range.clone()], one.module);
                    let member = one.member.map(|(name, _)| format!(" {name}")).unwrap_or_default();
                    format!("{}{member}{}", one.module, if one.is_conditional { "?" } else { "" })
                })
                .collect();
            assert_eq!(told.join("; "), expected, "{text}");
        }
    }
}
