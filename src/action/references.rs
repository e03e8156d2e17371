//! Code that its user names as the example for a topic (`[[context.reference]]`): shown where what is asked is about that.

use std::path::Path;

use ignore::gitignore::GitignoreBuilder;

use crate::context::{Excerpt, Reason};
use crate::model::Tokens;
use crate::syntax::definition;
use crate::syntax::{Source, parse};
use crate::workspace::view::View;

/// The most files of one topic that are shown, and how long the parse of one may take.
const FILES: usize = 3;
const PARSE: std::time::Duration = std::time::Duration::from_secs(1);

/// A topic, and the files that show how it is done here, as globs from the workspace's root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reference {
    pub topic: String,
    pub files: Vec<String>,
}

/// What is shown of the references whose topic `said` names, within `budget`: of a file that is too long, its first definitions.
pub(super) fn shown(view: &View<'_>, references: &[Reference], said: &str, budget: Tokens) -> Vec<Excerpt> {
    let (mut left, mut excerpts): (u32, Vec<Excerpt>) = (budget.0, Vec::new());
    let own = view.path(view.own());
    for reference in references.iter().filter(|reference| names(said, &reference.topic)) {
        let mut builder = GitignoreBuilder::new("");
        // What is no glob matches nothing; the configuration was told of it.
        reference.files.iter().for_each(|glob| drop(builder.add_line(None, glob)));
        let Ok(globs) = builder.build() else { continue };
        let paths = view.index().files().iter().map(|entry| entry.path.clone());
        let is_one = |path: &std::sync::Arc<str>| {
            **path != *own && globs.matched(Path::new(&**path), false).is_ignore()
        };
        for path in paths.filter(is_one).take(FILES) {
            if excerpts.iter().any(|known| known.label == *path) {
                continue;
            }
            let Some(text) = view.index().file(&path).and_then(|file| view.text(file)) else { continue };
            let text = fitting(view, &path, &text.replace("\r\n", "\n"), left);
            let tokens = Tokens::estimate(&text).0;
            if !text.trim().is_empty() {
                left = left.saturating_sub(tokens);
                let (label, name) = (path.to_string(), String::new());
                excerpts.push(Excerpt {
                    label,
                    line: 0,
                    name,
                    text,
                    reason: Reason::Reference,
                    likely: 1.0,
                    tokens,
                });
            }
        }
    }
    excerpts
}

/// The text, or as many of its first definitions as fit.
fn fitting(view: &View<'_>, path: &str, text: &str, budget: u32) -> String {
    let text = text.trim_end();
    if Tokens::estimate(text).0 <= budget {
        return text.to_owned();
    }
    let rope = ropey::Rope::from_str(text);
    let tree = parse(view.language(), &rope, None, PARSE);
    let source = Source { text: &rope, tree: tree.as_ref(), language: view.language(), path };
    let all = definition::within(&source, &(0..text.len()));
    let ends = all.iter().map(|found| found.whole.end).filter_map(|end| text.get(..end));
    ends.filter(|part| Tokens::estimate(part).0 <= budget)
        .max_by_key(|part| part.len())
        .unwrap_or_default()
        .to_owned()
}

/// Whether a text has the topic as a word or words, whatever their case.
fn names(said: &str, topic: &str) -> bool {
    let words = |text: &str| -> String {
        let parts = text.split(|ch: char| !ch.is_alphanumeric()).filter(|part| !part.is_empty());
        parts.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
    };
    let (said, topic) = (format!(" {} ", words(said)), words(topic));
    !topic.is_empty() && said.contains(&format!(" {topic} "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_is_shown_as_far_as_it_fits() {
        let workspace = crate::workspace::fixture::Workspace::new(
            "//- a.py\ndef f():\n    $0pass\n//- common/redis_store.py\nimport redis\n\n\ndef one():\n    return 1\n\n\ndef two():\n    return 2\n//- other.py\nx = 1\n",
        );
        let view = workspace.view();
        let reference =
            |topic: &str| Reference { topic: topic.to_owned(), files: vec!["common/redis_*.py".to_owned()] };
        for (topic, said, budget, expected) in [
            (
                "redis",
                "keep it in Redis, please",
                1_000,
                "import redis\n\n\ndef one():\n    return 1\n\n\ndef two():\n    return 2",
            ),
            ("redis", "keep it in Redis", 16, "import redis\n\n\ndef one():\n    return 1"),
            ("redis", "prediskish", 1_000, ""),
            ("redis", "redis", 1, ""),
            ("circuit breaker", "write a circuit-breaker", 16, "import redis\n\n\ndef one():\n    return 1"),
            ("", "redis", 1_000, ""),
        ] {
            let shown = shown(&view, &[reference(topic)], said, Tokens(budget));
            let text: Vec<&str> = shown.iter().map(|excerpt| excerpt.text.as_str()).collect();
            assert_eq!(text.join("|"), expected, "{topic} {said} {budget}");
        }
    }
}
