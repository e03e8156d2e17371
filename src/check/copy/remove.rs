//! What is taken away of copies: whole ones that nobody holds, and what checkers left in them. No link is followed, and what was
//! made hard to remove is removed.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

/// Where bytecode is kept. It is told from stale by size and a time in whole seconds, which two drafts may share.
const BYTECODE: &str = "__pycache__";

/// Removes the copies that nobody holds: their processes were killed.
pub(super) fn sweep(copies: &Path) {
    for entry in fs::read_dir(copies).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if !is_folder {
            continue;
        }
        let lock_path = path.with_extension("lock");
        let is_held = File::open(&lock_path).is_ok_and(|lock| lock.try_lock().is_err());
        if !is_held && remove(&path).is_ok() {
            let _ = fs::remove_file(lock_path);
            let _ = fs::remove_file(path.with_extension("report"));
        }
    }
}

/// Removes what was compiled of a file that is another one now.
pub(super) fn forget_bytecode(file: &Path) -> io::Result<()> {
    let (Some(folder), Some(stem)) = (file.parent(), file.file_stem()) else { return Ok(()) };
    let cache = folder.join(BYTECODE);
    if !fs::symlink_metadata(&cache).is_ok_and(|meta| meta.is_dir()) {
        return Ok(());
    }
    let beginning = format!("{}.", stem.to_string_lossy());
    for entry in fs::read_dir(cache)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&beginning) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes whatever stands at `path`, and follows no link; also what a checker has made hard to remove.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    let is_folder = match fs::symlink_metadata(path) {
        Ok(meta) => meta.is_dir(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !is_folder {
        return fs::remove_file(path);
    }
    fs::remove_dir_all(path).or_else(|_| {
        open_up(path);
        fs::remove_dir_all(path)
    })
}

/// Makes folders such that what is in them can be removed.
fn open_up(folder: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}
