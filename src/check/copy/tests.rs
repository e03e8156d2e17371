//! What a copy holds, what it does not, and that whatever is done to it is put right and does not reach the workspace.

use super::*;

/// A workspace and a state directory of its own, gone with the value.
struct World {
    base: PathBuf,
    root: PathBuf,
    state: PathBuf,
}

impl World {
    fn new(files: &[(&str, &str)]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let base = std::env::temp_dir().join(format!("redraft-copy-{}-{number}", std::process::id()));
        fs::create_dir_all(&base).unwrap();
        let base = fs::canonicalize(base).unwrap();
        let world = Self { root: base.join("root"), state: base.join("state"), base };
        fs::create_dir_all(&world.root).unwrap();
        for (path, text) in files {
            world.write(path, text);
        }
        world
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn copy(&self) -> Copy {
        Copy::new(&self.root, &self.state).unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        remove(&self.base).unwrap();
    }
}

/// All that is below, as `path=text`, with what a link leads to for links; folders that hold nothing as `path/`.
fn tree(folder: &Path) -> Vec<String> {
    fn gather(base: &Path, folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(base).unwrap().display().to_string();
            let meta = fs::symlink_metadata(&path).unwrap();
            if meta.is_symlink() {
                found.push(format!("{name}->{}", fs::read_link(&path).unwrap().display()));
            } else if meta.is_dir() {
                found.push(format!("{name}/"));
                gather(base, &path, found);
            } else {
                found.push(format!("{name}={}", fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    gather(folder, folder, &mut found);
    found.sort();
    found
}

const NONE: &[(&str, &str)] = &[];

#[test]
fn what_checkers_need_is_copied_and_nothing_else() {
    let world = World::new(&[
        ("a.py", "a"),
        ("pkg/b.py", "b"),
        ("data/x.csv", "1,2"),
        (".ruff.toml", "r"),
        (".gitignore", "ignored.txt\n"),
        (".redraftignore", "big/\n"),
        ("ignored.txt", "-"),
        ("big/file", "-"),
        (".env", "-"),
        (".env.local", "-"),
        ("secrets.yaml", "-"),
        ("deploy/server.pem", "-"),
        (".git/config", "-"),
        ("node_modules/m.js", "-"),
        ("pkg/__pycache__/b.pyc", "-"),
        ("venv/pyvenv.cfg", "-"),
    ]);
    fs::write(world.base.join("outside"), "-").unwrap();
    #[cfg(unix)]
    for (link, target) in [
        ("out", world.base.join("outside")),
        ("up", PathBuf::from("..")),
        ("hidden", PathBuf::from("ignored.txt")),
        ("inside.py", PathBuf::from("pkg/b.py")),
        ("absolute.py", world.root.join("a.py")),
        ("folder", world.root.join("pkg")),
    ] {
        std::os::unix::fs::symlink(target, world.root.join(link)).unwrap();
    }
    let mut copy = world.copy();
    let folder = copy.refresh(NONE).unwrap();
    let mut expected = vec![
        ".gitignore=ignored.txt\n".to_owned(),
        ".redraftignore=big/\n".to_owned(),
        ".ruff.toml=r".to_owned(),
        "a.py=a".to_owned(),
        "data/".to_owned(),
        "data/x.csv=1,2".to_owned(),
        "deploy/".to_owned(),
        "pkg/".to_owned(),
        "pkg/b.py=b".to_owned(),
    ];
    #[cfg(unix)]
    expected.extend([
        "absolute.py=a".to_owned(),
        "inside.py=b".to_owned(),
        format!("folder->{}", folder.join("pkg").display()),
    ]);
    expected.sort();
    assert_eq!(tree(&folder), expected);
    let drawn = tree(&folder);
    copy.refresh(NONE).unwrap();
    assert_eq!(tree(&folder), drawn, "a refresh changes nothing where nothing changed");
    drop(copy);
    assert!(!folder.exists() && !folder.with_extension("lock").exists());
}

#[test]
fn a_copy_follows_its_workspace_and_the_overlay_goes_again() {
    let world = World::new(&[("a.py", "a"), ("b.py", "b"), ("pkg/c.py", "c")]);
    let mut copy = world.copy();
    let folder = copy.refresh(&[("a.py", "draft"), ("new/d.py", "d")]).unwrap();
    assert_eq!(tree(&folder), ["a.py=draft", "b.py=b", "new/", "new/d.py=d", "pkg/", "pkg/c.py=c"]);
    world.write("b.py", "longer");
    world.write("e.py", "e");
    fs::remove_dir_all(world.root.join("pkg")).unwrap();
    copy.refresh(NONE).unwrap();
    assert_eq!(tree(&folder), ["a.py=a", "b.py=longer", "e.py=e"]);
    assert_eq!(
        tree(&world.root),
        tree(&folder),
        "and neither has anything that the other has not; the workspace is as it was"
    );
    for path in ["../x", "/etc/x", "a/../../x", "", "."] {
        let refused = copy.refresh(&[(path, "x")]);
        assert!(matches!(refused, Err(CopyError::NoPath(_))), "{path}: {refused:?}");
    }
}

#[cfg(unix)]
#[test]
fn whatever_is_done_to_a_copy_is_put_right_and_does_not_reach_the_workspace() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    type Deed = fn(&Path, &Path);
    let deeds: &[(&str, Deed)] = &[
        ("nothing", |_, _| {}),
        ("a file is changed", |copy, _| fs::write(copy.join("a.py"), "x").unwrap()),
        ("and its time set back", |copy, _| {
            let file = copy.join("a.py");
            let modified = fs::metadata(&file).unwrap().modified().unwrap();
            fs::write(&file, "b").unwrap();
            File::open(&file).unwrap().set_modified(modified).unwrap();
        }),
        ("a file is removed", |copy, _| fs::remove_file(copy.join("pkg/b.py")).unwrap()),
        ("files are added", |copy, _| {
            fs::create_dir_all(copy.join("deep/er")).unwrap();
            fs::write(copy.join("deep/er/x"), "x").unwrap();
        }),
        ("a folder becomes a file", |copy, _| {
            fs::remove_dir_all(copy.join("pkg")).unwrap();
            fs::write(copy.join("pkg"), "x").unwrap();
        }),
        ("a file becomes a folder", |copy, _| {
            fs::remove_file(copy.join("a.py")).unwrap();
            fs::create_dir(copy.join("a.py")).unwrap();
        }),
        ("a folder becomes a link to the workspace's", |copy, root| {
            fs::remove_dir_all(copy.join("pkg")).unwrap();
            symlink(root.join("pkg"), copy.join("pkg")).unwrap();
        }),
        ("a file becomes a link to the workspace's", |copy, root| {
            fs::remove_file(copy.join("a.py")).unwrap();
            symlink(root.join("a.py"), copy.join("a.py")).unwrap();
        }),
        ("a file becomes a hard link to another of the workspace", |copy, root| {
            fs::remove_file(copy.join("a.py")).unwrap();
            fs::hard_link(root.join("pkg/b.py"), copy.join("a.py")).unwrap();
        }),
        ("all of it becomes a link to the workspace", |copy, root| {
            fs::remove_dir_all(copy).unwrap();
            symlink(root, copy).unwrap();
        }),
        ("all of it is gone", |copy, _| fs::remove_dir_all(copy).unwrap()),
        ("it is made hard to read", |copy, _| {
            fs::set_permissions(copy.join("pkg"), fs::Permissions::from_mode(0)).unwrap();
        }),
        ("a cache becomes a link to the workspace", |copy, root| {
            symlink(root, copy.join("pkg/__pycache__")).unwrap();
        }),
    ];
    for (name, deed) in deeds {
        let world = World::new(&[("a.py", "a"), ("pkg/b.py", "b")]);
        let before = tree(&world.root);
        let mut copy = world.copy();
        let folder = copy.refresh(&[("pkg/b.py", "draft")]).unwrap();
        deed(&folder, &world.root);
        copy.refresh(&[("pkg/b.py", "other draft")]).unwrap();
        assert_eq!(tree(&folder), ["a.py=a", "pkg/", "pkg/b.py=other draft"], "{name}");
        copy.refresh(NONE).unwrap();
        assert_eq!(tree(&folder), before, "{name}");
        drop(copy);
        assert_eq!(tree(&world.root), before, "{name}");
    }
}

#[test]
fn caches_stay_but_for_what_was_compiled_of_a_file_that_changed() {
    let world = World::new(&[("a.py", "a"), ("b.py", "b")]);
    let mut copy = world.copy();
    let folder = copy.refresh(NONE).unwrap();
    for name in ["__pycache__/a.cpython-311.pyc", "__pycache__/b.cpython-311.pyc", ".ruff_cache/x"] {
        fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
        fs::write(folder.join(name), "c").unwrap();
    }
    copy.refresh(&[("a.py", "x")]).unwrap();
    let left = [".ruff_cache/", ".ruff_cache/x=c", "__pycache__/", "__pycache__/b.cpython-311.pyc=c"];
    assert_eq!(tree(&folder)[..4], left);
}

#[test]
fn what_a_killed_process_left_is_swept_and_what_is_in_use_is_not() {
    let world = World::new(&[("a.py", "a")]);
    let mut used = world.copy();
    let folder = used.refresh(NONE).unwrap();
    let left = world.state.join(COPIES).join("1-0");
    fs::create_dir_all(left.join("pkg")).unwrap();
    fs::write(left.with_extension("lock"), "").unwrap();
    fs::create_dir_all(world.state.join(COPIES).join("2-0")).unwrap();
    let other = world.copy();
    assert!(folder.join("a.py").exists() && !left.exists() && !left.with_extension("lock").exists());
    assert!(!world.state.join(COPIES).join("2-0").exists());
    assert_ne!(other.folder, used.folder);
}

#[test]
fn a_state_directory_in_the_workspace_is_not_copied_into_itself() {
    let mut world = World::new(&[("a.py", "a")]);
    world.state = world.root.join("state");
    let mut copy = world.copy();
    let folder = copy.refresh(NONE).unwrap();
    assert_eq!(tree(&folder), ["a.py=a"]);
}

#[test]
fn what_is_too_much_is_told() {
    let world = World::new(&[("a.py", "a")]);
    let file = File::create(world.root.join("large")).unwrap();
    file.set_len(MAX_BYTES + 1).unwrap();
    assert_eq!(world.copy().refresh(NONE), Err(CopyError::TooLarge));
    fs::remove_file(world.root.join("large")).unwrap();
    fs::create_dir(world.root.join("many")).unwrap();
    for number in 0..MAX_FILES {
        fs::File::create(world.root.join(format!("many/{number}"))).unwrap();
    }
    assert_eq!(world.copy().refresh(NONE), Err(CopyError::TooManyFiles));
}
