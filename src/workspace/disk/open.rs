//! Which open documents count as files of the workspace: those that the walk would find. An editor opens what ignore files leave out, too.

use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::{Disk, is_read, looks_secret};

impl Disk {
    /// Whether the walk would find the document at `path`, or will once it is saved; one whose name tells no language is one by its
    /// editor's word. Walks down to it, so it is asked once for each.
    #[must_use]
    pub fn may_show(&self, path: &str) -> bool {
        let Some((file, root)) = self.place(path) else { return false };
        if file.is_file() && is_read(&file) {
            return self.stamp(path).is_some();
        }
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let directory = file.parent().unwrap_or(root);
        !name.starts_with('.') && !leaves_out(&file) && self.enters(root, directory)
    }

    /// Whether the walk of a root enters a directory; one that is not there yet, if it enters the nearest that is.
    fn enters(&self, root: &Path, directory: &Path) -> bool {
        let mut inside = directory.ancestors().take_while(|directory| directory.starts_with(root));
        let wanted = inside.find(|directory| directory.is_dir()).unwrap_or(root).to_owned();
        if wanted == root {
            return true;
        }
        let (target, excludes) = (wanted.clone(), self.excludes(root));
        let mut walk = self.walker(root);
        walk.filter_entry(move |entry| target.starts_with(entry.path()) && !excludes(entry));
        walk.build().flatten().any(|entry| entry.path() == wanted)
    }
}

/// Whether a file is not to be shown, whatever else it is: ignore files leave it out, or its name looks like secrets. The rules are those of
/// the walk, in its order: by kind, and of each kind the nearest that says something.
#[must_use]
pub fn leaves_out(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let kinds = [".redraftignore", ".ignore", ".gitignore"].into_iter();
    let mut rules =
        kinds.flat_map(|kind| file.ancestors().skip(1).map(move |directory| directory.join(kind)));
    let of_files = rules.find_map(|path| says(&path, path.parent()?, file));
    let of_repository = || {
        let repository = file.ancestors().skip(1).find(|directory| directory.join(".git").exists())?;
        says(&repository.join(".git/info/exclude"), repository, file)
    };
    let of_user = || {
        let (global, _) = Gitignore::global();
        let mut parts = file.ancestors().zip([false].into_iter().chain(std::iter::repeat(true)));
        parts.find_map(|(path, is_directory)| answer(&global.matched(path, is_directory)))
    };
    looks_secret(&name) || of_files.or_else(of_repository).or_else(of_user).unwrap_or(false)
}

/// What the rules of one file, which are of this directory, say of a file below.
fn says(rules: &PathBuf, directory: &Path, file: &Path) -> Option<bool> {
    if !rules.is_file() {
        return None;
    }
    let mut builder = GitignoreBuilder::new(directory);
    // A rule that cannot be read says nothing.
    let _ = builder.add(rules);
    answer(&builder.build().ok()?.matched_path_or_any_parents(file, false))
}

fn answer<T>(matched: &Match<T>) -> Option<bool> {
    match matched {
        Match::None => None,
        Match::Ignore(_) => Some(true),
        Match::Whitelist(_) => Some(false),
    }
}
