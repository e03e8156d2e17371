//! The prompts that there are, in layers: built in, the user's, the workspace's (`.redraft/prompts`, `.github/prompts`). One of a later
//! layer takes the place of an earlier one of its name. Files are read again when they have changed.

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::format::{Body, ENDING, FileError, MAX_BYTES, Prompt, parse};

/// The names and texts of the built-in ones, in the order of menus; a file is one row.
const FILES: [(&str, &str); 28] = [
    ("fix", include_str!("../../prompts/fix.prompt.md")),
    ("implement", include_str!("../../prompts/implement.prompt.md")),
    ("implement-from-test", include_str!("../../prompts/implement-from-test.prompt.md")),
    ("rewrite", include_str!("../../prompts/rewrite.prompt.md")),
    ("comment", include_str!("../../prompts/comment.prompt.md")),
    ("simplify", include_str!("../../prompts/simplify.prompt.md")),
    ("type-hints", include_str!("../../prompts/type-hints.prompt.md")),
    ("error-handling", include_str!("../../prompts/error-handling.prompt.md")),
    ("logging", include_str!("../../prompts/logging.prompt.md")),
    ("extract", include_str!("../../prompts/extract.prompt.md")),
    ("async", include_str!("../../prompts/async.prompt.md")),
    ("clear-names", include_str!("../../prompts/clear-names.prompt.md")),
    ("docstring", include_str!("../../prompts/docstring.prompt.md")),
    ("test", include_str!("../../prompts/test.prompt.md")),
    ("integration-test", include_str!("../../prompts/integration-test.prompt.md")),
    ("explain", include_str!("../../prompts/explain.prompt.md")),
    ("complete", include_str!("../../prompts/complete.prompt.md")),
    ("circuit-breaker", include_str!("../../prompts/circuit-breaker.prompt.md")),
    ("retry", include_str!("../../prompts/retry.prompt.md")),
    ("redis", include_str!("../../prompts/redis.prompt.md")),
    ("neo4j", include_str!("../../prompts/neo4j.prompt.md")),
    ("fastapi", include_str!("../../prompts/fastapi.prompt.md")),
    ("validation", include_str!("../../prompts/validation.prompt.md")),
    ("agents", include_str!("../../prompts/agents.prompt.md")),
    ("async-tools", include_str!("../../prompts/async-tools.prompt.md")),
    ("generate", include_str!("../../prompts/generate.prompt.md")),
    ("inline", include_str!("../../prompts/inline.prompt.md")),
    ("redraft", include_str!("../../prompts/redraft.prompt.md")),
];

/// Where a workspace has its prompts, the later before the earlier.
pub const FOLDERS: [&str; 2] = [".github/prompts", ".redraft/prompts"];

/// The most files of one folder that are read.
const MOST: usize = 200;

/// So long a look at the folders holds: menus are asked for with each move of a cursor.
const HOLDS: Duration = Duration::from_millis(500);

static BUILT_IN: LazyLock<Arc<Library>> = LazyLock::new(|| {
    let read = |(name, text): (&str, &str)| {
        let prompt = parse(Path::new(&format!("{name}{ENDING}")), text);
        let prompt = prompt.expect("a test parses every built-in prompt");
        Arc::new(Prompt { path: None, ..prompt })
    };
    Arc::new(Library { prompts: FILES.into_iter().map(read).collect(), problems: Vec::new() })
});

/// See the module's head.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Library {
    prompts: Vec<Arc<Prompt>>,
    /// What is wrong with files that are none of it.
    problems: Vec<FileError>,
}

impl Library {
    /// What every Redraft has.
    #[must_use]
    pub fn built_in() -> Arc<Self> {
        BUILT_IN.clone()
    }

    /// In the order of menus.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Prompt>> {
        self.prompts.iter()
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Prompt>> {
        self.prompts.iter().find(|prompt| prompt.name == name)
    }

    #[must_use]
    pub fn problems(&self) -> &[FileError] {
        &self.problems
    }

    /// The same with the prompts of a folder over it. A file with mistakes is none of it, and no earlier one is instead: its user
    /// would take what that does for what the file says.
    #[must_use]
    pub fn with(mut self, folder: &Path) -> Self {
        for path in files(folder) {
            match read(&path) {
                Ok(prompt) if let Some(why) = misplaced(&prompt) => {
                    self.problems.push(FileError { path, line: 1, key: String::new(), message: why });
                }
                Ok(prompt) => match self.prompts.iter_mut().find(|known| known.name == prompt.name) {
                    Some(known) => *known = Arc::new(prompt),
                    None => self.prompts.push(Arc::new(prompt)),
                },
                Err(problems) => {
                    let name = path.file_name().unwrap_or_default().to_string_lossy();
                    let is_built_in = FILES.iter().any(|(known, _)| name.strip_suffix(ENDING) == Some(known));
                    // Without these others would not work.
                    if !is_built_in {
                        self.prompts.retain(|known| name.strip_suffix(ENDING) != Some(known.name.as_str()));
                    }
                    self.problems.extend(problems);
                }
            }
        }
        self
    }
}

/// The prompt that asks for a better draft.
const REDRAFT: &str = "redraft";

/// Why a prompt cannot take the place of a built-in one.
fn misplaced(prompt: &Prompt) -> Option<String> {
    let built_in = BUILT_IN.get(&prompt.name)?;
    if prompt.is_foreign {
        return Some(format!(
            "`{}` is a prompt of Redraft's; one of VS Code's does not take its place: give the file another name",
            prompt.name
        ));
    }
    let lacks_parts = prompt.name == REDRAFT && matches!(prompt.body, Body::Instruction(_));
    if lacks_parts || built_in.replace.is_none() != prompt.replace.is_none() {
        return Some(
            "it takes the place of a built-in prompt that has parts (`<!-- user -->`) and replaces nothing"
                .to_owned(),
        );
    }
    None
}

/// What the file of a built-in prompt says.
#[must_use]
pub fn text(name: &str) -> Option<&'static str> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// Reads one prompt file.
///
/// # Errors
/// All that is wrong with it.
pub fn read(path: &Path) -> Result<Prompt, Vec<FileError>> {
    let fail =
        |message: String| vec![FileError { path: path.to_owned(), line: 1, key: String::new(), message }];
    if !path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(ENDING)) {
        return Err(fail(format!("prompts are files whose names end with `{ENDING}`")));
    }
    // A link would lead out of a workspace that is trusted, and a pipe would be waited for.
    let is_file = fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file());
    if !is_file {
        return Err(fail("this is no file (links are not followed)".to_owned()));
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(|error| fail(format!("it cannot be read: {error}")))?;
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut bytes).map_err(|error| fail(format!("it cannot be read: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|_| fail("it is not in UTF-8".to_owned()))?;
    parse(path, &text)
}

/// The prompt files of a folder, by name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(ENDING)))
        .collect();
    files.sort();
    files.truncate(MOST);
    files
}

/// The libraries of the folders that are worked in, each read again when its files have changed.
#[derive(Debug, Default)]
pub struct Shelves {
    user: Option<PathBuf>,
    kept: Mutex<HashMap<Option<PathBuf>, Shelf>>,
    holds: Duration,
}

#[derive(Debug)]
struct Shelf {
    looked: Instant,
    stamps: Vec<Stamp>,
    library: Arc<Library>,
}

/// By which a file is known to be as it was.
type Stamp = (PathBuf, Option<SystemTime>, u64);

impl Shelves {
    /// `user` is the folder of the user's own prompts.
    #[must_use]
    pub fn new(user: Option<PathBuf>) -> Self {
        Self { user, kept: Mutex::default(), holds: HOLDS }
    }

    /// The library for a workspace, which is trusted; for none, that of its user. Looks at the disk.
    #[must_use]
    pub fn library(&self, workspace: Option<&Path>) -> Arc<Library> {
        let workspaces = workspace.iter().flat_map(|root| FOLDERS.map(|folder| root.join(folder)));
        // A link would lead out of the workspace that is trusted.
        let is_own = |folder: &PathBuf| workspace.is_none_or(|root| is_plain(root, folder));
        let folders: Vec<PathBuf> = self.user.iter().cloned().chain(workspaces.filter(is_own)).collect();
        if folders.is_empty() {
            return Library::built_in();
        }
        let key = workspace.map(Path::to_owned);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shelf) = kept.get(&key).filter(|shelf| shelf.looked.elapsed() < self.holds) {
            return shelf.library.clone();
        }
        let (looked, stamps) = (Instant::now(), stamps(&folders));
        let known = kept.remove(&key).filter(|shelf| shelf.stamps == stamps).map(|shelf| shelf.library);
        let library = known.unwrap_or_else(|| {
            let first = Library::clone(&BUILT_IN);
            Arc::new(folders.iter().fold(first, |library, folder| library.with(folder)))
        });
        kept.insert(key, Shelf { looked, stamps, library: library.clone() });
        library
    }
}

/// Whether no folder between `root` and `folder` is a link; what is not there is none.
pub(super) fn is_plain(root: &Path, folder: &Path) -> bool {
    let between = folder.ancestors().take_while(|above| *above != root);
    between.into_iter().all(|above| fs::symlink_metadata(above).map_or(true, |meta| !meta.is_symlink()))
}

fn stamps(folders: &[PathBuf]) -> Vec<Stamp> {
    let stamp = |path: PathBuf| {
        let meta = fs::symlink_metadata(&path).ok();
        let (modified, size) =
            (meta.as_ref().and_then(|meta| meta.modified().ok()), meta.map_or(0, |meta| meta.len()));
        (path, modified, size)
    };
    folders.iter().flat_map(|folder| files(folder)).map(stamp).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of its own for each test; gone afterwards.
    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
            let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let name = format!("redraft-prompts-{}-{count}", std::process::id());
            let path = std::env::temp_dir().join(name);
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn write(folder: &Path, name: &str, text: &str) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(format!("{name}{ENDING}")), text).unwrap();
    }

    /// What each of these is of: its first line.
    fn told(library: &Library, names: &[&str]) -> String {
        let of = |name: &&str| library.get(name).map_or("-".to_owned(), |prompt| prompt.description.clone());
        names.iter().map(of).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_later_layer_goes_before_an_earlier_one_and_changes_are_seen() {
        let root = Folder::new();
        let (user, workspace) = (root.0.join("user"), root.0.join("work"));
        let text = |of: &str| format!("---\nreplace: body\ndescription: {of}\n---\nWrite it.\n");
        write(&user, "a", &text("user"));
        write(&user, "b", &text("user"));
        write(&workspace.join(FOLDERS[0]), "b", &text("github"));
        write(&workspace.join(FOLDERS[0]), "c", "Explain ${selection}.\n");
        write(&workspace.join(FOLDERS[1]), "c", &text("redraft"));
        let shelves = Shelves { holds: Duration::ZERO, ..Shelves::new(Some(user.clone())) };
        let names = ["a", "b", "c", "d"];
        assert_eq!(told(&shelves.library(None), &names), "user user - -");
        assert_eq!(told(&shelves.library(Some(&workspace)), &names), "user github redraft -");
        write(&user, "d", &text("new"));
        fs::remove_file(user.join("a.prompt.md")).unwrap();
        write(&workspace.join(FOLDERS[1]), "c", "---\nreplace: bodi\n---\nWrite it.\n");
        let library = shelves.library(Some(&workspace));
        assert_eq!(told(&library, &names), "- github - new");
        let problems: Vec<String> = library.problems().iter().map(ToString::to_string).collect();
        assert_eq!(problems.len(), 1);
        assert!(problems[0].contains("c.prompt.md:2: replace: there is no \"bodi\""), "{problems:?}");
        assert_eq!(Arc::as_ptr(&library), Arc::as_ptr(&shelves.library(Some(&workspace))), "not read again");
        // The built-in ones are there whatever stands in the files.
        write(&user, "implement", "---\nreplace: nowhere\n---\n");
        assert!(shelves.library(None).get("implement").is_some_and(|prompt| prompt.path.is_none()));
        write(&user, "implement", &text("mine"));
        assert_eq!(told(&shelves.library(None), &["implement"]), "mine");
        // What was written for VS Code takes no place of theirs, and what others need keeps its parts.
        for (name, text) in [("fix", "Fix the build.\n"), ("redraft", "---\nmax_tokens: 9\n---\nBetter.\n")] {
            write(&user, name, text);
            let library = shelves.library(None);
            assert!(library.get(name).is_some_and(|prompt| prompt.path.is_none()), "{name}");
            assert!(
                library.problems().iter().any(|problem| problem.path.ends_with(format!("{name}.prompt.md")))
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn nothing_but_files_is_read() {
        let root = Folder::new();
        write(&root.0, "real", "Do it.\n");
        std::os::unix::fs::symlink(root.0.join("real.prompt.md"), root.0.join("link.prompt.md")).unwrap();
        fs::create_dir(root.0.join("folder.prompt.md")).unwrap();
        fs::write(root.0.join("bytes.prompt.md"), [0xff, 0xfe]).unwrap();
        fs::write(root.0.join("large.prompt.md"), "x".repeat(MAX_BYTES + 1)).unwrap();
        let library = Library::default().with(&root.0);
        assert_eq!(library.iter().map(|prompt| prompt.name.as_str()).collect::<Vec<_>>(), ["real"]);
        assert_eq!(library.problems().len(), 4);
    }
}
