//! What a workspace asks of everybody who writes code in it: `AGENTS.md` (the nearest first, as agents.md has it), `CLAUDE.md`,
//! `.github/copilot-instructions.md`, and `.redraft/rules/*.md`, which may be for some files only. Of trusted workspaces alone.

use std::fs;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use ignore::gitignore::GitignoreBuilder;

use super::library::is_plain;
use crate::model::Tokens;

/// Files of the root, after those that are nearer.
const OF_THE_ROOT: [&str; 2] = ["CLAUDE.md", ".github/copilot-instructions.md"];
/// The file that each folder may have.
const OF_FOLDERS: &str = "AGENTS.md";
/// The folder of rules for some files.
const FOLDER: &str = ".redraft/rules";
/// The keys that say which files those are: ours, VS Code's.
const GLOBS: [&str; 2] = ["globs", "applyTo"];

/// The most that is read of one file, in bytes, the most files of the folder, and how deep a file may lie.
const LARGEST: u64 = 64 * 1024;
const MOST: usize = 100;
const DEPTH: usize = 32;

/// What one file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// From the workspace's root, with `/`.
    pub path: String,
    pub text: String,
    /// An estimate that is not too small.
    pub tokens: Tokens,
}

/// Those for the file at `path`, which is below `root`: what comes first counts more. Looks at the disk.
#[must_use]
pub fn read(root: &Path, path: &Path) -> Vec<Rule> {
    let Ok(below) = path.strip_prefix(root) else { return Vec::new() };
    if !below.components().all(|part| matches!(part, Component::Normal(_))) {
        return Vec::new();
    }
    let folders = below.ancestors().skip(1).take(DEPTH);
    let mut names: Vec<PathBuf> = folders.map(|folder| folder.join(OF_FOLDERS)).collect();
    names.extend(OF_THE_ROOT.map(PathBuf::from));
    let mut rules: Vec<Rule> = Vec::new();
    let mut add = |name: &Path, text: &str| {
        let text = text.trim();
        // One tool's file is often a copy of another's.
        if !text.is_empty() && !rules.iter().any(|known| known.text == text) {
            let parts: Vec<_> = name.components().map(|part| part.as_os_str().to_string_lossy()).collect();
            rules.push(Rule { path: parts.join("/"), text: text.to_owned(), tokens: Tokens::estimate(text) });
        }
    };
    for name in names {
        if let Some(text) = text_of(&root.join(&name)) {
            add(&name, &text);
        }
    }
    let folder = root.join(FOLDER);
    let entries = is_plain(root, &folder)
        .then(|| fs::read_dir(&folder))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(Result::ok);
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "md"));
    files.sort();
    for file in files.into_iter().take(MOST) {
        let Some(text) = text_of(&file) else { continue };
        let (globs, body) = split(&text);
        if globs.is_none_or(|globs| is_for(root, below, &globs)) {
            add(&Path::new(FOLDER).join(file.file_name().unwrap_or_default()), body);
        }
    }
    rules
}

/// As many of them as fit, the first ones before the others; of one that does not fit whole, its beginning, up to the end of a
/// paragraph or at least of a line.
#[must_use]
pub fn fitting(rules: &[Rule], budget: Tokens) -> Vec<Rule> {
    let (mut left, mut fitting) = (budget.0, Vec::new());
    for rule in rules {
        let text = if rule.tokens.0 <= left {
            rule.text.clone()
        } else {
            let cut = ["\n\n", "\n"].map(|end| beginning(&rule.text, end, left));
            let [paragraphs, lines] = cut;
            if paragraphs.is_empty() { lines } else { paragraphs }
        };
        if !text.is_empty() {
            let tokens = Tokens::estimate(&text);
            left = left.saturating_sub(tokens.0);
            fitting.push(Rule { path: rule.path.clone(), tokens, text });
        }
    }
    fitting
}

/// As much of the text as fits, in parts that end so, and a word that there was more.
fn beginning(text: &str, end: &str, budget: u32) -> String {
    let mut shown = String::new();
    for part in text.split_inclusive(end) {
        if Tokens::estimate(&format!("{shown}{part}{CUT}")).0 > budget {
            break;
        }
        shown.push_str(part);
    }
    let shown = shown.trim_end();
    if shown.is_empty() { String::new() } else { format!("{shown}\n{CUT}") }
}

/// What stands where a file of rules was cut.
const CUT: &str = "[…]";

/// The globs of a file's front matter, and what stands below that. Read by lines: other tools write `globs: *.ts`, which is no YAML.
fn split(text: &str) -> (Option<Vec<String>>, &str) {
    let is_rule = |line: &str| line.trim_end() == "---";
    let mut lines = text.split_inclusive('\n');
    if !lines.next().is_some_and(is_rule) {
        return (None, text);
    }
    let (mut globs, mut at, mut is_listed) =
        (None::<Vec<String>>, text.find('\n').map_or(0, |end| end + 1), false);
    for line in lines {
        at += line.len();
        if is_rule(line) {
            return (globs, &text[at..]);
        }
        if let Some(item) = line.trim_start().strip_prefix("- ").filter(|_| is_listed) {
            globs.get_or_insert_default().push(plain(item));
        } else {
            let value = line.split_once(':').filter(|(key, _)| GLOBS.contains(&key.trim()));
            is_listed = value.is_some();
            if let Some((_, value)) = value {
                let value = value.trim().trim_start_matches('[').trim_end_matches(']');
                globs.get_or_insert_default().extend(parts(value).iter().map(|part| plain(part)));
            }
        }
    }
    // What does not end is no front matter.
    (None, text)
}

/// A glob without its quotes.
fn plain(text: &str) -> String {
    text.trim().trim_matches(['"', '\'']).trim().trim_start_matches("./").to_owned()
}

/// What commas outside of braces part.
fn parts(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0u32);
    for (at, ch) in text.char_indices() {
        match ch {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Whether `path`, below `root`, is one of those that the globs name.
fn is_for(root: &Path, path: &Path, globs: &[String]) -> bool {
    let mut builder = GitignoreBuilder::new(root);
    for glob in globs.iter().flat_map(|glob| alternatives(glob)).filter(|glob| !glob.is_empty()) {
        if let Err(error) = builder.add_line(None, &glob) {
            tracing::warn!(%error, "a rule's glob is none");
        }
    }
    builder.build().is_ok_and(|globs| globs.matched_path_or_any_parents(path, false).is_ignore())
}

/// `*.{ts,tsx}` as `*.ts` and `*.tsx`: git's patterns have no braces.
fn alternatives(glob: &str) -> Vec<String> {
    let braces = glob.find('{').and_then(|open| Some((open, open + glob[open..].find('}')?)));
    let Some((open, close)) = braces else { return vec![glob.to_owned()] };
    let (head, tail) = (&glob[..open], &glob[close + 1..]);
    glob[open + 1..close].split(',').map(|one| format!("{head}{}{tail}", one.trim())).collect()
}

/// Nothing for what is no file: a link would lead out of the workspace.
fn text_of(path: &Path) -> Option<String> {
    let meta = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?;
    if meta.len() > LARGEST {
        tracing::warn!(path = %path.display(), bytes = meta.len(), "these rules are too long to be read");
        return None;
    }
    let mut text = String::new();
    fs::File::open(path).ok()?.take(LARGEST).read_to_string(&mut text).ok()?;
    Some(text.trim_start_matches('\u{feff}').replace("\r\n", "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_rules_come_first_and_those_for_other_files_do_not() {
        let root = std::env::temp_dir().join(format!("redraft-rules-{}", std::process::id()));
        for (path, text) in [
            ("AGENTS.md", "Root.\n"),
            ("pkg/AGENTS.md", "Package.\n"),
            ("pkg/deep/AGENTS.md", "\n"),
            ("other/AGENTS.md", "Other.\n"),
            ("CLAUDE.md", "Root.\n"),
            (".github/copilot-instructions.md", "Copilot.\n"),
            (".redraft/rules/all.md", "All.\n"),
            (".redraft/rules/python.md", "---\nglobs: [\"pkg/**/*.py\", \"*.pyi\"]\n---\nPython.\n"),
            (".redraft/rules/tests.md", "---\napplyTo: \"tests/**, test_*.py\"\n---\nTests.\n"),
            (
                ".redraft/rules/cursor.md",
                "\u{feff}--- \ndescription: x: y\nglobs: **/*.{ts,tsx}, ./tests/*.js\nalwaysApply: false\n---\nTypeScript.\n",
            ),
            (".redraft/rules/list.md", "---\nglobs:\n  - \"*.go\"\n  - '*.rs'\n---\nCompiled.\n"),
            (".redraft/rules/notes.txt", "Notes.\n"),
        ] {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let told = |path: &str| -> String {
            let rules = read(&root, &root.join(path));
            rules.iter().map(|rule| rule.text.as_str()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(told("pkg/deep/a.py"), "Package. Root. Copilot. All. Python.");
        assert_eq!(told("test_a.py"), "Root. Copilot. All. Tests.");
        assert_eq!(told("tests/deep/a.py"), "Root. Copilot. All. Tests.");
        assert_eq!(told("a/b.tsx"), "Root. Copilot. All. TypeScript.");
        assert_eq!(told("tests/a.js"), "Root. Copilot. All. TypeScript. Tests.");
        assert_eq!(told("a/b.rs"), "Root. Copilot. All. Compiled.");
        assert_eq!(told("../elsewhere.py"), "");
        let rules = read(&root, &root.join("pkg/a.py"));
        assert_eq!(rules[0].path, "pkg/AGENTS.md");
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(root.join("AGENTS.md"), root.join("other/deep")).unwrap();
            fs::remove_file(root.join("CLAUDE.md")).unwrap();
            std::os::unix::fs::symlink("/etc/hostname", root.join("CLAUDE.md")).unwrap();
            assert_eq!(told("test_a.py"), "Root. Copilot. All. Tests.");
        }
        fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn what_does_not_fit_is_cut_at_a_paragraph() {
        let rule = |text: &str| Rule {
            path: "AGENTS.md".to_owned(),
            text: text.to_owned(),
            tokens: Tokens::estimate(text),
        };
        let rules =
            [rule("One two three."), rule("Four five six.\n\nSeven eight nine.\n\nTen."), rule("Last.")];
        let told = |budget| -> Vec<String> {
            fitting(&rules, Tokens(budget)).into_iter().map(|rule| rule.text).collect()
        };
        assert_eq!(told(1_000).len(), 3);
        assert_eq!(told(0), Vec::<String>::new());
        let first = rules[0].tokens.0;
        assert_eq!(told(first), ["One two three."]);
        let second = Tokens::estimate("Four five six.\n\n[…]").0;
        assert_eq!(told(first + second), ["One two three.", "Four five six.\n[…]"]);
        // A list without blank lines is cut at a line, and what fits behind it is shown.
        let list = [rule("- one is one\n- two is two\n- three is many more than two"), rule("Last.")];
        let budget = Tokens::estimate("- one is one\n- two is two\n[…]").0 + Tokens::estimate("Last.").0;
        let told: Vec<String> = fitting(&list, Tokens(budget)).into_iter().map(|rule| rule.text).collect();
        assert_eq!(told, ["- one is one\n- two is two\n[…]", "Last."]);
    }
}
