//! Opening the ledger's file: made where there is none, checked where there is one, brought to this version's form, and
//! rid of what is old. Whatever is wrong with it is told and left as it is.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use super::calendar::Moment;
use super::error::LedgerError;

/// How long calls are kept: a year and some, so that a month can be held against the same one of the year before.
pub const KEPT: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// Says that a database is ours: "rdft".
pub(super) const APPLICATION: i64 = 0x7264_6674;
/// The smallest page of SQLite, which takes a shorter file for an empty one.
const SMALLEST: u64 = 512;
/// Up to so many bytes (130,000 calls), all is checked at each opening. Measured: 1.5 ms for each thousand calls, and a third of
/// that for the quick check.
const WHOLE_CHECK: u64 = 32 * 1024 * 1024;
/// What brings a file from each version to the next; how many were made is its `user_version`.
const MIGRATIONS: &[&str] = &[include_str!("schema.sql"), include_str!("paid.sql")];
const VERSION: i64 = MIGRATIONS.len() as i64;
/// Between two tries to change the journal's mode, for which SQLite itself does not wait.
const PAUSE: Duration = Duration::from_millis(5);

pub(super) fn open(path: &Path, now: Moment, busy: Duration) -> Result<Connection, LedgerError> {
    prepare_place(path)?;
    let told = |error| LedgerError::from_sqlite(path, &error, busy);
    // Without SQLITE_OPEN_URI: a path is a path. The ledger's mutex stands in for SQLite's own.
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(told)?;
    connection.busy_timeout(busy).map_err(told)?;
    keep_private(path);
    if connection.is_readonly("main").map_err(told)? {
        return Err(LedgerError::ReadOnly { path: path.to_owned() });
    }
    // A file that is not ours is not written to, not even its journal's mode.
    match identity(&mut connection).map_err(told)? {
        Identity::New => {}
        Identity::Foreign => return Err(LedgerError::Foreign { path: path.to_owned() }),
        Identity::Ours { version } if version > VERSION => {
            return Err(LedgerError::Newer { path: path.to_owned(), found: version, known: VERSION });
        }
        Identity::Ours { .. } => check(&connection, path, busy)?,
    }
    set_up(&connection, busy).map_err(told)?;
    migrate(&mut connection).map_err(told)?;
    prune(&mut connection, now).map_err(told)?;
    Ok(connection)
}

fn prepare_place(path: &Path) -> Result<(), LedgerError> {
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        make_directory(directory).map_err(|error| LedgerError::from_io(directory, &error))?;
    }
    if path.is_dir() {
        return Err(LedgerError::Unusable { path: path.to_owned(), why: "it is a directory".to_owned() });
    }
    if fs::metadata(path).is_ok_and(|meta| (1..SMALLEST).contains(&meta.len())) {
        return Err(LedgerError::Foreign { path: path.to_owned() });
    }
    Ok(())
}

enum Identity {
    New,
    Ours { version: i64 },
    Foreign,
}

/// What the file is, in one transaction, since another process may be making it.
fn identity(connection: &mut Connection) -> rusqlite::Result<Identity> {
    let tx = connection.transaction()?;
    let number = |sql| tx.query_row(sql, [], |row| row.get::<_, i64>(0));
    let application = number("PRAGMA application_id")?;
    let version = number("PRAGMA user_version")?;
    let objects = number("SELECT count(*) FROM sqlite_schema")?;
    Ok(match (application, version, objects) {
        (APPLICATION, 1.., _) => Identity::Ours { version },
        (0, 0, 0) => Identity::New,
        _ => Identity::Foreign,
    })
}

/// Whether all pages are sound and, but for a very large file, whether the indexes agree with the calls: a charge stands in
/// three places, and damage to one of them shows.
fn check(connection: &Connection, path: &Path, busy: Duration) -> Result<(), LedgerError> {
    let large = fs::metadata(path).is_ok_and(|meta| meta.len() > WHOLE_CHECK);
    let pragma = if large { "PRAGMA quick_check(1)" } else { "PRAGMA integrity_check(1)" };
    let found: String = connection
        .query_row(pragma, [], |row| row.get(0))
        .map_err(|error| LedgerError::from_sqlite(path, &error, busy))?;
    if found == "ok" {
        return Ok(());
    }
    // The first line is a heading, "*** in database main ***".
    let why = found.lines().last().unwrap_or_default().trim().to_owned();
    Err(LedgerError::Damaged { path: path.to_owned(), why })
}

/// A commit is on the disk when it returns (FULL), and readers do not stop a writer (WAL). Where the file system has no
/// shared memory, SQLite stays with its rollback journal, which is as safe.
fn set_up(connection: &Connection, busy: Duration) -> rusqlite::Result<()> {
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    let began = Instant::now();
    loop {
        match connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())) {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && began.elapsed() < busy =>
            {
                std::thread::sleep(PAUSE);
            }
            done => return done,
        }
    }
}

fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let version =
        |connection: &Connection| connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0));
    if version(connection)? >= VERSION {
        return Ok(());
    }
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been first.
    let from = usize::try_from(version(&tx)?).unwrap_or_default();
    for migration in MIGRATIONS.iter().skip(from) {
        tx.execute_batch(migration)?;
    }
    tx.pragma_update(None, "application_id", APPLICATION)?;
    tx.pragma_update(None, "user_version", VERSION)?;
    tx.commit()
}

/// Removes calls that are older than [`KEPT`]: by the clock, and by the latest call where that is earlier, so that a clock
/// that is ahead does not remove what still counts.
fn prune(connection: &mut Connection, now: Moment) -> rusqlite::Result<()> {
    let bounds = |tx: &Transaction| {
        tx.query_row("SELECT min(at), (SELECT max(at) FROM call) FROM call", [], |row| {
            Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?))
        })
    };
    let tx = connection.transaction()?;
    let (Some(first), Some(last)) = bounds(&tx)? else { return Ok(()) };
    drop(tx);
    let until = now.min(Moment::from_millis(last)).before(KEPT).millis();
    if first >= until {
        return Ok(());
    }
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute("DELETE FROM call WHERE at < ?1", [until])?;
    // One that is newer and has no call yet: what became of it was written down first.
    tx.execute("DELETE FROM run WHERE id < (SELECT min(run) FROM call)", [])?;
    tx.commit()
}

#[cfg(unix)]
fn make_directory(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn make_directory(path: &Path) -> std::io::Result<()> {
    fs::create_dir_all(path)
}

/// The file is for its user alone; SQLite gives the files beside it the same mode. By its name, not through a handle:
/// see the ledger's head. Where the file system has no modes, its directory's have to do.
#[cfg(unix)]
fn keep_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let open = fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0);
    if open && let Err(error) = fs::set_permissions(path, fs::Permissions::from_mode(0o600)) {
        tracing::debug!(path = %path.display(), %error, "the ledger's mode could not be set");
    }
}

#[cfg(not(unix))]
fn keep_private(_path: &Path) {}
