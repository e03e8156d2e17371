//! Members that classes of the workspace do not have, of objects that are known to be of them.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::Finding;
use super::closed;
use super::objects::Objects;
use crate::syntax::Source;
use crate::syntax::bindings::Names;
use crate::syntax::names::{each, hash};
use crate::workspace::view::{Def, View};

pub(super) fn check(
    source: &Source<'_>,
    text: &str,
    view: &View<'_>,
    names: &Names,
    objects: &Objects<'_>,
) -> Vec<Finding> {
    let whole = 0..source.text.len_bytes();
    let mut lineages: HashMap<Def, Option<Vec<Def>>> = HashMap::new();
    let mut findings = Vec::new();
    for member in names.members(&whole).filter(|member| !member.stored) {
        let name = member.name.as_str();
        let Some(object) = &member.object else { continue };
        // Of these there may be one that is seen nowhere: private ones are called something else, the others may be inherited.
        if name.starts_with("__") || source.language.is_common_member(name) {
            continue;
        }
        let at = member.range.start..member.range.start + object.len();
        let Some(class) = objects.of(object, &at).map(|object| object.class) else { continue };
        let lineage = lineages.entry(class).or_insert_with(|| closed::class(view, text, class));
        let Some(lineage) = lineage else { continue };
        if has(view, lineage, class, name)
            || closed::is_known(view, name)
            || is_mentioned(source, text, names, name)
            || objects.is_narrowed(object)
            || closed::is_spelled(view, text, name)
            || closed::has_open_heirs(view, text, class)
        {
            continue;
        }
        let class = view.facts(class.file).map(|facts| facts.qualified(class.symbol)).unwrap_or_default();
        findings.push(error(member.word.clone(), format!("`{class}` has no `{name}`")));
    }
    findings
}

/// Whether the class has the member, or a file that a class comes from speaks of its name.
fn has(view: &View<'_>, lineage: &[Def], class: Def, name: &str) -> bool {
    let is_spoken_of =
        |def: &Def| def.file != view.own() && view.facts(def.file).is_none_or(|facts| facts.uses(hash(name)));
    view.inherited(class, name).is_some() || lineage.iter().any(is_spoken_of)
}

/// Whether the text's code names it other than where it is looked up: a method, an assignment.
fn is_mentioned(source: &Source<'_>, text: &str, names: &Names, name: &str) -> bool {
    let whole = 0..text.len();
    let looked_up = names.members(&whole).filter(|member| !member.stored && member.name == name);
    let looked_up: HashSet<usize> = looked_up.map(|member| member.word.start).collect();
    let mut is_there = false;
    each(source.language, text, |at, word| is_there |= word == name && !looked_up.contains(&at));
    is_there
}

fn error(range: Range<usize>, message: String) -> Finding {
    Finding::error("names", "no-member", range, message)
}
