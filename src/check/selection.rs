//! Which tests are about a draft: files of tests that name what is drafted and import its module.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use ropey::Rope;

use super::overlay::Overlay;
use crate::syntax::{Source, definition, parse};
use crate::workspace::disk::Disk;

/// The most files of tests that are run for one draft: it is waited for.
const MOST: usize = 10;
/// The largest file that is looked into, in bytes.
const LARGEST: u64 = 1024 * 1024;
/// How long the parse of one may take.
const PARSE: Duration = Duration::from_secs(2);

/// Paths from the root, those that name the most first.
pub(super) fn of(root: &Path, overlay: &Overlay) -> Vec<String> {
    let names = names(overlay);
    let module = module_of(&overlay.path);
    let mut tests: Vec<String> = Vec::new();
    Disk::new(&[root.to_owned()]).walk(|found| {
        if overlay.language.is_test(&found.path) {
            tests.push(found.path.to_string());
        }
    });
    // Tests that are drafted are run wherever they are to stand.
    if overlay.language.is_test(&overlay.path) && !tests.contains(&overlay.path) {
        tests.push(overlay.path.clone());
    }
    let mut found: Vec<(usize, String)> = Vec::new();
    for path in tests {
        let file = root.join(&path);
        let is_own = path == overlay.path;
        if is_own {
            found.push((usize::MAX, path));
            continue;
        }
        if file.metadata().map_or(true, |metadata| metadata.len() > LARGEST) {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let named = names.iter().filter(|name| has_word(&text, name)).count();
        if has_word(&text, module) && named > 0 {
            found.push((named, path));
        }
    }
    found.sort_by(|(a, one), (b, other)| b.cmp(a).then_with(|| one.cmp(other)));
    found.into_iter().take(MOST).map(|(_, path)| path).collect()
}

/// The functions of `tests` that name what is drafted.
pub(super) fn naming(root: &Path, overlay: &Overlay, tests: &[String]) -> HashSet<String> {
    let names = names(overlay);
    let mut naming = HashSet::new();
    for text in tests.iter().filter_map(|path| std::fs::read_to_string(root.join(path)).ok()) {
        let rope = Rope::from_str(&text);
        let tree = parse(overlay.language, &rope, None, PARSE);
        let source = Source { text: &rope, tree: tree.as_ref(), language: overlay.language, path: "" };
        for found in definition::within(&source, &(0..text.len())) {
            let said = text.get(found.whole.clone()).unwrap_or_default();
            if names.iter().any(|name| has_word(said, name)) {
                naming.insert(found.name);
            }
        }
    }
    naming
}

/// The definitions around and in the draft.
fn names(overlay: &Overlay) -> Vec<String> {
    let version = &overlay.after;
    let source = overlay.source(version);
    let around = definition::around(&source, &(overlay.draft.start..overlay.draft.start));
    let within = definition::within(&source, &overlay.draft);
    around.into_iter().chain(within).map(|found| found.name).collect()
}

fn module_of(path: &str) -> &str {
    let stem = |name: &'_ str| name.rfind('.').map_or(name.len(), |dot| dot);
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let name = &name[..stem(name)];
    if name == "__init__" { folder.rsplit('/').next().unwrap_or(folder) } else { name }
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |ch: Option<char>| ch.is_some_and(|ch| ch.is_alphanumeric() || ch == '_');
    !word.is_empty()
        && text.match_indices(word).any(|(at, _)| {
            !is_part(text[..at].chars().next_back()) && !is_part(text[at + word.len()..].chars().next())
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::Language;

    #[test]
    fn files_are_known_by_their_names() {
        let python = Language::by_id("python").unwrap();
        for (path, expected) in [
            ("tests/test_a.py", true),
            ("a_test.py", true),
            ("pkg/tests.py", true),
            ("pkg/testing.py", false),
            ("test_a.txt", false),
        ] {
            assert_eq!(python.is_test(path), expected, "{path}");
        }
        for (path, module) in [("pkg/a.py", "a"), ("pkg/__init__.py", "pkg"), ("a.py", "a")] {
            assert_eq!(module_of(path), module);
        }
        assert!(has_word("import a.b", "b") && !has_word("import ab", "b"));
    }
}
