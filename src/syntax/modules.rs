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
    /// `./a/b` is `a/b` with an ending, or the directory with its `index`, from the importing file's directory; any other
    /// module is of some package, which is not looked for.
    Relative { index: &'static str },
    /// Imports are not followed.
    Nowhere,
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
        match self {
            Self::Dotted { .. } => {}
            Self::Relative { .. } => return relative(from, module).map(Place::Exact),
            Self::Nowhere => return None,
        }
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
        let firsts =
            || [language.extensions.first(), language.declarations.first()].into_iter().flatten().copied();
        let (ways, endings): (Vec<String>, Vec<&str>) = match self {
            Self::Dotted { package, .. } if path.is_empty() => (vec![package.to_owned()], firsts().collect()),
            // A package goes before a module of its name, as at run time.
            Self::Dotted { package, .. } => {
                (vec![format!("{path}/{package}"), path.to_owned()], firsts().collect())
            }
            // A file may be named with its ending, and be one of any language of the family.
            Self::Relative { index } => {
                let stem = language
                    .family_endings()
                    .into_iter()
                    .find_map(|ending| path.strip_suffix(ending)?.strip_suffix('.'));
                (vec![stem.unwrap_or(path).to_owned(), join(path, index)], language.family_endings())
            }
            Self::Nowhere => (Vec::new(), Vec::new()),
        };
        ways.into_iter().flat_map(move |way| {
            endings.iter().map(|ending| format!("{way}.{ending}")).collect::<Vec<String>>()
        })
    }

    /// The module's own path, without its ending and without the stem that stands for the directory.
    #[must_use]
    pub fn stem(self, path: &str) -> &str {
        let package = self.package();
        let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
        match stem.strip_suffix(package).filter(|_| !package.is_empty()) {
            Some(directory) if directory.is_empty() || directory.ends_with('/') => {
                directory.trim_end_matches('/')
            }
            _ => stem,
        }
    }

    /// Whether the file at `path` stands for its directory.
    #[must_use]
    pub fn is_package(self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        name.split('.').next() == Some(self.package())
    }

    /// The stem of the file that stands for its directory; empty where none does.
    fn package(self) -> &'static str {
        match self {
            Self::Dotted { package, .. } => package,
            Self::Relative { index } => index,
            Self::Nowhere => "",
        }
    }

    /// The path below a directory of installed packages where the declarations for the module at `path` are.
    #[must_use]
    pub fn declared(self, path: &str) -> String {
        let stubs = if let Self::Dotted { stubs, .. } = self { stubs } else { "" };
        match path.split_once('/') {
            Some((package, rest)) => format!("{package}{stubs}/{rest}"),
            None => format!("{path}{stubs}"),
        }
    }

    /// Directories below a root from which imports start too.
    #[must_use]
    pub fn sources(self) -> &'static [&'static str] {
        if let Self::Dotted { sources, .. } = self { sources } else { &[] }
    }

    /// The environment variable that names more folders from which imports start, where there is one.
    #[must_use]
    pub fn path_variable(self) -> Option<&'static str> {
        if let Self::Dotted { path, .. } = self { Some(path) } else { None }
    }
}

/// The path that `module` names, which begins with `./` or `../`, seen from the file at `from`.
fn relative(from: &str, module: &str) -> Option<String> {
    let mut at = parent(from)?.to_owned();
    let mut is_relative = false;
    for part in module.trim_matches(['"', '\'', '`']).split('/') {
        match part {
            "." => is_relative = true,
            ".." => {
                is_relative = true;
                at = parent(&at)?.to_owned();
            }
            _ if !is_relative => return None,
            part => at = join(&at, part),
        }
    }
    Some(at)
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
