//! A copy of a project, and drafts of its file that has about 200 lines.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use redraft::check::{Overlay, Version};
use redraft::syntax::{Language, parse};
use redraft::workspace::disk::Disk;
use redraft::workspace::{Index, build};
use ropey::Rope;

/// The lines of the file that is drafted in, as near as there is one.
const LINES: usize = 200;
pub const PARSE: Duration = Duration::from_secs(10);

/// See the module's head. The copy is gone with the value.
pub struct Project {
    pub root: PathBuf,
    pub disk: Disk,
    pub index: Index,
    /// The file, from the root.
    pub path: String,
    text: String,
}

impl Project {
    pub fn of(folder: &Path) -> Self {
        let name = folder.file_name().expect("a directory has a name");
        let root = std::env::temp_dir().join(format!("redraft-bench-checkers-{}", std::process::id()));
        copy(folder, &root.join(name));
        let root = root.canonicalize().expect("it was just made");
        let disk = Disk::new(std::slice::from_ref(&root));
        let index = build::all(&disk);
        let mut files: Vec<(usize, String)> = Vec::new();
        disk.walk(|found| {
            // Of files that only declare, the built-in checks have nothing to say.
            if found.path.ends_with(".pyi") {
                return;
            }
            let text = fs::read_to_string(root.join(&*found.path)).unwrap_or_default();
            files.push((text.lines().count().abs_diff(LINES), found.path.to_string()));
        });
        let (_, path) = files.into_iter().min().expect("the project has files");
        let text = fs::read_to_string(root.join(&path)).expect("it was just read");
        Self { root, disk, index, path, text }
    }

    pub fn lines(&self) -> usize {
        self.text.lines().count()
    }

    /// The file with a new function, which uses the name `fault`, if there is one.
    pub fn text(&self, fault: Option<&str>) -> Rope {
        let value = fault.unwrap_or("1");
        Rope::from_str(&format!("{}\n\ndef drafted() -> int:\n    return {value}\n", self.text))
    }

    /// The draft beside the file as it is.
    pub fn overlay(&self, after: Rope) -> Overlay {
        let language = Language::by_id("python").expect("it is known");
        let version = |text: Rope| Version { tree: parse(language, &text, None, PARSE), text };
        let (base, end) = (self.text.len(), after.len_bytes());
        Overlay {
            mends: None,
            beside: std::sync::Arc::default(),
            language,
            path: self.path.clone(),
            before: version(Rope::from_str(&self.text)),
            after: version(after),
            base: base..base,
            draft: base..end,
        }
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// A name that is bound nowhere, for every other draft.
pub fn fault(draft: usize) -> Option<String> {
    (draft % 2 == 1).then(|| format!("made_up_{draft}"))
}

/// Fails unless the fault, if there is one, is told, and no other draft's is.
pub fn expect<'a>(who: &str, fault: Option<&str>, messages: impl Iterator<Item = &'a str>) {
    let told: Vec<&str> = messages.filter(|message| message.contains("made_up_")).collect();
    match fault {
        Some(name) => assert!(told.iter().any(|message| message.contains(name)), "{who}: {name}: {told:?}"),
        None => assert!(told.is_empty(), "{who}: {told:?}"),
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the directory for temporary files can be written");
    for entry in fs::read_dir(from).expect("the project can be read").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() && name != "__pycache__" {
            copy(&path, &to.join(name));
        } else if path.extension().is_some_and(|ending| ending == "py" || ending == "pyi") {
            fs::copy(&path, to.join(name)).expect("the project can be read");
        }
    }
}
