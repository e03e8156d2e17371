//! Where new imports go: into a statement of the same module, into the group of their kind at its sorted place, or into a
//! new group. Everything is an insertion at an offset of the block.

use super::parse::{Name, Statement};
use super::{COLUMNS, Context, Unit, stdlib::is_stdlib};

/// One level of a parenthesised list that is written anew.
const LEVEL: &str = "    ";

/// Text to put at an offset of the block.
type Insertion = (usize, String);

/// The four sections of isort's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Section {
    Future,
    Standard,
    Other,
    Local,
}

/// Puts `units` into `block`, whose statements are `known`.
pub(super) fn insert(
    block: &str,
    known: &[Statement],
    units: Vec<Unit>,
    eol: &str,
    context: &Context,
) -> String {
    let mut insertions: Vec<Insertion> = Vec::new();
    let mut touched = Vec::new();
    let mut lines = Vec::new();
    for unit in units {
        let home = (0..known.len()).rev().find(|&at| !touched.contains(&at) && known[at].from == unit.from);
        let extended = home
            .filter(|_| unit.from.is_some())
            .and_then(|at| Some((at, extend(block, &known[at], &unit, eol)?)));
        match extended {
            // A statement is extended by one name of a draft; offsets of a second one would no longer be those of a sorted list.
            Some((at, more)) => {
                touched.push(at);
                insertions.extend(more);
            }
            None => lines.push(unit),
        }
    }
    let statements = written(lines, eol);
    if known.is_empty() {
        // A block that lost its imports since it was found: the new ones go before what is there now.
        let after = if block.trim().is_empty() { &context.after } else { block };
        insertions.push((0, fresh(&statements, eol, &context.before, after)));
    } else {
        let groups = groups(block, known);
        for (unit, text) in &statements {
            insertions.push(beside(block, known, &groups, unit, text, eol));
        }
    }
    apply(block, insertions)
}

fn apply(block: &str, mut insertions: Vec<Insertion>) -> String {
    insertions.sort_by_key(|(at, _)| *at);
    let (mut out, mut from) = (String::new(), 0);
    for (at, text) in insertions {
        out.push_str(&block[from..at]);
        out.push_str(&text);
        from = at;
    }
    out.push_str(&block[from..]);
    out
}

/// The insertions that add `unit` to `statement`; `None` where it has no room.
fn extend(block: &str, statement: &Statement, unit: &Unit, eol: &str) -> Option<Vec<Insertion>> {
    if statement.starred() {
        return None;
    }
    let (line, end) = line(block, statement.range.start);
    let item = unit.item();
    let at = position(&statement.names, &unit.name);
    if statement.range.end <= end {
        let fits = block[line..end].chars().count() + item.chars().count() + 2 <= COLUMNS;
        return fits.then(|| match statement.names.get(at) {
            Some(next) => vec![(next.range.start, format!("{item}, "))],
            None => vec![(last_end(statement), format!(", {item}"))],
        });
    }
    statement.parens?; // Continued by backslashes: no style worth going on with.
    // One name on each line.
    let alone =
        |name: &Name| block[self::line(block, name.range.start).0..name.range.start].trim().is_empty();
    let mut rows: Vec<usize> =
        statement.names.iter().map(|name| self::line(block, name.range.start).0).collect();
    rows.dedup();
    if rows.len() != statement.names.len() || !statement.names.iter().all(alone) {
        return None;
    }
    let indent = |name: &Name| block[self::line(block, name.range.start).0..name.range.start].to_owned();
    if let Some(next) = statement.names.get(at) {
        return Some(vec![(next.range.start, format!("{item},{eol}{}", indent(next)))]);
    }
    let last = statement.names.last()?;
    let row_end = self::line(block, last.range.end).1.min(statement.range.end - 1);
    let mut more = Vec::new();
    if !statement.comma {
        more.push((last.range.end, ",".to_owned()));
    }
    // The parenthesis may close on the last name's line.
    let comma = if statement.comma { "," } else { "" };
    more.push((row_end.max(last.range.end), format!("{eol}{}{item}{comma}", indent(last))));
    Some(more)
}

fn last_end(statement: &Statement) -> usize {
    statement.names.last().map_or(statement.range.end, |name| name.range.end)
}

/// What names are sorted by.
type Key = fn(&str) -> (u8, String);

/// Before which of `names` the new one stands: at its sorted place where they are sorted, else behind the last.
fn position(names: &[Name], new: &str) -> usize {
    let keys: [Key; 3] = [
        |name| (class(name), name.to_lowercase()),
        |name| (0, name.to_lowercase()),
        |name| (0, name.to_owned()),
    ];
    let sorted = keys.into_iter().find(|key| names.is_sorted_by_key(|name| key(&name.name)));
    sorted.map_or(names.len(), |key| {
        names.iter().position(|name| key(&name.name) > key(new)).unwrap_or(names.len())
    })
}

/// isort's order by type: constants, classes, the rest.
fn class(name: &str) -> u8 {
    if name.len() > 1 && name.chars().all(|ch| !ch.is_lowercase()) {
        0
    } else if name.starts_with(char::is_uppercase) {
        1
    } else {
        2
    }
}

/// New statements for `units`: one for each module, in order.
fn written(mut units: Vec<Unit>, eol: &str) -> Vec<(Unit, String)> {
    units.sort_by_key(|unit| (section(unit.module()), order(unit)));
    let mut out: Vec<(Unit, Vec<String>)> = Vec::new();
    for unit in units {
        match out.last_mut() {
            Some((first, items)) if unit.from.is_some() && first.from == unit.from => {
                let at = items.partition_point(|item| {
                    (class(item), item.to_lowercase()) < (class(&unit.name), unit.name.to_lowercase())
                });
                items.insert(at, unit.item());
            }
            _ => {
                let item = unit.item();
                out.push((unit, vec![item]));
            }
        }
    }
    out.into_iter()
        .map(|(unit, items)| {
            let head =
                unit.from.as_ref().map_or("import ".to_owned(), |module| format!("from {module} import "));
            let text = format!("{head}{}", items.join(", "));
            if text.chars().count() <= COLUMNS || items.len() == 1 {
                return (unit, text);
            }
            let rows: String = items.iter().map(|item| format!("{LEVEL}{item},{eol}")).collect();
            (unit, format!("{head}({eol}{rows})"))
        })
        .collect()
}

/// isort's default: `import` before `from`, by module; packages further up before nearer ones.
fn order(unit: &Unit) -> (bool, isize, String) {
    (unit.from.is_some(), depth(unit.module()), unit.module().to_lowercase())
}

/// Of `from ..x` minus two: further up comes first.
fn depth(module: &str) -> isize {
    -isize::try_from(module.len() - module.trim_start_matches('.').len()).unwrap_or(0)
}

fn section(module: &str) -> Section {
    if module == "__future__" {
        Section::Future
    } else if module.starts_with('.') {
        Section::Local
    } else if is_stdlib(module) {
        Section::Standard
    } else {
        Section::Other
    }
}

/// The text of a block where there was none, with blank lines around it as the style has them.
fn fresh(statements: &[(Unit, String)], eol: &str, before: &str, after: &str) -> String {
    let before = before.trim_start_matches('\u{feff}');
    let mut out = String::new();
    if !before.is_empty() && !before.ends_with(['\n', '\r']) {
        out.push_str(eol);
    }
    let blank_above = before.trim_end_matches([' ', '\t']).ends_with(&format!("{eol}{eol}"));
    if !before.trim().is_empty() && !blank_above {
        out.push_str(eol);
    }
    for (at, (unit, text)) in statements.iter().enumerate() {
        if at > 0 {
            let apart = section(unit.module()) != section(statements[at - 1].0.module());
            out.push_str(eol);
            out.push_str(if apart { eol } else { "" });
        }
        out.push_str(text);
    }
    if after.trim().is_empty() {
        if before.is_empty() || before.ends_with(['\n', '\r']) {
            out.push_str(if after.starts_with(['\n', '\r']) { "" } else { eol });
        }
        return out;
    }
    out.push_str(eol);
    if !after.starts_with(['\n', '\r']) {
        let definition = ["def ", "async def ", "class ", "@"].iter().any(|start| after.starts_with(start));
        out.push_str(&eol.repeat(if definition { 2 } else { 1 }));
    }
    out
}

/// Statements with no blank line between them: a range of indices.
type Group = std::ops::Range<usize>;

fn groups(block: &str, known: &[Statement]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for at in 0..known.len() {
        let blank = |gap: &str| gap.lines().skip(1).any(|line| line.trim().is_empty());
        let apart = at == 0 || blank(&block[known[at - 1].range.end..known[at].range.start]);
        match groups.last_mut() {
            Some(group) if !apart => group.end = at + 1,
            _ => groups.push(at..at + 1),
        }
    }
    groups
}

/// Where the new statement goes among those that are there.
fn beside(
    block: &str,
    known: &[Statement],
    groups: &[Group],
    unit: &Unit,
    text: &str,
    eol: &str,
) -> Insertion {
    let wanted = section(unit.module());
    match home(known, groups, unit, wanted) {
        Some(group) => {
            let group = &groups[group];
            let at = sorted_place(&known[group.clone()], unit).map(|at| group.start + at);
            match at.filter(|&at| at < group.end) {
                Some(at) => (above(block, &known[at]), format!("{text}{eol}")),
                None => (below(block, &known[group.end - 1]), format!("{eol}{text}")),
            }
        }
        None => {
            let later = groups.iter().find(|group| group_section(&known[(*group).clone()]) > wanted);
            match later {
                Some(group) => (above(block, &known[group.start]), format!("{text}{eol}{eol}")),
                None => (below(block, &known[known.len() - 1]), format!("{eol}{eol}{text}")),
            }
        }
    }
}

/// The group that the new statement belongs to: the one with its package, else one of its section, else the only one if
/// that mixes sections.
fn home(known: &[Statement], groups: &[Group], unit: &Unit, wanted: Section) -> Option<usize> {
    let root = |module: &str| module.trim_start_matches('.').split('.').next().unwrap_or_default().to_owned();
    let same = |group: &Group| {
        wanted == Section::Other
            && known[group.clone()].iter().any(|one| {
                modules(one).any(|module| !module.starts_with('.') && root(module) == root(unit.module()))
            })
    };
    let mixed = |group: &Group| {
        let first = known[group.start..group.end].iter().flat_map(modules).map(section).next();
        known[group.clone()]
            .iter()
            .flat_map(modules)
            .any(|module| Some(section(module)) != first && section(module) != Section::Future)
    };
    groups
        .iter()
        .position(same)
        .or_else(|| groups.iter().rposition(|group| group_section(&known[group.clone()]) == wanted))
        .or_else(|| (wanted != Section::Future && groups.len() == 1 && mixed(&groups[0])).then_some(0))
}

/// The section that most of a group's statements have.
fn group_section(group: &[Statement]) -> Section {
    let count = |wanted| group.iter().flat_map(modules).filter(|module| section(module) == wanted).count();
    let sections = [Section::Future, Section::Standard, Section::Local, Section::Other];
    sections.into_iter().max_by_key(|&wanted| count(wanted)).unwrap_or(Section::Other)
}

fn modules(statement: &Statement) -> impl Iterator<Item = &str> {
    let from = statement.from.as_deref();
    let names = statement.names.iter().map(|name| name.name.as_str()).filter(move |_| from.is_none());
    from.into_iter().chain(names)
}

/// The index before which the new statement is sorted, if the group is sorted: by isort's default order, or by module
/// alone.
fn sorted_place(group: &[Statement], unit: &Unit) -> Option<usize> {
    let first = |one: &Statement| modules(one).next().unwrap_or_default().to_owned();
    let default = |from: bool, module: &str| (u8::from(from), depth(module), module.to_lowercase());
    let alone = |from: bool, module: &str| {
        (0, depth(module), format!("{}\0{}", module.to_lowercase(), u8::from(from)))
    };
    let place = |key: &dyn Fn(bool, &str) -> (u8, isize, String)| {
        let of = |one: &Statement| key(one.from.is_some(), &first(one));
        let new = key(unit.from.is_some(), unit.module());
        group.is_sorted_by_key(of).then(|| group.iter().position(|one| of(one) > new).unwrap_or(group.len()))
    };
    place(&default).or_else(|| place(&alone))
}

/// The start of the statement's line, or of the comment that sits on it.
fn above(block: &str, statement: &Statement) -> usize {
    let mut at = line(block, statement.range.start).0;
    while at > 0 {
        let before = &block[..at];
        let before = before.strip_suffix('\n').unwrap_or(before);
        let start = line_start(before.strip_suffix('\r').unwrap_or(before));
        if !block[start..at].trim_start().starts_with('#') {
            break;
        }
        at = start;
    }
    at
}

/// The end of the statement's line, with its comment.
fn below(block: &str, statement: &Statement) -> usize {
    line(block, statement.range.end).1
}

/// Where the line of `at` starts, and where it ends before its line end.
fn line(block: &str, at: usize) -> (usize, usize) {
    let end = block[at..].find(['\n', '\r']).map_or(block.len(), |found| at + found);
    (line_start(&block[..at]), end)
}

fn line_start(before: &str) -> usize {
    before.rfind(['\n', '\r']).map_or(0, |found| found + 1)
}
