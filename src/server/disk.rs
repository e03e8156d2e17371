//! Files that are not open in the editor: what stands in them, for a draft that is offered to the editor. Read only, and
//! only inside the folders that the editor has open.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Component, Path, PathBuf};

use crate::text::decode::decode;
use crate::workspace::MAX_BYTES;

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Text(String),
    /// Nothing yet.
    New,
}

impl Found {
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::New => "",
        }
    }
}

/// What is at `path`.
///
/// # Errors
/// When it is outside of `folders`, looks as if it held secrets, or is no text that a draft can go into. The message is for
/// the user, a clause that begins with a verb.
pub(super) fn find(folders: &[PathBuf], path: &Path) -> Result<Found, String> {
    let outside = || {
        let why = if folders.is_empty() {
            "the editor has no folder open"
        } else {
            "is outside of the folders that the editor has open"
        };
        format!("is not open, and {why}; open it first")
    };
    let roots: Vec<PathBuf> = folders.iter().filter_map(|folder| fs::canonicalize(folder).ok()).collect();
    let below = |real: &Path| -> Option<PathBuf> {
        let below = |root: &PathBuf| real.strip_prefix(root).ok().map(Path::to_owned);
        // The outermost folder: the longest way down is looked at for names of secrets.
        roots.iter().filter_map(below).max_by_key(|rest| rest.components().count())
    };
    let kind = fs::symlink_metadata(path);
    if matches!(&kind, Err(error) if error.kind() == ErrorKind::NotFound) {
        let real = real_place(path).ok_or_else(outside)?;
        let rest = below(&real).ok_or_else(outside)?;
        return if is_secret(&rest) { Err(secret()) } else { Ok(Found::New) };
    }
    // Where a link leads is where it is.
    let real = fs::canonicalize(path).map_err(|error| format!("cannot be read: {error}"))?;
    let rest = below(&real).ok_or_else(outside)?;
    if is_secret(&rest) || path.file_name().is_some_and(|name| is_secret(Path::new(name))) {
        return Err(secret());
    }
    read(&real).map(Found::Text)
}

/// Where a file that is not there yet would be, if all of its path that is there leads to a folder.
fn real_place(path: &Path) -> Option<PathBuf> {
    let there = path.ancestors().skip(1).find(|folder| fs::symlink_metadata(folder).is_ok())?;
    let real = fs::canonicalize(there).ok().filter(|real| real.is_dir())?;
    let rest = path.strip_prefix(there).ok()?;
    rest.components().all(|part| matches!(part, Component::Normal(_))).then(|| real.join(rest))
}

fn read(real: &Path) -> Result<String, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    let too_large =
        || format!("is larger than the {} MiB that Redraft writes into", MAX_BYTES / (1024 * 1024));
    // Before it is opened: to open a pipe would wait for its other end.
    if !fs::metadata(real).map_err(unreadable)?.is_file() {
        return Err("is no plain file".to_owned());
    }
    let mut bytes = Vec::new();
    let file = File::open(real).map_err(unreadable)?;
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > MAX_BYTES {
        return Err(too_large());
    }
    decode(bytes)
}

fn secret() -> String {
    "looks as if it held secrets, and is not open; if it holds none, open it first".to_owned()
}

/// Folders whose files are keys, or commands that other programs run.
const FOLDERS: [&str; 9] = [".git", ".hg", ".svn", ".ssh", ".aws", ".gnupg", ".azure", ".kube", ".docker"];
/// Names, without what stands behind their first dot.
const STEMS: [&str; 9] = [
    "credential",
    "credentials",
    "secret",
    "secrets",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "passwords",
];
const FILES: [&str; 5] = [".netrc", ".npmrc", ".pypirc", ".htpasswd", ".pgpass"];
const ENDINGS: [&str; 7] = ["pem", "key", "p12", "pfx", "jks", "keystore", "kdbx"];

/// Whether a path below a folder is one whose file is usually no code but a key.
fn is_secret(path: &Path) -> bool {
    let lower = |part: &OsStr| part.to_string_lossy().to_lowercase();
    let is_env = |name: &str| name == ".env" || name.starts_with(".env.") || name.starts_with(".envrc");
    let Some(name) = path.file_name().map(lower) else { return true };
    let (stem, ending) =
        (name.split('.').next().unwrap_or_default(), name.rsplit('.').next().unwrap_or_default());
    let folder = path.components().any(|part| FOLDERS.contains(&lower(part.as_os_str()).as_str()));
    folder
        || is_env(&name)
        || FILES.contains(&name.as_str())
        || STEMS.contains(&stem)
        || ENDINGS.contains(&ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder `root` with files in it, beside others; removed at the end.
    struct Place(PathBuf);

    impl Place {
        fn new() -> Self {
            let place = std::env::temp_dir().join(format!("redraft-disk-{}", std::process::id()));
            let _gone = fs::remove_dir_all(&place);
            for folder in ["root/pkg", "root/.git/hooks", "other"] {
                fs::create_dir_all(place.join(folder)).unwrap();
            }
            let secrets = ["root/.env", "root/.env.py", "root/secrets.py", "root/.git/hooks/a.py"];
            for file in ["root/a.py", "root/pkg/b.py", "other/c.py"].into_iter().chain(secrets) {
                fs::write(place.join(file), "x = 1\n").unwrap();
            }
            fs::write(place.join("root/latin.py"), b"# \xe9\n").unwrap();
            fs::write(place.join("root/binary.py"), b"\0\0").unwrap();
            fs::write(place.join("root/large.py"), vec![b'#'; MAX_BYTES + 1]).unwrap();
            for (to, link) in [
                ("root/pkg/b.py", "root/inside.py"),
                ("other/c.py", "root/outside.py"),
                ("other", "root/folder"),
                ("root/.env", "root/env.py"),
                ("root/nowhere.py", "root/broken.py"),
                ("root", "link"),
            ] {
                std::os::unix::fs::symlink(place.join(to), place.join(link)).unwrap();
            }
            Self(place)
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _gone = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn files_are_read_inside_of_the_folders_only() {
        let place = Place::new();
        let text = || Ok(Found::Text("x = 1\n".to_owned()));
        for (path, expected) in [
            ("root/a.py", text()),
            ("root/pkg/b.py", text()),
            ("root/inside.py", text()),
            ("link/a.py", text()),
            ("root/new.py", Ok(Found::New)),
            ("root/new/folder/new.py", Ok(Found::New)),
            ("other/c.py", Err("outside of the folders")),
            ("root/outside.py", Err("outside of the folders")),
            ("root/folder/c.py", Err("outside of the folders")),
            ("root/folder/new.py", Err("outside of the folders")),
            ("root/../other/new.py", Err("outside of the folders")),
            ("root/a.py/new.py", Err("cannot be read")),
            ("new.py", Err("outside of the folders")),
            ("root/broken.py", Err("cannot be read")),
            ("root/pkg", Err("no plain file")),
            ("root/latin.py", Err("not UTF-8")),
            ("root/binary.py", Err("binary")),
            ("root/large.py", Err("MiB")),
            ("root/.env.py", Err("secrets")),
            ("root/env.py", Err("secrets")),
            ("root/secrets.py", Err("secrets")),
            ("root/credentials.new.py", Err("secrets")),
            ("root/.git/hooks/a.py", Err("secrets")),
            ("root/.git/hooks/new.py", Err("secrets")),
        ] {
            let found = find(&[place.0.join("root")], &place.0.join(path));
            match (&found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(*found, expected, "{path}"),
                (Err(why), Err(expected)) => assert!(why.contains(expected), "{path}: {why}"),
                (_, expected) => panic!("{path}: {found:?}, and not {expected:?}"),
            }
        }
        let why = find(&[], &place.0.join("root/a.py")).unwrap_err();
        assert!(why.contains("no folder open"), "{why}");
    }
}
