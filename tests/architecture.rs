//! The rules of `docs/architecture.md` that a machine can check: who may import whom, how files open and how long they
//! get, and that every dependency has earned its sentence.
//!
//! It reads the sources as text. What it must not do: know anything about what the code means.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What each top-level module may import beside itself. A line here is a decision; `docs/architecture.md` has the reasons.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("syntax", &["text"]),
    ("workspace", &["syntax", "text"]),
    ("context", &["workspace", "syntax", "text"]),
    ("model", &[]),
    ("prompt", &["model", "context", "syntax", "text"]),
    ("draft", &["syntax", "text"]),
    ("config", &["model", "text"]),
    ("check", &["config", "workspace", "syntax", "text"]),
    ("job", &["check", "model", "draft", "prompt", "context", "workspace", "syntax", "text"]),
    ("action", &["job", "check", "model", "draft", "prompt", "context", "workspace", "syntax", "text"]),
    (
        "server",
        &[
            "check",
            "config",
            "action",
            "job",
            "model",
            "draft",
            "prompt",
            "context",
            "workspace",
            "syntax",
            "text",
        ],
    ),
    (
        "cli",
        &[
            "server",
            "check",
            "config",
            "action",
            "job",
            "model",
            "draft",
            "prompt",
            "context",
            "workspace",
            "syntax",
            "text",
        ],
    ),
];

/// The most lines that a source file may have: past that there is one room too few.
const MAX_LINES: usize = 800;

/// A module that every other one could import would be a hole in the table, so the crate's root exports modules only.
const ROOTS: &[&str] = &["lib.rs", "main.rs"];

#[test]
fn modules_import_downwards_only() {
    let table: BTreeMap<_, _> = MAY_IMPORT.iter().copied().collect();
    let mut faults = Vec::new();
    for (path, source) in sources("src") {
        let Some(module) = top_module(&path) else { continue };
        let Some(allowed) = table.get(module.as_str()) else {
            faults.push(format!("{}: the module `{module}` is not in MAY_IMPORT", path.display()));
            continue;
        };
        for imported in imports(&without_tests(&source), depth(&path)) {
            if imported != module && !allowed.contains(&imported.as_str()) {
                faults.push(format!("{}: `{module}` may not import `{imported}`", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_table_has_no_cycle_and_names_what_exists() {
    let mut above = BTreeSet::new();
    for (module, allowed) in MAY_IMPORT {
        for imported in *allowed {
            assert!(above.contains(imported), "`{module}` imports `{imported}`, which stands below it");
        }
        above.insert(*module);
        let exists = root().join("src").join(module).is_dir()
            || root().join("src").join(format!("{module}.rs")).is_file();
        assert!(exists, "MAY_IMPORT names `{module}`, which does not exist");
    }
}

#[test]
fn every_source_file_opens_with_what_it_is_for() {
    let unopened: Vec<_> = sources("src")
        .into_iter()
        .filter(|(_, source)| !source.starts_with("//! "))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert!(unopened.is_empty(), "these do not open with `//!`:\n{}", unopened.join("\n"));
}

#[test]
fn no_file_is_over_the_limit() {
    let long: Vec<_> = ["src", "tests", "benches"]
        .into_iter()
        .flat_map(sources)
        .filter(|(_, source)| source.lines().count() > MAX_LINES)
        .map(|(path, source)| format!("{}: {} lines", path.display(), source.lines().count()))
        .collect();
    assert!(long.is_empty(), "over {MAX_LINES} lines:\n{}", long.join("\n"));
}

#[test]
fn every_dependency_has_its_row() {
    let manifest: toml::Table =
        toml::from_str(&read(&root().join("Cargo.toml"))).expect("Cargo.toml is what built this test");
    let direct: BTreeSet<_> = ["dependencies", "dev-dependencies", "build-dependencies"]
        .into_iter()
        .filter_map(|section| manifest.get(section)?.as_table())
        .flat_map(|table| table.keys().cloned())
        .chain(of_the_extension())
        .collect();
    let page = read(&root().join("docs/architecture.md"));
    let told = dependency_rows(&page);
    let untold: Vec<_> = direct.difference(&told).collect();
    assert!(untold.is_empty(), "docs/architecture.md has no row under Dependencies for {untold:?}");
    let gone: Vec<_> = told.difference(&direct).collect();
    assert!(gone.is_empty(), "docs/architecture.md has rows for {gone:?}, which are no dependencies");
}

/// What the extension of VS Code is built with.
fn of_the_extension() -> Vec<String> {
    let package = read(&root().join("editors/vscode/package.json"));
    let package: serde_json::Value = serde_json::from_str(&package).expect("npm reads it, too");
    let sections =
        ["dependencies", "devDependencies"].into_iter().filter_map(|section| package[section].as_object());
    sections.flat_map(|section| section.keys().cloned()).collect()
}

/// The crates in the first column of the table below the heading "Dependencies"; a row may name several.
fn dependency_rows(page: &str) -> BTreeSet<String> {
    let section = page.split("\n## Dependencies\n").nth(1).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    let cells = section.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    cells.flat_map(|cell| cell.split(", ")).map(|name| name.trim_matches(['`', ' ']).to_owned()).collect()
}

/// The names of top-level modules that this text imports by `crate::`, `crate::{…}`, or `super::` from so far up that it
/// is the crate's root. `depth` is how many modules this file is below the root.
fn imports(source: &str, depth: usize) -> BTreeSet<String> {
    let code: String =
        source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut found = BTreeSet::new();
    for root in ["crate::".to_owned(), "super::".repeat(depth)] {
        for (at, _) in code.match_indices(&root) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':' || c == '$') {
                continue;
            }
            found.extend(heads(&code[at + root.len()..]));
        }
    }
    found
}

/// The first names of what follows `crate::`: one, or those of a group.
fn heads(after: &str) -> Vec<String> {
    let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(group) = after.strip_prefix('{') else { return vec![name(after)] };
    let (mut depth, mut heads, mut start) = (0, Vec::new(), 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                heads.push(name(group[start..at].trim()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    heads.retain(|head| !head.is_empty());
    heads
}

/// The text without the items that are compiled for tests only. It relies on rustfmt: an item ends at a `;` or at the
/// brace that stands as far left as it began.
fn without_tests(source: &str) -> String {
    let mut kept = Vec::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            kept.push(line);
            continue;
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let end = format!("{indent}}}");
        let mut first = lines.next();
        while first.is_some_and(|line| line.trim_start().starts_with("#[")) {
            first = lines.next();
        }
        if first.is_some_and(|line| !line.ends_with(';')) {
            lines.by_ref().find(|line| *line == end);
        }
    }
    kept.join("\n")
}

/// The top-level module that this file belongs to; none for the crate's roots and for files of tests only.
fn top_module(path: &Path) -> Option<String> {
    let inside: Vec<_> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let [first, rest @ ..] = inside.as_slice() else { return None };
    let tests = rest.iter().any(|part| part == "tests" || part == "tests.rs");
    if tests || ROOTS.contains(&first.as_str()) {
        return None;
    }
    Some(first.trim_end_matches(".rs").to_owned())
}

/// How many modules a file is below the crate's root: `src/a.rs` and `src/a/mod.rs` one, `src/a/b.rs` two.
fn depth(path: &Path) -> usize {
    let parts = path.iter().count();
    if path.ends_with("mod.rs") { parts - 1 } else { parts }
}

/// All Rust files below a folder of the project, with their paths from there.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let base = root().join(folder);
    let (mut found, mut folders) = (Vec::new(), vec![base.clone()]);
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.expect("a folder of the project can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let below = path.strip_prefix(&base).expect("it was found below").to_owned();
                found.push((below, read(&path)));
            }
        }
    }
    found.sort();
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[expect(clippy::panic, reason = "a helper of tests, whose failure names the file")]
fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_sources_are_found() {
    let found: Vec<_> = sources("src").into_iter().map(|(path, _)| path).collect();
    for expected in ["lib.rs", "text/mod.rs"] {
        assert!(found.contains(&PathBuf::from(expected)), "{expected} is not among {found:?}");
    }
}

#[test]
fn imports_are_seen_in_every_form() {
    let check = |source: &str, depth: usize, expected: &[&str]| {
        let found: Vec<_> = imports(&without_tests(source), depth).into_iter().collect();
        assert_eq!(found, expected, "in:\n{source}");
    };
    check("use crate::text::eol::Eol;\n", 2, &["text"]);
    check("use crate::{\n    draft::{form::Form, Region},\n    text,\n};\n", 2, &["draft", "text"]);
    check("fn f() {\n    crate::model::Tokens(1);\n}\n", 2, &["model"]);
    check("pub(crate) use super::super::server::x;\n", 2, &["server"]);
    check("use super::form::Form;\n", 2, &[]);
    check("use super::text;\n", 1, &["text"]);
    check("// use crate::server::x;\n/// See [`crate::cli`].\n", 2, &[]);
    check("use tower_lsp::crate_name;\nuse my_crate::text;\n", 2, &[]);
    check("#[cfg(test)]\nmod tests {\n    use crate::cli;\n}\nuse crate::text;\n", 2, &["text"]);
    check("#[cfg(test)]\nmod tests;\nuse crate::text;\n", 2, &["text"]);
    check("#[cfg(not(test))]\nuse crate::cli;\n", 2, &["cli"]);
}

#[test]
fn rows_are_read_from_their_section_only() {
    let page = "\n## Modules\n| `a` | x |\n\n## Dependencies\n\n| crate | why |\n|---|---|\n| `b` | x |\n| `c`, `d-e` | y |\n\n## After\n| `f` | x |\n";
    assert_eq!(dependency_rows(page).into_iter().collect::<Vec<_>>(), ["b", "c", "d-e"]);
}
