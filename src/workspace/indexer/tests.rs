//! The thread: what it hands out in the end is what an index made from nothing has, whatever it was told on the way.

use std::fs;
use std::sync::Mutex;

use super::*;
use crate::workspace::build;
use crate::workspace::disk::facts_of;

fn place(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("redraft-indexer-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(path.join("root")).unwrap();
    fs::canonicalize(path).unwrap()
}

/// Every file's path and the names of its module's level.
fn told(index: &Index) -> Vec<String> {
    let entries = index.files().iter().filter(|entry| index.file(&entry.path).is_some());
    let mut told: Vec<String> = entries
        .filter(|entry| index.entry(index.file(&entry.path).unwrap()).unwrap().facts == entry.facts)
        .map(|entry| {
            let facts = entry.facts.as_deref();
            let names =
                facts.map(|facts| facts.symbols.iter().map(|one| facts.name(one)).collect::<Vec<_>>());
            format!("{} {}", entry.path, names.map_or("-".to_owned(), |names| names.join(",")))
        })
        .collect();
    told.sort();
    told.dedup();
    told
}

/// Runs an indexer that is told all of `told`, and gives the last snapshot.
fn run(disk: &Arc<Disk>, cache: Option<Cache>, messages: Vec<Told>) -> Arc<Index> {
    let last = Arc::new(Mutex::new(Arc::new(Index::default())));
    let (into, (ready, waits)) = (last.clone(), channel());
    let indexer = Indexer::start(disk.clone(), "", cache, false, move |index| {
        *into.lock().unwrap() = index;
        let _ = ready.send(());
    });
    // The first snapshot is handed out when the walk has ended: what is told now comes behind it.
    waits.recv().unwrap();
    messages.into_iter().for_each(|told| indexer.tell(told));
    indexer.finish();
    Arc::try_unwrap(last).unwrap().into_inner().unwrap()
}

fn open(path: &str, text: &str) -> Told {
    Told::Open { path: path.into(), facts: Arc::new(facts_of(path, text).unwrap()) }
}

#[test]
fn a_cache_makes_the_same_index() {
    let base = place("cache");
    let root = base.join("root");
    for at in 0..5 {
        fs::write(root.join(format!("m{at}.py")), format!("def f{at}(): pass\n")).unwrap();
    }
    let disk = Arc::new(Disk::new(std::slice::from_ref(&root)));
    let cache = Cache::new(&base.join("state"), &disk);
    // Told after the first pass, so that all of it is known.
    let touch = || vec![Told::Touched(vec![root.join("m0.py")])];
    run(&disk, Some(cache.clone()), touch());
    let entries = cache.load();
    assert!(entries.len() <= 5);
    fs::write(root.join("m1.py"), "def changed(): pass\n").unwrap();
    fs::remove_file(root.join("m2.py")).unwrap();
    fs::write(root.join("m9.py"), "def new(): pass\n").unwrap();
    let fresh = told(&build::all(&disk));
    let project =
        build::Project::around(&root.join("m0.py"), Duration::from_secs(60), Some(&base.join("state")));
    assert_eq!(told(&project.index), fresh);
    let again =
        build::Project::around(&root.join("m0.py"), Duration::from_secs(60), Some(&base.join("state")));
    assert_eq!(told(&again.index), fresh);
    fs::remove_dir_all(base).unwrap();
}

#[test]
fn open_documents_go_before_the_disk_and_are_not_kept() {
    let base = place("open");
    let root = base.join("root");
    fs::write(root.join("a.py"), "def disk(): pass\n").unwrap();
    let disk = Arc::new(Disk::new(std::slice::from_ref(&root)));
    let cache = Cache::new(&base.join("state"), &disk);
    let index = run(
        &disk,
        Some(cache.clone()),
        vec![
            open("a.py", "def buffer(): pass\n"),
            open("new.py", "KEY = 1\n"),
            Told::Touched(vec![root.join("a.py")]),
        ],
    );
    assert_eq!(told(&index), ["a.py buffer", "new.py KEY"]);
    assert!(!cache.load().contains_key("new.py"));
    assert!(cache.load().values().all(|kept| kept.facts.top("buffer").next().is_none()));
    let index = run(
        &disk,
        Some(cache),
        vec![
            open("a.py", "def buffer(): pass\n"),
            open("new.py", "KEY = 1\n"),
            Told::Closed { path: "a.py".into() },
            Told::Closed { path: "new.py".into() },
        ],
    );
    assert_eq!(told(&index), ["a.py disk"]);
    fs::remove_dir_all(base).unwrap();
}

#[test]
fn files_that_come_and_go_are_taken_in() {
    changes_are_taken_in(&place("touched"), false);
}

#[test]
fn files_that_come_and_go_are_noticed() {
    changes_are_taken_in(&place("watched"), true);
}

/// Told by somebody, or noticed by itself.
fn changes_are_taken_in(base: &Path, watches: bool) {
    let root = base.join("root");
    for (path, text) in
        [("a.py", "def a(): pass\n"), ("b.py", "def b(): pass\n"), ("d/c.py", "def c(): pass\n")]
    {
        fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        fs::write(root.join(path), text).unwrap();
    }
    let disk = Arc::new(Disk::new(std::slice::from_ref(&root)));
    let last = Arc::new(Mutex::new(Arc::new(Index::default())));
    let (into, (ready, waits)) = (last.clone(), channel());
    let indexer = Indexer::start(disk.clone(), "", None, watches, move |index| {
        *into.lock().unwrap() = index;
        let _ = ready.send(());
    });
    waits.recv().unwrap();
    fs::write(root.join("a.py"), "def other(): pass\n").unwrap();
    fs::remove_file(root.join("b.py")).unwrap();
    fs::write(root.join("n.py"), "def n(): pass\n").unwrap();
    fs::create_dir(root.join("e")).unwrap();
    fs::rename(root.join("d"), root.join("e/d")).unwrap();
    fs::write(root.join("ignored.py"), "def i(): pass\n").unwrap();
    fs::write(root.join(".gitignore"), "ignored.py\n").unwrap();
    let names = ["a.py", "b.py", "n.py", "d", "e", "ignored.py", ".gitignore"];
    if !watches {
        indexer.tell(Told::Touched(names.iter().map(|name| root.join(name)).collect()));
    }
    let want = told(&build::all(&disk));
    // Snapshots come until it is as it should be; the time-out is what a failure takes.
    while told(&last.lock().unwrap()) != want {
        let waited = waits.recv_timeout(Duration::from_secs(60));
        assert!(waited.is_ok(), "{:?} is not {want:?}", told(&last.lock().unwrap()));
    }
    indexer.finish();
    fs::remove_dir_all(base).unwrap();
}

#[test]
fn an_open_document_that_is_left_out_on_disk_is_left_out() {
    let base = place("left-out");
    let root = base.join("root");
    fs::write(root.join(".redraftignore"), "private/\n*.local.py\n!fine.local.py\n").unwrap();
    for file in ["a.py", "private/keys.py", "secrets.py", "x.local.py", ".hidden/a.py"] {
        fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
        fs::write(root.join(file), "def saved(): pass\n").unwrap();
    }
    // Rules above the root count, and those of one kind before those of another, wherever they stand.
    fs::write(base.join(".gitignore"), "up.py\n").unwrap();
    fs::create_dir_all(root.join("n")).unwrap();
    fs::write(root.join("n/.gitignore"), "!z.local.py\nhere.py\n").unwrap();
    let disk = Arc::new(Disk::new(std::slice::from_ref(&root)));
    let files = ["a.py", "private/keys.py", "secrets.py", "x.local.py", ".hidden/a.py"];
    let new = [
        "up.py",
        "n/up.py",
        "n/z.local.py",
        "n/here.py",
        ".dot.py",
        "b.py",
        "private/new.py",
        "credentials.py",
        "y.local.py",
        "fine.local.py",
        ".hidden/b.py",
        "p/q/c.py",
    ];
    let opens = || files.iter().chain(&new).map(|path| open(path, "def opened(): pass\n"));
    let shown = ["a.py opened", "b.py opened", "fine.local.py opened", "p/q/c.py opened"];
    assert_eq!(told(&run(&disk, None, opens().collect())), shown);
    // Told once more at each parse, and closed: what is on disk counts again, where it does.
    let close = |path: &&str| Told::Closed { path: (*path).into() };
    let messages = opens().chain(opens()).chain(files.iter().chain(&new).map(close)).collect();
    assert_eq!(told(&run(&disk, None, messages)), ["a.py saved"]);
    fs::remove_dir_all(base).unwrap();
}
