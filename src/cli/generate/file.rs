//! Files: read as text or refused, written whole or not at all.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::cli::Failure;
use crate::text::decode::decode;
use crate::workspace::MAX_BYTES;

/// A file's text as it is on the disk.
#[derive(Debug)]
pub(super) struct Text {
    pub content: String,
    /// There is no file yet.
    pub is_new: bool,
}

pub(super) fn read(path: &Path) -> Result<Text, Failure> {
    let failed = |why: String| Failure::Failed(format!("{}: {why}", path.display()));
    let too_large =
        || failed(format!("is larger than the {} MiB that Redraft writes into", MAX_BYTES / (1024 * 1024)));
    if let Ok(metadata) = fs::metadata(path) {
        if !metadata.is_file() {
            return Err(failed("cannot be read: it is no plain file".to_owned()));
        }
        if metadata.len() > MAX_BYTES as u64 {
            return Err(too_large());
        }
    }
    let bytes = fs::read(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => failed("there is no such file (a new one is written with --new)".to_owned()),
        _ => failed(format!("cannot be read: {error}")),
    })?;
    if bytes.len() > MAX_BYTES {
        return Err(too_large());
    }
    Ok(Text { content: decode(bytes).map_err(failed)?, is_new: false })
}

/// The empty text of a file that is to be.
pub(super) fn new(path: &Path) -> Result<Text, Failure> {
    if path.exists() {
        let message =
            format!("{}: is there already; write into it with --at, or name another file", path.display());
        return Err(Failure::Failed(message));
    }
    Ok(Text { content: String::new(), is_new: true })
}

/// Whether a file can be written there: its folder is there, and it is not read-only.
pub(super) fn check_target(path: &Path) -> Result<(), Failure> {
    let failed = |why: &str| Err(Failure::Failed(format!("{}: {why}", path.display())));
    if folder_of(path).is_dir() {
        // Another file takes its place, so its own permissions would never be asked.
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => failed("is a folder"),
            Ok(metadata) if metadata.permissions().readonly() => {
                failed("is read-only; nothing was asked or written")
            }
            _ => Ok(()),
        }
    } else {
        failed("its folder is not there; make it first")
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes a file as a whole: a new one beside it takes its place, with its permissions.
pub(super) fn write(path: &Path, content: &str) -> Result<(), Failure> {
    let failed = |why: String| Failure::Failed(format!("{}: {why}; nothing was written", path.display()));
    // A link stays a link: what it points to is written.
    let target: PathBuf = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = folder_of(&target);
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = folder.join(format!(".{name}.redraft-{}", std::process::id()));
    let result = (|| {
        let mut file = fs::File::options().write(true).create_new(true).open(&beside)?;
        file.write_all(content.as_bytes())?;
        file.sync_all()?;
        if let Ok(metadata) = fs::metadata(&target) {
            fs::set_permissions(&beside, metadata.permissions())?;
        }
        fs::rename(&beside, &target)
    })();
    result.map_err(|error| {
        // What is left of the attempt goes; that it may not be there is fine.
        let _ = fs::remove_file(&beside);
        failed(format!("cannot be written: {error}"))
    })
}

/// The file that was read, if it is still as it was.
pub(super) fn unchanged(path: &Path, read: &Text) -> bool {
    if read.is_new { !path.exists() } else { fs::read(path).is_ok_and(|now| now == read.content.as_bytes()) }
}
