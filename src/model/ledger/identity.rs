//! Which file a name stands for. By its name and not through a handle: see the ledger's head.

use std::path::Path;

/// The device and the number of a file on it; nothing where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity(Option<(u64, u64)>);

impl Identity {
    #[cfg(unix)]
    pub(super) fn of(path: &Path) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self(path.metadata().ok().map(|metadata| (metadata.dev(), metadata.ino())))
    }

    /// An open file cannot be moved or removed here.
    #[cfg(not(unix))]
    pub(super) fn of(path: &Path) -> Self {
        Self(path.exists().then_some((0, 0)))
    }
}
