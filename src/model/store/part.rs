//! A file that is not whole yet: what has come so far, its hash, and the step to its final name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{Entry, PullError};

/// Bytes that are hashed at once.
const CHUNK: usize = 1 << 20;

#[derive(Debug)]
pub struct PartFile {
    path: PathBuf,
    file: File,
    hash: Sha256,
    length: u64,
    /// The whole file's size: never is more than this written.
    size: u64,
}

impl PartFile {
    /// Opens what an earlier try left, or a new file.
    pub fn open(path: PathBuf, size: u64) -> Result<Self, PullError> {
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let file = opened.map_err(|error| PullError::Disk { path: path.clone(), error })?;
        let mut part = Self { path, file, hash: Sha256::new(), length: 0, size };
        let length = part.file.metadata().map_err(|error| part.disk(error))?.len();
        part.keep(if length > size { 0 } else { length })?;
        Ok(part)
    }

    pub fn length(&self) -> u64 {
        self.length
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn write(&mut self, bytes: &[u8], from: &str) -> Result<(), PullError> {
        let got = self.length + bytes.len() as u64;
        if got > self.size {
            return Err(PullError::WrongSize { from: from.into(), got, size: self.size });
        }
        self.file.write_all(bytes).map_err(|error| self.disk(error))?;
        self.hash.update(bytes);
        self.length = got;
        Ok(())
    }

    /// Keeps the first `length` bytes only, and hashes them.
    pub fn keep(&mut self, length: u64) -> Result<(), PullError> {
        self.try_keep(length).map_err(|error| self.disk(error))
    }

    /// The file is whole: checks it and gives it its name. A wrong one is deleted.
    pub fn finish(self, entry: &Entry, target: &Path, from: &str) -> Result<(), PullError> {
        if self.length != self.size {
            return Err(PullError::WrongSize { from: from.into(), got: self.length, size: self.size });
        }
        let got = hex(&self.hash.clone().finalize());
        if got != entry.sha256 {
            fs::remove_file(&self.path).map_err(|error| self.disk(error))?;
            return Err(PullError::WrongHash { from: from.into(), got, want: entry.sha256 });
        }
        let finished = self.file.sync_all().and_then(|()| fs::rename(&self.path, target));
        finished.map_err(|error| self.disk(error))
    }

    fn try_keep(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        self.file.seek(SeekFrom::Start(0))?;
        (self.hash, self.length) = hash(&mut self.file)?;
        Ok(())
    }

    fn disk(&self, error: io::Error) -> PullError {
        PullError::Disk { path: self.path.clone(), error }
    }
}

/// The SHA-256 of a file, in lower-case hexadecimal.
pub fn sha256(path: &Path) -> io::Result<String> {
    Ok(hex(&hash(&mut File::open(path)?)?.0.finalize()))
}

fn hash(file: &mut File) -> io::Result<(Sha256, u64)> {
    let (mut hash, mut length, mut chunk) = (Sha256::new(), 0, vec![0; CHUNK]);
    loop {
        let count = file.read(&mut chunk)?;
        if count == 0 {
            return Ok((hash, length));
        }
        hash.update(&chunk[..count]);
        length += count as u64;
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
