//! Functions of a project to ask about: spread over all its files.

use std::sync::Arc;
use std::time::Duration;

use redraft::context::{Ask, Context, gather};
use redraft::syntax::facts::{Facts, Kind, extract};
use redraft::syntax::{Language, parse::parse_str};
use redraft::workspace::Index;
use redraft::workspace::disk::Disk;
use redraft::workspace::view::{Reader, View};
use ropey::Rope;

/// Long enough for any file.
const PARSE: Duration = Duration::from_secs(20);

/// One function, as an editor that has its file open knows it.
#[derive(Debug)]
pub struct Target {
    pub path: String,
    text: Rope,
    facts: Arc<Facts>,
    symbol: usize,
}

impl Target {
    /// What a prompt would show for its body.
    pub fn ask(&self, index: &Index, reader: &dyn Reader, budget: u32) -> Context {
        let language = Language::by_path(&self.path).expect("a file of code");
        let view = View::new(index, Some(reader), language, &self.path, self.facts.clone());
        let symbol = self.facts.symbols[self.symbol];
        let region = symbol.header().end..symbol.whole().end;
        gather(
            &view,
            &Ask {
                text: &self.text,
                focus: &symbol.whole(),
                region: &region,
                hint: "",
                recent: &[],
                budget,
                least: redraft::context::WORTH,
            },
        )
    }
}

/// At most `most` functions, each of another file where there are enough.
pub fn of(disk: &Disk, most: usize) -> Vec<Target> {
    let mut paths = Vec::new();
    disk.walk(|found| paths.push(found.path));
    paths.sort();
    let every = paths.len().div_ceil(most).max(1);
    let all = paths.chunks(every).filter_map(|some| some.iter().find_map(|path| in_file(disk, path)));
    let targets: Vec<Target> = all.take(most).collect();
    assert!(!targets.is_empty(), "the project has no functions");
    targets
}

/// The function in the middle of a file.
fn in_file(disk: &Disk, path: &str) -> Option<Target> {
    let text = disk.text(path)?;
    let language = Language::by_path(path)?;
    let facts = extract(language, &text, &parse_str(language, &text, PARSE)?);
    let is_function = |at: &usize| matches!(facts.symbols[*at].kind, Kind::Function | Kind::Method);
    let functions: Vec<usize> = (0..facts.symbols.len()).filter(is_function).collect();
    let symbol = *functions.get(functions.len() / 2)?;
    Some(Target { path: path.to_owned(), text: Rope::from_str(&text), facts: Arc::new(facts), symbol })
}
