//! Which open documents count as files of the workspace: those that the walk would find. An editor opens what ignore files leave out, too.

use std::path::Path;

use ignore::Match;
use ignore::gitignore::Gitignore;

use super::{Disk, is_read};

impl Disk {
    /// Whether the walk would find the document at `path`, or will once it is saved. Walks down to it, so it is asked once for each.
    #[must_use]
    pub fn may_show(&self, path: &str) -> bool {
        let Some((file, root)) = self.place(path) else { return false };
        if file.is_file() {
            return self.stamp(path).is_some();
        }
        let directory = file.parent().unwrap_or(root);
        is_read(&file) && self.enters(root, directory) && !is_ignored(&file, root)
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
        walk.filter_entry(move |entry| !excludes(entry) && target.starts_with(entry.path()));
        walk.build().flatten().any(|entry| entry.path() == wanted)
    }
}

/// Whether the ignore files between a new file and its root leave it out; the nearest that says something counts.
fn is_ignored(file: &Path, root: &Path) -> bool {
    let directories = file.ancestors().skip(1).take_while(|directory| directory.starts_with(root));
    let named = directories
        .flat_map(|directory| [".redraftignore", ".ignore", ".gitignore"].map(|name| directory.join(name)));
    let matched = named.filter(|rules| rules.is_file()).find_map(|rules| {
        match Gitignore::new(rules).0.matched_path_or_any_parents(file, false) {
            Match::None => None,
            Match::Ignore(_) => Some(true),
            Match::Whitelist(_) => Some(false),
        }
    });
    matched.unwrap_or(false)
}
