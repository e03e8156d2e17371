//! Which files are read: agreement with git, secrets, symlinks, bounds, hostile files.

use std::process::Command;

use super::*;
use crate::workspace::build;

fn place(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("redraft-disk-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    fs::canonicalize(path).unwrap()
}

fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn walked(disk: &Disk) -> Vec<String> {
    let mut found = Vec::new();
    disk.walk(|one| found.push(one.path.to_string()));
    found.sort();
    found
}

#[test]
fn what_git_ignores_is_not_read() {
    let root = place("git");
    write(
        &root,
        &[
            (
                ".gitignore",
                "*.gen.py\n/build/\n!keep.gen.py\nlogs/**/x.py\n[ab]1.py\n#no\n\\#yes.py\ntrail.py \n/top.py\ndeep/*/mid.py\n",
            ),
            ("src/.gitignore", "/local.py\n!special.gen.py\nvendor\n*\n!*.py\n!*/\n"),
            ("src/inner/.gitignore", "!local.py\n/y.py\n"),
        ],
    );
    let files = [
        "a.py",
        "a.gen.py",
        "keep.gen.py",
        "build/x.py",
        "src/build/x.py",
        "logs/x.py",
        "logs/a/b/x.py",
        "logs/a/y.py",
        "a1.py",
        "b1.py",
        "c1.py",
        "#no.py",
        "#yes.py",
        "trail.py",
        "top.py",
        "src/top.py",
        "src/local.py",
        "src/special.gen.py",
        "src/other.gen.py",
        "src/vendor/z.py",
        "src/inner/local.py",
        "src/inner/y.py",
        "deep/a/mid.py",
        "deep/a/b/mid.py",
        "src/inner/deeper/y.py",
    ];
    write(&root, &files.map(|path| (path, "x = 1\n")));
    let git = |arguments: &[&str]| {
        Command::new("git")
            .arg("-C")
            .arg(&root)
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
    };
    assert!(git(&["init", "-q"]).expect("git is needed for this test").status.success());
    let mut wanted: Vec<String> = files
        .iter()
        .filter(|path| git(&["check-ignore", "-q", path]).unwrap().status.code() == Some(1))
        .map(|path| (*path).to_owned())
        .collect();
    wanted.sort();
    let disk = Disk::new(std::slice::from_ref(&root));
    assert_eq!(walked(&disk), wanted);
    assert!(wanted.len() > 8 && wanted.len() < files.len() - 5);
    // One by one the same.
    for path in files {
        assert_eq!(disk.is_walked(path), wanted.iter().any(|one| one == path), "{path}");
    }
    fs::remove_dir_all(root).unwrap();
}

#[test]
fn what_is_no_code_of_the_project_is_not_read() {
    let root = place("excluded");
    write(
        &root,
        &[
            ("a.py", ""),
            (".redraftignore", "private/\n"),
            ("private/a.py", ""),
            (".hidden/a.py", ""),
            (".env.py", ""),
            ("secrets.py", ""),
            ("p/credentials.py", ""),
            ("p/Credentials.pyi", ""),
            ("secretary.py", ""),
            ("node_modules/m/a.py", ""),
            ("p/__pycache__/a.py", ""),
            ("my-env/pyvenv.cfg", ""),
            ("my-env/lib/python3/site-packages/m.py", ""),
            ("notes.txt", ""),
            ("p/a.pyw", ""),
        ],
    );
    let disk = Disk::new(std::slice::from_ref(&root));
    assert_eq!(walked(&disk), ["a.py", "p/a.pyw", "secretary.py"]);
    for path in ["secrets.py", "private/a.py", ".env.py", "p/credentials.py"] {
        assert!(disk.facts(path).is_none() && disk.stamp(path).is_none(), "{path}");
    }
    for path in ["secrets.py", ".env.py", "p/credentials.py"] {
        assert_eq!(disk.text(path), None, "{path}");
    }
    // A directory is no file, whatever it is called.
    fs::create_dir(root.join("d.py")).unwrap();
    assert!(!disk.is_walked("d.py") && !disk.is_walked("p") && disk.facts("d.py").is_none());
    fs::remove_dir_all(root).unwrap();
}

#[cfg(unix)]
#[test]
fn symlinks_do_not_lead_out() {
    use std::os::unix::fs::symlink;
    let (root, other) = (place("links"), place("links-other"));
    write(&root, &[("a.py", "x = 1\n"), ("secrets.py", "KEY = 'k'\n")]);
    write(&other, &[("out.py", "y = 1\n"), ("d/out.py", "y = 1\n")]);
    symlink(other.join("out.py"), root.join("file.py")).unwrap();
    symlink(other.join("d"), root.join("dir")).unwrap();
    symlink(&root, root.join("self")).unwrap();
    symlink(root.join("secrets.py"), root.join("innocent.py")).unwrap();
    let disk = Disk::new(std::slice::from_ref(&root));
    assert_eq!(walked(&disk), ["a.py"]);
    for path in ["file.py", "dir/out.py", "innocent.py", "../links-other/out.py"] {
        assert!(disk.text(path).is_none() && disk.facts(path).is_none(), "{path}");
    }
    // The root itself may be reached by one.
    let link = other.join("link");
    symlink(&root, &link).unwrap();
    let linked = Disk::new(std::slice::from_ref(&link));
    assert_eq!(walked(&linked), ["a.py"]);
    assert_eq!(linked.path_of(&link.join("a.py")).as_deref(), Some("a.py"));
    fs::remove_dir_all(root).unwrap();
    fs::remove_dir_all(other).unwrap();
}

#[test]
fn several_roots_have_names() {
    let base = place("roots");
    write(&base, &[("x/app/a.py", ""), ("y/app/b.py", ""), ("y/app/in/c.py", "")]);
    let disk =
        Disk::new(&[base.join("x/app"), base.join("y/app"), base.join("y/app/in"), base.join("x/app")]);
    // No file has two names, though a root is in another one and one is given twice.
    assert_eq!(walked(&disk), ["app-2/b.py", "app/a.py", "in/c.py"]);
    assert_eq!(disk.roots(), ["app", "app-2", "in"]);
    for path in walked(&disk) {
        let (file, _) = disk.place(&path).unwrap();
        assert_eq!(disk.path_of(&file), Some(path.clone()));
        assert!(disk.is_walked(&path));
    }
    assert_eq!(disk.path_of(&base.join("z.py")), None);
    fs::remove_dir_all(base).unwrap();
}

#[test]
fn the_number_of_files_is_bounded() {
    let root = place("bounded");
    (0..30).for_each(|at| write(&root, &[(&format!("m{at}.py"), "")]));
    let disk = Disk::new(std::slice::from_ref(&root));
    for (most, want) in [(0, 0), (7, 7), (100, 30)] {
        let mut found = 0;
        disk.walk_at_most(most, |_| found += 1, |_, _| {});
        assert_eq!(found, want);
    }
    fs::remove_dir_all(root).unwrap();
}

#[test]
fn hostile_files_stop_no_other() {
    let root = place("hostile");
    write(
        &root,
        &[
            ("good.py", "def good(): pass\n"),
            ("deep.py", &"(".repeat(200_000)),
            (
                "classes.py",
                &(0..2_000).fold(String::new(), |text, depth| text + &" ".repeat(depth) + "class A:\n"),
            ),
            ("line.py", &format!("x = '{}'\n", "a".repeat(5 << 20))),
            ("wide.py", &format!("x = [{}]\n", "1,".repeat(500_000))),
            ("quotes.py", &"'''\"\"\"".repeat(10_000)),
            ("nul.py", "\0\0def f(): pass\0\n"),
            ("empty.py", ""),
            ("zz.py", "def last(): pass\n"),
        ],
    );
    fs::write(root.join("latin.py"), b"x = '\xff\xfe'\n").unwrap();
    fs::write(root.join("binary.py"), (0..=255u8).cycle().take(100_000).collect::<Vec<_>>()).unwrap();
    let disk = Disk::new(std::slice::from_ref(&root));
    let index = build::all(&disk);
    let has = |path: &str, name: &str| {
        let entry = index.entry(index.file(path).unwrap()).unwrap();
        entry.facts.as_ref().is_some_and(|facts| facts.top(name).next().is_some())
    };
    assert!(has("good.py", "good") && has("zz.py", "last"));
    assert!(index.entry(index.file("latin.py").unwrap()).unwrap().facts.is_none());
    assert!(index.entry(index.file("line.py").unwrap()).unwrap().facts.is_none(), "larger than what is read");
    assert_eq!(index.files().len(), 11);
    fs::remove_dir_all(root).unwrap();
}

#[test]
fn the_environment_is_found_and_read_without_the_walk() {
    let root = place("environment");
    write(
        &root,
        &[
            ("a.py", ""),
            (".venv/pyvenv.cfg", "home = /usr\n"),
            (".venv/lib/python3.12/site-packages/lib/__init__.py", "def f(): pass\n"),
            ("site-packages-notes.py", "def g(): pass\n"),
            (".gitignore", "site-packages-notes.py\n"),
        ],
    );
    let disk = Disk::new(std::slice::from_ref(&root));
    assert_eq!(disk.outside(), [OUTSIDE]);
    assert_eq!(walked(&disk), ["a.py"]);
    assert!(disk.facts("site-packages/lib/__init__.py").is_some());
    assert!(disk.facts("site-packages/lib/gone.py").is_none());
    // A name that begins like the environment's is the workspace's, and ignored here.
    assert!(disk.facts("site-packages-notes.py").is_none());
    fs::remove_dir_all(root).unwrap();
}
