//! Which modules an environment brings, by the names in its directories of packages; read anew when those change.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// How far above its packages an environment says what it is.
const ABOVE: usize = 4;
/// What stands in its file if it also has what is installed elsewhere.
const SHARED: &str = "include-system-site-packages";
/// The most that is read of a file that names further places.
const SMALL: u64 = 1 << 20;

/// See the module's head.
#[derive(Debug, Default)]
pub(super) struct Installed {
    known: Mutex<Option<Known>>,
}

#[derive(Clone, Debug)]
struct Known {
    /// When the directories changed last.
    changed: Vec<Option<SystemTime>>,
    names: Option<Arc<HashSet<String>>>,
}

impl Installed {
    /// Whether what is in `directories` brings `module`; `None` where there are none, or where more is seen than stands there.
    pub fn brings(&self, directories: &[PathBuf], module: &str) -> Option<bool> {
        if directories.is_empty() {
            return None;
        }
        let changed: Vec<Option<SystemTime>> =
            directories.iter().map(|path| fs::metadata(path).ok()?.modified().ok()).collect();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.as_ref().is_none_or(|known| known.changed != changed) {
            *known = Some(Known { changed, names: names_in(directories).map(Arc::new) });
        }
        Some(known.as_ref()?.names.as_ref()?.contains(module))
    }
}

/// The names of what stands in a directory, each up to its first dot.
pub(super) fn stems(directory: &Path) -> Option<impl Iterator<Item = String>> {
    let entries = fs::read_dir(directory).ok()?.flatten();
    let name = |entry: fs::DirEntry| Some(entry.file_name().to_str()?.split('.').next()?.to_owned());
    Some(entries.filter_map(name))
}

fn names_in(directories: &[PathBuf]) -> Option<HashSet<String>> {
    let mut names = HashSet::new();
    for directory in directories {
        let mut about = directory.ancestors().take(ABOVE).map(|path| path.join("pyvenv.cfg"));
        let said = read(&about.find(|path| path.is_file())?)?.to_lowercase();
        let mut shared = said.lines().filter_map(|line| line.split_once('='));
        if shared.any(|(key, value)| key.trim() == SHARED && value.trim() != "false") {
            return None;
        }
        names.extend(stems(directory)?);
        for entry in fs::read_dir(directory).ok()?.flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|ending| ending == "pth") {
                names.extend(further(directory, &read(&path)?));
            }
        }
    }
    Some(names)
}

/// What a `.pth` file adds: the names in the directories that it names, and all that the modules speak of which it has loaded
/// (projects installed in place by a finder).
fn further(directory: &Path, said: &str) -> Vec<String> {
    let mut names = Vec::new();
    for line in said.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if let Some(loaded) = line.strip_prefix("import ") {
            let is_word = |ch: char| ch == '_' || ch.is_alphanumeric();
            let loaded = loaded.split(|ch| !is_word(ch)).next().unwrap_or_default();
            let text = read(&directory.join(format!("{loaded}.py"))).unwrap_or_default();
            names.extend(text.split(|ch| !is_word(ch)).map(str::to_owned));
        } else if !line.is_empty() {
            names.extend(stems(&directory.join(line)).into_iter().flatten());
        }
    }
    names
}

fn read(path: &Path) -> Option<String> {
    (fs::metadata(path).ok()?.len() <= SMALL).then(|| fs::read_to_string(path).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An environment with these files, each with what it says.
    fn environment(name: &str, files: &[(&str, &str)]) -> (PathBuf, PathBuf) {
        let root = std::env::temp_dir().join(format!("redraft-installed-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        let packages = root.join("lib/python3.12/site-packages");
        fs::create_dir_all(&packages).unwrap();
        for (path, text) in files {
            let path = root.join(path.replace("SP", "lib/python3.12/site-packages"));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        (root, packages)
    }

    #[test]
    fn an_environment_brings_what_its_directories_name() {
        let files = [
            ("pyvenv.cfg", "home = /usr\ninclude-system-site-packages = false\n"),
            ("SP/pkg/__init__.py", ""),
            ("SP/one.py", ""),
            ("SP/fast.cpython-312-x86_64-linux-gnu.so", ""),
            ("SP/own.pth", "../../../elsewhere\n# no\n"),
            ("SP/__editable__.pth", "import __editable___x_finder; __editable___x_finder.install()\n"),
            ("SP/__editable___x_finder.py", "MAPPING = {'placed': '/x/placed'}\n"),
            ("elsewhere/linked/__init__.py", ""),
        ];
        let (root, packages) = environment("has", &files);
        let installed = Installed::default();
        let directories = [packages.clone()];
        for (module, expected) in [
            ("pkg", true),
            ("one", true),
            ("fast", true),
            ("linked", true),
            ("placed", true),
            ("none", false),
        ] {
            assert_eq!(installed.brings(&directories, module), Some(expected), "{module}");
        }
        // What was installed since is there.
        fs::write(packages.join("none.py"), "").unwrap();
        let later = SystemTime::now() + std::time::Duration::from_secs(9);
        fs::File::open(&packages).unwrap().set_modified(later).unwrap();
        assert_eq!(installed.brings(&directories, "none"), Some(true));
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn what_is_not_known_is_not_told() {
        assert_eq!(Installed::default().brings(&[], "pkg"), None);
        let shared = [("pyvenv.cfg", "include-system-site-packages = true\n")];
        for (name, files) in [("shared", &shared[..]), ("none", &[][..])] {
            let (root, packages) = environment(name, files);
            assert_eq!(Installed::default().brings(&[packages], "pkg"), None, "{name}");
            fs::remove_dir_all(root).unwrap();
        }
    }
}
