//! What is kept, and what becomes of a cache that is damaged, foreign or hostile.

use std::fs;

use proptest::prelude::*;

use super::*;
use crate::workspace::disk::facts_of;

const TEXT: &str =
    "import a\n\n@p\nclass A(B):\n    'Doc.'\n    def __init__(self, x: X): self.x = x\nK = 1\n";

/// A directory of this test, empty.
fn place(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("redraft-cache-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn kept(text: &str, modified: u64) -> Kept {
    let facts = Arc::new(facts_of("a.py", text).unwrap());
    Kept { stamp: Stamp { size: text.len() as u64, modified }, content: content_of(text.as_bytes()), facts }
}

fn entries() -> Vec<(String, Kept)> {
    (0..1_100).map(|at| (format!("p/m{at}.py"), kept(&format!("{TEXT}x{at} = {at}\n"), at))).collect()
}

fn encoded(entries: &[(String, Kept)]) -> Vec<u8> {
    let entries: Vec<(&str, Kept)> = entries.iter().map(|(path, kept)| (&**path, kept.clone())).collect();
    encode(&entries)
}

#[test]
fn what_is_kept_is_found_again() {
    let state = place("again");
    let root = state.join("root");
    fs::create_dir_all(&root).unwrap();
    let disk = Disk::new(&[root]);
    let cache = Cache::new(&state, &disk);
    assert_eq!(cache.load().len(), 0);
    let entries = entries();
    cache.save(entries.iter().map(|(path, kept)| (&**path, kept.clone())), u64::MAX);
    let loaded = cache.load();
    assert_eq!(loaded.len(), entries.len());
    for (path, kept) in &entries {
        assert_eq!(loaded.get(path.as_str()), Some(kept));
    }
    // Another workspace has another one.
    assert_eq!(Cache::new(&state, &Disk::new(std::slice::from_ref(&state))).load().len(), 0);
    // Nothing but the cache is left there.
    let left: Vec<_> = fs::read_dir(&cache.own).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, [FILE]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(cache.own.join(FILE)).unwrap().permissions().mode() & 0o077, 0);
        assert_eq!(fs::metadata(&cache.own).unwrap().permissions().mode() & 0o077, 0);
    }
    fs::remove_dir_all(state).unwrap();
}

#[test]
fn a_file_that_may_have_changed_within_a_tick_is_read_again() {
    let state = place("tick");
    let cache = Cache::new(&state, &Disk::new(std::slice::from_ref(&state)));
    let (old, new) = (kept(TEXT, 10), kept(TEXT, 10 + TICK));
    cache.save([("old.py", old.clone()), ("new.py", new.clone())].into_iter(), 11 + TICK);
    let loaded = cache.load();
    assert!(loaded["old.py"].holds(old.stamp));
    assert!(!loaded["new.py"].holds(new.stamp) && loaded["new.py"].content == new.content);
    fs::remove_dir_all(state).unwrap();
}

#[test]
fn other_versions_are_dropped() {
    let bytes = encoded(&entries());
    assert_eq!(decode(&bytes).map(|entries| entries.len()), Some(1_100));
    for at in [0, 13, MAGIC.len(), MAGIC.len() + 3] {
        let mut other = bytes.clone();
        other[at] ^= 1;
        assert_eq!(decode(&other), None);
    }
    assert_eq!(decode(b""), None);
    assert_eq!(decode(&[&bytes[..], b"x"].concat()), None);
}

#[test]
fn facts_that_would_mislead_are_dropped() {
    let good = kept(TEXT, 1);
    assert!(good.facts.is_sound());
    let bytes = postcard::to_allocvec(&*good.facts).unwrap();
    // Every single byte another one: what can be decoded is sound or refused, and whatever is asked of it has an answer.
    for at in 0..bytes.len() {
        for flip in [1, 0x80, 0x7f] {
            let mut hostile = bytes.clone();
            hostile[at] ^= flip;
            let Ok(facts) = postcard::from_bytes::<Facts>(&hostile) else { continue };
            if facts.is_sound() {
                ask_everything(&facts);
            }
        }
    }
}

/// Asks the facts whatever the index and the context ask them.
fn ask_everything(facts: &Facts) {
    for (at, symbol) in facts.symbols.iter().enumerate() {
        let _ = (facts.name(symbol), facts.signature(symbol), facts.get(symbol.doc), facts.qualified(at));
        let _ = (facts.parameters(symbol), facts.bases(symbol), symbol.whole().len(), symbol.header().len());
        assert!(facts.members(at).all(|(member, _)| member > at));
        let mut up = Some(at);
        while let Some(next) = up.and_then(|at| facts.symbols[at].parent()) {
            assert!(next < up.unwrap());
            up = Some(next);
        }
    }
    facts.imports.iter().for_each(|import| drop(import.bound(facts).to_owned()));
    facts.exports.iter().flatten().for_each(|export| drop(facts.get(*export).to_owned()));
    facts.attributes.iter().for_each(|one| assert!(facts.symbols.len() > one.class as usize));
    let _ = (facts.uses(7), facts.size());
}

proptest! {
    #[test]
    fn damage_is_noticed(at in 0usize..100_000, byte: u8, cut in 0usize..100_000) {
        static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| encoded(&entries()[..40]));
        let mut bytes = BYTES.clone();
        let at = at % bytes.len();
        let same = bytes[at] == byte;
        bytes[at] = byte;
        prop_assert_eq!(decode(&bytes).is_some(), same);
        bytes.truncate(cut % bytes.len());
        prop_assert_eq!(decode(&bytes), None);
    }

    #[test]
    fn noise_behind_a_right_head_is_nothing(noise in prop::collection::vec(any::<u8>(), 0..200)) {
        let bytes = [&MAGIC[..], &VERSION[..], &noise].concat();
        prop_assert!(decode(&bytes).is_none_or(|entries| entries.is_empty()));
    }
}

#[test]
fn old_workspaces_are_removed_and_nothing_else() {
    let state = place("prune");
    let own = |name: usize| {
        let root = state.join(format!("root{name}"));
        fs::create_dir_all(&root).unwrap();
        Cache::new(&state, &Disk::new(&[root]))
    };
    fs::create_dir_all(state.join("index/notes")).unwrap();
    for at in 0..WORKSPACES + 3 {
        own(at).save([("a.py", kept(TEXT, 1))].into_iter(), u64::MAX);
    }
    let left = (0..WORKSPACES + 3).filter(|&at| !own(at).load().is_empty()).count();
    assert_eq!(left, WORKSPACES);
    assert!(!own(WORKSPACES + 2).load().is_empty(), "the one that was just written stays");
    assert!(state.join("index/notes").is_dir());
    fs::remove_dir_all(state).unwrap();
}

#[test]
fn unchanged_files_are_not_read_and_touched_ones_not_parsed() {
    let root = place("read");
    fs::write(root.join("a.py"), TEXT).unwrap();
    let disk = Disk::new(std::slice::from_ref(&root));
    let stamp = disk.stamp("a.py").unwrap();
    let first = Kept::of(&disk, "a.py", stamp, None).unwrap();
    // The stamp holds: what is known is used, though the file says something else.
    let lie = Kept { facts: kept("y = 2\n", 0).facts, ..first.clone() };
    assert_eq!(Kept::of(&disk, "a.py", stamp, Some(&lie)), Some(lie.clone()));
    // It does not, but the content is the same: the facts are kept, with the new stamp.
    let touched = Stamp { modified: stamp.modified + 1, ..stamp };
    assert_eq!(Kept::of(&disk, "a.py", touched, Some(&lie)), Some(Kept { stamp: touched, ..lie.clone() }));
    // Neither: it is read.
    let other = Kept { content: content_of(b""), ..lie };
    assert_eq!(Kept::of(&disk, "a.py", touched, Some(&other)).unwrap().facts, first.facts);
    // A stamp of nothing never holds.
    assert!(!Kept { stamp: Stamp::default(), ..first }.holds(Stamp::default()));
    fs::remove_dir_all(root).unwrap();
}
