//! Tests for a function: written into the file of tests that its module has, or is to have, which need not be open.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tower_lsp::jsonrpc;

use super::Session;
use crate::action::prepare::Tested;
use crate::action::test;
use crate::check::lsp::uri_of;
use crate::prompt::{Library, Prompt, Replace};
use crate::server::client::below;
use crate::server::convert::range_in;
use crate::server::event::{Asked, Command, TaskEvent};
use crate::server::params::{GenerateParams, RunParams, WirePosition, WireRange, content_modified, invalid};
use crate::syntax::Source;
use crate::syntax::modules::{join, parent};
use crate::text::position::Encoding;
use crate::workspace::Snapshot;

impl Session {
    /// Whether a run writes into a file of tests.
    pub(super) fn is_of_tests(&mut self, params: &RunParams) -> bool {
        self.prompt(params).is_some_and(|prompt| prompt.replace == Some(Replace::NewFile))
    }

    /// The prompt of a run, as far as it is known.
    fn prompt(&mut self, params: &RunParams) -> Option<Arc<Prompt>> {
        let snapshot = self.documents.get(&params.uri)?.document.snapshot().clone();
        let library = self.library(&snapshot).unwrap_or_else(Library::built_in);
        library.get(&params.action).cloned()
    }

    /// Where tests go and what is asked for is found out off the loop.
    pub(super) fn write_tests(&mut self, params: RunParams, asked: Asked) {
        let unknown = || invalid(format!("there is no action `{}`", params.action));
        let place = self.prompt(&params).ok_or_else(unknown).and_then(|prompt| {
            let snapshot = self.document(&params.uri, params.range)?;
            if snapshot.version != params.version {
                let why = "the document has changed since; ask for actions again";
                return Err(content_modified(why.to_owned()));
            }
            let path = snapshot.path.clone().ok_or_else(|| invalid("the document is no file".to_owned()))?;
            let folder = self.profile.folder_of(&path).or(path.parent()).unwrap_or(Path::new("/")).to_owned();
            Ok(Place { snapshot, path, folder, prompt, open: self.documents.keys().cloned().collect() })
        });
        let place = match place {
            Ok(place) => place,
            Err(error) => return drop(asked.reply.send(Err(error))),
        };
        let (encoding, tasks) = (self.profile.encoding, self.tasks.clone());
        tokio::task::spawn_blocking(move || {
            // A panic drops the reply, which is answered with an internal error.
            let planned = catch_unwind(AssertUnwindSafe(|| place.tests(&params, encoding)));
            match planned {
                Ok(Ok(generate)) => {
                    let command = Box::new(Command::Generate(generate));
                    let _ = tasks.blocking_send(TaskEvent::Planned { command, asked });
                }
                Ok(Err(error)) => drop(asked.reply.send(Err(error))),
                Err(_) => {}
            }
        });
    }
}

/// What is to be tested, and the workspace around it.
struct Place {
    snapshot: Snapshot,
    path: PathBuf,
    folder: PathBuf,
    prompt: Arc<Prompt>,
    /// The documents that are open.
    open: HashSet<String>,
}

impl Place {
    /// The tests, as what is to be generated. Looks at the disk.
    fn tests(&self, params: &RunParams, encoding: Encoding) -> jsonrpc::Result<GenerateParams> {
        let Self { snapshot, folder, .. } = self;
        let name = below(&self.path, folder).unwrap_or_default();
        let tree = snapshot.parse();
        let source = snapshot.source(tree.as_ref(), &name);
        let source = source.ok_or_else(|| invalid("Redraft does not know this language".to_owned()))?;
        let range = range_in(&snapshot.text, params.range, encoding);
        let stem = source.language.modules.stem(&name);
        let module = source.language.module_name(&name);
        let told = (params.instruction.as_deref(), &params.input);
        let instruction = test::instruction(&self.prompt, told, &source, &range, &module)
            .map_err(|error| invalid(error.to_string()))?;
        let tested = test::tested(&source, &range).map(|tested| Tested(Arc::new(tested)));
        let file = self.file(&name, stem.rsplit('/').next().unwrap_or(stem), &source);
        let zero = WirePosition { line: 0, character: 0 };
        let range = WireRange { start: zero, end: zero };
        Ok(GenerateParams { uri: uri_of(&folder.join(file)), range, instruction, model: None, tested })
    }

    /// The file of tests that is there, else where others are, else beside the module.
    fn file(&self, name: &str, stem: &str, source: &Source<'_>) -> String {
        let file = source.language.tests.file(stem);
        let beside = parent(name).unwrap_or_default();
        let below = source.language.tests.folder;
        let places = [join(below, &file), join(&join(beside, below), &file), join(beside, &file)];
        let is_there = |path: &&String| {
            let path = self.folder.join(path);
            path.is_file() || self.open.contains(&uri_of(&path))
        };
        let there = places.iter().find(is_there).cloned();
        let is_folder_there = || self.folder.join(below).is_dir();
        there.unwrap_or_else(|| places[if is_folder_there() { 0 } else { 2 }].clone())
    }
}
