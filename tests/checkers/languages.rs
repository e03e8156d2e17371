//! Real language servers of other languages than Python: the same client gets the diagnostics of a document that is on no disk.
//! `REDRAFT_SERVERS` names the folders that they are in, as `PATH` does (`scripts/test-checkers` sets it); without it nothing is tried.

use std::path::PathBuf;
use std::time::Duration;

use redraft::check::lsp::{Server, uri_of};
use ropey::Rope;
use serde_json::Value;

use crate::setup::{World, left};

/// Servers that read a whole project before they say a word, on a machine with other work.
const WAIT: Duration = Duration::from_secs(120);
const MEMORY_MIB: u32 = 4096;

struct Row {
    program: &'static str,
    arguments: &'static [&'static str],
    language: &'static str,
    /// The document and what is right in it.
    path: &'static str,
    sound: &'static str,
    /// What is wrong in another version of it, and what is said of that.
    faulty: &'static str,
    says: &'static str,
    /// What else is in the project.
    files: &'static [(&'static str, &'static str)],
}

const ROWS: [Row; 3] = [
    Row {
        program: "typescript-language-server",
        arguments: &["--stdio"],
        language: "typescript",
        path: "src/shapes.ts",
        sound: "import { PI } from './numbers';\nexport function area(r: number): number {\n  return PI * r * r;\n}\n",
        faulty: "import { PI } from './numbers';\nexport function area(r: number): number {\n  return 'PI' + PI;\n}\n",
        says: "Type 'string' is not assignable to type 'number'",
        files: &[("tsconfig.json", "{}"), ("src/numbers.ts", "export const PI = 3;\n")],
    },
    Row {
        program: "rust-analyzer",
        arguments: &[],
        language: "rust",
        path: "src/shapes.rs",
        sound: "use crate::PI;\npub fn area(r: u32) -> u32 {\n    PI * r * r\n}\n",
        faulty: "use crate::PI;\npub fn area(r: u32) -> u32 {\n    let _ = r + PI;\n    \"PI\"\n}\n",
        says: "expected u32, found &'static str",
        files: &[
            (
                "Cargo.toml",
                "[package]\nname = \"shapes\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n",
            ),
            ("src/lib.rs", "pub mod shapes;\npub const PI: u32 = 3;\n"),
        ],
    },
    Row {
        program: "gopls",
        arguments: &[],
        language: "go",
        path: "shapes.go",
        sound: "package shapes\n\nfunc Area(r int) int {\n\treturn PI * r * r\n}\n",
        faulty: "package shapes\n\nfunc Area(r int) int {\n\treturn \"PI\"\n}\n",
        says: "cannot use \"PI\"",
        files: &[
            ("go.mod", "module shapes\n\ngo 1.19\n"),
            ("numbers.go", "package shapes\n\nconst PI = 3\n"),
        ],
    },
];

fn program(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("REDRAFT_SERVERS")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_of_other_languages_tell_of_a_document_that_is_not_saved() {
    for row in &ROWS {
        let Some(program) = program(row.program) else {
            eprintln!("skipped: {} is in no folder of REDRAFT_SERVERS", row.program);
            continue;
        };
        let world = World::new();
        let saved = [(row.path, row.sound)];
        for (path, text) in row.files.iter().chain(&saved) {
            let path = world.path(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let mut argv = vec![program.into_os_string()];
        argv.extend(row.arguments.iter().map(Into::into));
        let root = world.path("").canonicalize().unwrap();
        let server =
            Server::new(row.program, argv, &root, &Value::Null, (WAIT, MEMORY_MIB), &world.supervisor());
        let uri = uri_of(&root.join(row.path));
        for (text, expected) in
            [(row.faulty, Some(row.says)), (row.sound, None), (row.faulty, Some(row.says))]
        {
            let told = server.check(&uri, row.language, &Rope::from_str(text)).await;
            let told: Vec<String> = told.unwrap().into_iter().map(|one| one.message).collect();
            match expected {
                Some(says) => assert!(told.iter().any(|one| one.contains(says)), "{}: {told:?}", row.program),
                None => assert_eq!(told, [""; 0], "{}", row.program),
            }
        }
        assert_eq!(std::fs::read_to_string(root.join(row.path)).unwrap(), row.sound, "nothing is saved");
        server.goodbye().await;
        assert_eq!(left(&world.mark), [""; 0], "{}", row.program);
    }
}
