//! How a language's imports name files: paths in, candidate paths out. Nothing here looks whether a file is there.
//!
//! Paths are relative to a root, with `/`. A module is a file or a directory; both are tried.

use super::Language;

/// How modules are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modules {
    /// `a.b` is `a/b.py` or the directory `a/b` with its `__init__.py`; leading dots begin at the importing file's directory.
    Dotted {
        /// The stem of the file that stands for its directory.
        package: &'static str,
        /// Directories below a root whose contents are imported as if they stood in the root.
        sources: &'static [&'static str],
        /// The environment variable that names more folders from which imports start, before all that is installed.
        path: &'static str,
        /// What the name of an installed package that is only declarations for another one ends with (PEP 561).
        stubs: &'static str,
    },
}

/// Where a module may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// This path, without a file's ending: relative imports say exactly where.
    Exact(String),
    /// This path below some directory from which imports start.
    Below(String),
}

impl Modules {
    /// Where `module`, imported by the file at `from`, is to be looked for; `None` for what goes beyond the root.
    #[must_use]
    pub fn place(self, from: &str, module: &str) -> Option<Place> {
        let Self::Dotted { .. } = self;
        let rest = module.trim_start_matches('.');
        let level = module.len() - rest.len();
        let rest = rest.replace(['.', ' '], "/");
        if level == 0 {
            return Some(Place::Below(rest));
        }
        let mut directory = parent(from)?;
        for _ in 1..level {
            directory = parent(directory)?;
        }
        Some(Place::Exact(join(directory, &rest)))
    }

    /// The files that stand for the module at `path` (without an ending): the first that is there is it.
    pub fn files(self, language: &Language, path: &str) -> impl Iterator<Item = String> {
        let Self::Dotted { package, .. } = self;
        // A package goes before a module of its name, as at run time.
        let ways = if path.is_empty() {
            vec![package.to_owned()]
        } else {
            vec![format!("{path}/{package}"), path.to_owned()]
        };
        let endings = [language.extensions.first(), language.declarations.first()];
        ways.into_iter()
            .flat_map(move |way| endings.into_iter().flatten().map(move |ending| format!("{way}.{ending}")))
    }

    /// The module's own path, without its ending and without the stem that stands for the directory.
    #[must_use]
    pub fn stem(self, path: &str) -> &str {
        let Self::Dotted { package, .. } = self;
        let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
        match stem.strip_suffix(package) {
            Some(directory) if directory.is_empty() || directory.ends_with('/') => {
                directory.trim_end_matches('/')
            }
            _ => stem,
        }
    }

    /// Whether the file at `path` stands for its directory.
    #[must_use]
    pub fn is_package(self, path: &str) -> bool {
        let Self::Dotted { package, .. } = self;
        let name = path.rsplit('/').next().unwrap_or(path);
        name.split('.').next() == Some(package)
    }

    /// The path below a directory of installed packages where the declarations for the module at `path` are.
    #[must_use]
    pub fn declared(self, path: &str) -> String {
        let Self::Dotted { stubs, .. } = self;
        match path.split_once('/') {
            Some((package, rest)) => format!("{package}{stubs}/{rest}"),
            None => format!("{path}{stubs}"),
        }
    }

    /// Directories below a root from which imports start too.
    #[must_use]
    pub fn sources(self) -> &'static [&'static str] {
        let Self::Dotted { sources, .. } = self;
        sources
    }

    /// The environment variable that names more folders from which imports start.
    #[must_use]
    pub fn path_variable(self) -> &'static str {
        let Self::Dotted { path, .. } = self;
        path
    }
}

/// The directory of `path`; that of a name alone is the root, and the root has none.
#[must_use]
pub fn parent(path: &str) -> Option<&str> {
    match path.rsplit_once('/') {
        Some((directory, _)) => Some(directory),
        None => (!path.is_empty()).then_some(""),
    }
}

/// `directory/rest`, where neither may be empty.
#[must_use]
pub fn join(directory: &str, rest: &str) -> String {
    match (directory, rest) {
        ("", rest) => rest.to_owned(),
        (directory, "") => directory.to_owned(),
        (directory, rest) => format!("{directory}/{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_name_places() {
        let python = Language::by_id("python").unwrap();
        for (from, module, want) in [
            ("a/b/c.py", "x.y", Some(Place::Below("x/y".into()))),
            ("a/b/c.py", ".", Some(Place::Exact("a/b".into()))),
            ("a/b/c.py", ".x", Some(Place::Exact("a/b/x".into()))),
            ("a/b/__init__.py", ".x", Some(Place::Exact("a/b/x".into()))),
            ("a/b/c.py", "..x.y", Some(Place::Exact("a/x/y".into()))),
            ("a/b/c.py", "...x", Some(Place::Exact("x".into()))),
            ("a/b/c.py", "....x", None),
            ("c.py", ".", Some(Place::Exact(String::new()))),
        ] {
            assert_eq!(python.modules.place(from, module), want, "{from} {module}");
        }
        let files: Vec<String> = python.modules.files(python, "a/x").collect();
        assert_eq!(files, ["a/x/__init__.py", "a/x/__init__.pyi", "a/x.py", "a/x.pyi"]);
        assert_eq!(python.modules.stem("a/__init__.py"), "a");
        assert_eq!(python.modules.stem("__init__.py"), "");
        assert_eq!(python.modules.stem("a/b__init__.py"), "a/b__init__");
        assert!(python.modules.is_package("a/__init__.pyi") && !python.modules.is_package("a/x.py"));
    }
}
