//! Files of real projects: the body of each function is taken away, and the answer is the function as it was. It comes back byte for byte.
//! Run by hand: `REDRAFT_FILES=FOLDER cargo test --test answers -- --ignored real --nocapture`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use redraft::syntax::definition::{Definition, Kind, within};
use redraft::syntax::{Language, Source, parse};
use ropey::Rope;

use crate::row::{Delivered, Ended, Row};

/// What stands for a body, by language.
const STUBS: [(&str, &str); 12] = [
    ("python", "raise NotImplementedError"),
    ("rust", "todo!()"),
    ("typescript", "throw new Error(\"TODO\");"),
    ("typescriptreact", "throw new Error(\"TODO\");"),
    ("javascript", "throw new Error(\"TODO\");"),
    ("go", "panic(\"not implemented\")"),
    ("java", "throw new UnsupportedOperationException();"),
    ("c", "abort();"),
    ("cpp", "throw std::logic_error(\"TODO\");"),
    ("csharp", "throw new NotImplementedException();"),
    ("php", "throw new \\LogicException('TODO');"),
    ("ruby", "raise NotImplementedError"),
];

/// How many functions that do not come back are shown.
const SHOWN: usize = 5;

#[test]
#[ignore = "needs a folder of real files"]
fn real_functions_come_back() {
    let folder = std::env::var("REDRAFT_FILES").unwrap();
    let mut files = Vec::new();
    walk(Path::new(&folder), &mut files);
    files.sort();
    let mut chance = fastrand::Rng::with_seed(1);
    let mut counts: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
    let (mut shown, mut reasons) = (0, BTreeMap::<String, usize>::new());
    for path in files {
        let (Ok(text), Some(language)) =
            (std::fs::read_to_string(&path), Language::by_path(&path.to_string_lossy()))
        else {
            continue;
        };
        for row in taken(&path.to_string_lossy(), &text, language) {
            let got = row.run(Delivered::AsItComes, Ended::ByTheModel, &mut chance);
            let count = counts.entry(language.id).or_default();
            count.0 += 1;
            if got == row.want {
                continue;
            }
            // What is not put in does no harm; what is put in otherwise may.
            let told = got.to_string();
            if let Some(why) = told.strip_prefix("(no draft)") {
                count.1 += 1;
                let why = why.replace(|ch: char| ch.is_ascii_digit(), "");
                *reasons.entry(format!("{} {why}", language.id)).or_default() += 1;
            } else {
                count.2 += 1;
            }
            if shown < SHOWN {
                shown += 1;
                let diff = similar(&got.to_string(), &row.want.to_string());
                println!("==== {}\n{diff}", path.display());
            }
        }
    }
    for (why, count) in reasons {
        println!("{count} {why}");
    }
    assert!(!counts.is_empty(), "no functions below {folder}");
    for (language, (all, none, other)) in counts {
        println!("{language}: {all} functions, {none} without a draft, {other} otherwise than they were");
        // What a file has crooked is made even; more than that is a fault.
        assert!((none + other) * 50 <= all, "{language}");
    }
}

/// The lines in which two texts differ.
fn similar(got: &str, want: &str) -> String {
    let (got, want): (Vec<&str>, Vec<&str>) = (got.lines().collect(), want.lines().collect());
    let head = got.iter().zip(&want).take_while(|(a, b)| a == b).count();
    let tail = got[head..].iter().rev().zip(want[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let part = |lines: &[&str]| lines[head.saturating_sub(2)..lines.len() - tail].join("\n");
    let short = |text: String| text.lines().take(30).collect::<Vec<_>>().join("\n");
    format!("line {head}\n---- got\n{}\n---- wanted\n{}", short(part(&got)), short(part(&want)))
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => walk(&path, files),
            Ok(metadata) if metadata.is_file() => files.push(path),
            _ => {}
        }
    }
}

/// A row for each function of the file whose body stands on lines of its own.
fn taken(path: &str, text: &str, language: &'static Language) -> Vec<Row> {
    let rope = Rope::from_str(text);
    let Some(tree) = parse(language, &rope, None, Duration::from_secs(60)) else { return Vec::new() };
    if tree.root_node().has_error() {
        return Vec::new();
    }
    let source = Source { text: &rope, tree: Some(&tree), language, path };
    let stub = STUBS.iter().find(|(id, _)| *id == language.id).map(|(_, stub)| *stub);
    let row = |one: Definition| {
        let inner = one
            .inner
            .as_ref()
            .filter(|_| one.kind == Kind::Function && !one.one_line && one.stub.is_none())?;
        let documented = language.docs.above().is_none().then_some(one.docstring.as_ref()).flatten();
        let start = documented.map_or(one.opened, |docstring| docstring.end);
        let body = text.get(start..one.body.end)?;
        let end = start + body.trim_end().len();
        // A blank line at its top is not put back.
        let is_blank = body
            .trim_start_matches([' ', '\t', '\r'])
            .strip_prefix('\n')
            .is_some_and(|rest| rest.trim_start_matches([' ', '\t', '\r']).starts_with('\n'));
        let stands = !is_blank
            && text[end..].starts_with(['\n', '\r'])
            && body.trim_start_matches([' ', '\t']).starts_with(['\n', '\r']);
        if !stands || start >= end || text.contains("$0") || text.contains("$1") {
            return None;
        }
        let line = text[..one.itself.start].rfind('\n').map_or(0, |at| at + 1);
        let answer = format!("```\n{}\n```\n", &text[line..one.itself.end]);
        let file = format!("{}\n{inner}{}$0{}", &text[..start], stub?, &text[end..]);
        Some(Row::putting_back(path, file, answer, text.to_owned()))
    };
    within(&source, &(0..text.len())).into_iter().filter_map(row).collect()
}
