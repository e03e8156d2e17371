//! Where what runs on a copy of the workspace imports from: the copy. A project that is installed in place (`pip install -e`) would
//! have its tests import the user's own files, and a draft would pass that nobody ran.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::syntax::Language;

/// The environment by which a program of `language` imports from the copy at `folder` before anything that is installed.
pub(super) fn of(language: &Language, folder: &Path) -> Vec<(OsString, OsString)> {
    let modules = language.modules;
    let sources = modules.sources().iter().map(|source| folder.join(source));
    // A package is imported by its name: what is in it would hide modules of other places (`lib/logging.py`).
    let is_package = |folder: &PathBuf| modules.files(language, "").any(|file| folder.join(file).exists());
    let sources = sources.filter(|source| source.is_dir() && !is_package(source));
    // A folder whose name has the separator in it cannot be told.
    let path = std::env::join_paths(std::iter::once(folder.to_owned()).chain(sources));
    let told = path.ok().zip(modules.path_variable());
    told.map(|(path, variable)| vec![(variable.into(), path)]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_start_in_the_copy_and_where_its_sources_are() {
        let folder = std::env::temp_dir().join(format!("redraft-imports-{}", std::process::id()));
        for made in ["src/pkg", "lib", "other"] {
            std::fs::create_dir_all(folder.join(made)).unwrap();
        }
        std::fs::write(folder.join("lib/__init__.py"), "").unwrap();
        let told = of(Language::by_id("python").unwrap(), &folder);
        std::fs::remove_dir_all(&folder).unwrap();
        let [(name, path)] = told.try_into().unwrap();
        assert_eq!(name, "PYTHONPATH");
        let path: Vec<PathBuf> = std::env::split_paths(&path).collect();
        assert_eq!(path, [folder.clone(), folder.join("src")]);
    }
}
