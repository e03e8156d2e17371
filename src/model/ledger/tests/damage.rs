//! Files that are no good: each is an error that says what to do, and is left as it was.

use super::*;

const SHORT: Duration = Duration::from_millis(20);

/// Opens the file as it is and says what is wrong with it.
fn refusal(path: &Path) -> LedgerError {
    Ledger::open_with(path, noon(), SHORT).unwrap_err()
}

/// A ledger of some pages, closed, as bytes.
fn sound(name: &str, calls: u64) -> (PathBuf, Vec<u8>) {
    let path = place(name);
    let ledger = open(&path);
    ledger.lock().pragma_update(None, "synchronous", "OFF").unwrap();
    for at in 0..calls {
        let id = ledger.reserve(&call(&format!("run {}", at / 3), "p", 10), &NONE, noon()).unwrap();
        ledger.settle(id, &settled(at)).unwrap();
    }
    ledger.keep_state("k", "v").unwrap();
    drop(ledger);
    let bytes = fs::read(&path).unwrap();
    (path, bytes)
}

/// Opens `bytes` in place of the ledger: refused, or the sums are what they were.
fn check(path: &Path, bytes: &[u8], what: &str) -> bool {
    fs::write(path, bytes).unwrap();
    match Ledger::open_with(path, noon(), SHORT) {
        Err(error) => {
            let told = error.to_string();
            assert!(
                matches!(error, LedgerError::Damaged { .. } | LedgerError::Foreign { .. }),
                "{what}: {told}"
            );
            assert!(told.contains("ledger.sqlite") && told.contains("ove it away"), "{what}: {told}");
            assert_eq!(fs::read(path).unwrap(), bytes, "{what}: it is left as it is");
            true
        }
        Ok(ledger) => {
            assert_eq!(month(&ledger), (0..200).sum::<u64>(), "{what}");
            false
        }
    }
}

#[test]
fn a_damaged_page_is_found_when_it_is_opened() {
    let (path, sound) = sound("pages", 200);
    assert!(!check(&path, &sound, "sound"));
    let mut random = fastrand::Rng::with_seed(7);
    let pages = sound.len() / 4_096;
    assert!(pages > 8, "{pages}");
    for page in 0..pages {
        let mut noise = || random.u8(..);
        for (what, bytes) in [
            ("zeros", vec![0; 4_096]),
            ("ones", vec![0xff; 4_096]),
            ("noise", std::iter::repeat_with(&mut noise).take(4_096).collect()),
        ] {
            let mut damaged = sound.clone();
            damaged[page * 4_096..][..4_096].copy_from_slice(&bytes);
            assert!(check(&path, &damaged, &format!("{what} in page {page} of {pages}")));
        }
    }
    for cut in [1, 15, 16, 99, 100, 511, 512, 4_095, 4_096, 4_097, sound.len() - 4_096] {
        assert!(check(&path, &sound[..cut], &format!("cut at {cut} of {}", sound.len())));
    }
    // A byte that is missing at the end is read as 0, which may be what it was.
    check(&path, &sound[..sound.len() - 1], "without its last byte");
    tidy(&path);
}

#[test]
fn a_damaged_sum_is_found_since_it_stands_twice() {
    let (path, sound) = sound("bits", 200);
    let mut random = fastrand::Rng::with_seed(11);
    let found = (0..300)
        .filter(|_| {
            let mut damaged = sound.clone();
            let at = random.usize(..sound.len());
            damaged[at] ^= 1 << random.u8(..8);
            check(&path, &damaged, &format!("a bit of byte {at}"))
        })
        .count();
    // The others are in what is unused, in names, and in figures that nothing is decided by.
    assert!(found > 50, "{found} of 300");
    tidy(&path);
}

#[test]
fn an_empty_file_is_a_new_ledger() {
    let path = place("empty");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "").unwrap();
    let ledger = open(&path);
    ledger.reserve(&call("r", "p", 7), &NONE, noon()).unwrap();
    assert_eq!(month(&ledger), 7);
    drop(ledger);
    tidy(&path);
}

#[test]
fn what_is_no_ledger_is_left_alone() {
    let path = place("foreign");
    let directory = path.parent().unwrap();
    fs::create_dir_all(&path).unwrap();
    let told = refusal(&path).to_string();
    assert!(told.contains("it is a directory"), "{told}");
    fs::remove_dir(&path).unwrap();

    fs::write(&path, "# Notes\n".repeat(1_000)).unwrap();
    assert_eq!(refusal(&path), LedgerError::Foreign { path: path.clone() });
    assert_eq!(fs::read(&path).unwrap().len(), 8_000);
    fs::remove_file(&path).unwrap();

    let newer = format!("PRAGMA application_id = {}; PRAGMA user_version = 99", open::APPLICATION);
    for (sql, version) in [
        ("CREATE TABLE bookmarks (x)", None),
        ("PRAGMA user_version = 1", None),
        ("PRAGMA application_id = 5", None),
        (&newer, Some(99)),
    ] {
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let bytes = fs::read(&path).unwrap();
        let expect = match version {
            None => LedgerError::Foreign { path: path.clone() },
            Some(found) => LedgerError::Newer { path: path.clone(), found, known: 2 },
        };
        assert_eq!(refusal(&path), expect, "{sql}");
        assert_eq!(fs::read(&path).unwrap(), bytes, "{sql}");
        fs::remove_file(&path).unwrap();
    }

    let below = directory.join("file/ledger.sqlite");
    fs::write(directory.join("file"), "").unwrap();
    assert!(matches!(refusal(&below), LedgerError::Unusable { .. }));
    tidy(&path);
}

#[test]
fn tables_that_are_gone_while_it_is_open_are_an_error_each_time() {
    let (path, _) = sound("gone", 3);
    let ledger = open(&path);
    open(&path).lock().execute_batch("PRAGMA foreign_keys = OFF; DROP TABLE call").unwrap();
    for _ in 0..2 {
        let refused = ledger.reserve(&call("r", "p", 1), &NONE, noon()).unwrap_err();
        assert!(matches!(refused, Refused::Ledger(LedgerError::Damaged { .. })), "{refused}");
        assert!(ledger.spent(noon()).is_err());
        assert!(ledger.settle(ReservationId(1), &settled(1)).is_err());
    }
    drop(ledger);
    tidy(&path);
}

#[cfg(unix)]
#[test]
fn what_may_only_be_read_is_no_ledger() {
    use std::os::unix::fs::PermissionsExt as _;
    let (path, _) = sound("read", 3);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    if fs::OpenOptions::new().write(true).open(&path).is_err() {
        assert_eq!(refusal(&path), LedgerError::ReadOnly { path: path.clone() });
    } else {
        // For root, no mode forbids anything.
        assert_eq!(month(&open(&path)), 3);
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    // Writing is forbidden by other means, and for root as well.
    let ledger = open(&path);
    ledger.lock().pragma_update(None, "query_only", true).unwrap();
    let refused = ledger.reserve(&call("r", "p", 1), &NONE, noon()).unwrap_err();
    assert_eq!(refused, Refused::Ledger(LedgerError::ReadOnly { path: path.clone() }));
    drop(ledger);
    tidy(&path);
}

#[test]
fn what_stays_locked_is_an_error_and_open_again_afterwards() {
    let (path, _) = sound("locked", 3);
    let locked = LedgerError::Locked { path: path.clone(), waited: SHORT };
    let ledger = Ledger::open_with(&path, noon(), SHORT).unwrap();
    let id = ledger.reserve(&call("r", "p", 5), &NONE, noon()).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    assert_eq!(
        ledger.reserve(&call("r", "p", 1), &NONE, noon()),
        Err(Refused::Ledger(locked.clone())),
        "though nothing limits it"
    );
    assert_eq!(ledger.settle(id, &settled(1)), Err(locked.clone()));
    assert_eq!(ledger.keep_state("k", "v"), Err(locked.clone()));
    assert_eq!(month(&ledger), 3 + 5, "reading waits for nobody");
    other.execute_batch("ROLLBACK").unwrap();
    ledger.settle(id, &settled(1)).unwrap();
    drop(ledger);

    // One that keeps even readers out.
    other
        .execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM state; COMMIT")
        .unwrap();
    assert_eq!(refusal(&path), locked);
    assert!(locked.to_string().contains("20 ms"), "{locked}");
    drop(other);
    assert_eq!(month(&open(&path)), 3 + 1);
    tidy(&path);
}
