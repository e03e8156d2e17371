//! Tests for a function: written into the file of tests that its module has, or is to have, which need not be open.

use std::path::Path;
use std::sync::Arc;

use tower_lsp::jsonrpc;

use super::Session;
use crate::action::prepare::Tested;
use crate::action::test;
use crate::check::lsp::uri_of;
use crate::prompt::{Library, Prompt, Replace};
use crate::server::client::below;
use crate::server::convert::range_in;
use crate::server::event::{Asked, Command};
use crate::server::params::{GenerateParams, RunParams, WirePosition, WireRange, content_modified, invalid};
use crate::syntax::modules::{join, parent};

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

    pub(super) fn write_tests(&mut self, params: &RunParams, asked: Asked) {
        let unknown = || invalid(format!("there is no action `{}`", params.action));
        let prompt = self.prompt(params).ok_or_else(unknown);
        match prompt.and_then(|prompt| self.tests_for(params, &prompt)) {
            Ok(generate) => self.command(Command::Generate(generate), asked),
            Err(error) => drop(asked.reply.send(Err(error))),
        }
    }

    fn tests_for(&self, params: &RunParams, prompt: &Prompt) -> jsonrpc::Result<GenerateParams> {
        let snapshot = self.document(&params.uri, params.range)?;
        if snapshot.version != params.version {
            return Err(content_modified("the document has changed since; ask for actions again".to_owned()));
        }
        let path = snapshot.path.clone().ok_or_else(|| invalid("the document is no file".to_owned()))?;
        let folder = self.profile.folder_of(&path).or(path.parent()).unwrap_or(Path::new("/"));
        let name = below(&path, folder).unwrap_or_default();
        let tree = snapshot.parse();
        let source = snapshot.source(tree.as_ref(), &name);
        let source = source.ok_or_else(|| invalid("Redraft does not know this language".to_owned()))?;
        let range = range_in(&snapshot.text, params.range, self.profile.encoding);
        let stem = source.language.modules.stem(&name);
        let module = source.language.module_name(&name);
        let instruction = test::instruction(
            prompt,
            (params.instruction.as_deref(), &params.input),
            &source,
            &range,
            &module,
        )
        .map_err(|error| invalid(error.to_string()))?;
        let tested = test::tested(&source, &range).map(|tested| Tested(Arc::new(tested)));
        let file = self.file_of_tests(folder, &name, stem.rsplit('/').next().unwrap_or(stem), &source);
        let zero = WirePosition { line: 0, character: 0 };
        let range = WireRange { start: zero, end: zero };
        Ok(GenerateParams { uri: uri_of(&folder.join(file)), range, instruction, model: None, tested })
    }

    /// The one that is there, else where others are, else beside the module.
    fn file_of_tests(
        &self,
        folder: &Path,
        name: &str,
        stem: &str,
        source: &crate::action::Source<'_>,
    ) -> String {
        let file = source.language.tests.file(stem);
        let beside = parent(name).unwrap_or_default();
        let below = source.language.tests.folder;
        let places = [join(below, &file), join(&join(beside, below), &file), join(beside, &file)];
        let is_there = |path: &&String| {
            folder.join(path).is_file() || self.documents.contains_key(&uri_of(&folder.join(path)))
        };
        let there = places.iter().find(is_there).cloned();
        there.unwrap_or_else(
            || if folder.join(below).is_dir() { places[0].clone() } else { places[2].clone() },
        )
    }
}
