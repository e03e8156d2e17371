//! Write tests for the function at the cursor. They go into a file of tests of their own, so what is run is a generation there
//! (`redraft.generate`); here is when that is offered, and what it is asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::PlanError;
use crate::check::{Overlay, Version};
use crate::prompt::{self, Inputs, Prompt};
use crate::syntax::definition::{self, Definition, Kind};
use crate::syntax::{Source, lines};

/// Its name on the wire.
pub const ID: &str = "test";
/// The longest function that tests are written for, in bytes: all of it is shown.
const LIMIT: usize = 18_000;

/// What is asked for the function at `range`; `module` is how the tests import its file.
///
/// # Errors
/// Where there is no function that is written.
pub fn instruction(
    prompt: &Prompt,
    (own, input): (Option<&str>, &BTreeMap<String, String>),
    source: &Source<'_>,
    range: &std::ops::Range<usize>,
    module: &str,
) -> Result<String, PlanError> {
    let line = lines::of(source.text, range.start.min(source.text.len_bytes())) + 1;
    let (function, name) = function(source, range).ok_or(PlanError::NothingToTest { line })?;
    let code = lines::slice(source.text, &function.whole);
    let code = lines::dedent(&code.replace("\r\n", "\n"), &function.indent);
    let text = |text: &str| Some(text.to_owned());
    let inputs = Inputs {
        instruction: own.map(str::to_owned),
        input: super::given(prompt, input)?,
        stage: super::prepare::STAGE.to_owned(),
        language: source.language.name.to_owned(),
        fence: source.language.fence.to_owned(),
        comment: source.language.comment.to_owned(),
        path: source.path.to_owned(),
        name: Some(name),
        module: text(module),
        ask: text(source.language.tests.ask),
        function: text(code.trim_end()),
        ..Inputs::default()
    };
    let said =
        prompt::instruction(prompt, &inputs, "").map_err(|error| PlanError::Unrendered(error.to_string()))?;
    said.ok_or_else(|| PlanError::NoInstructionOfTests(prompt.name.clone()))
}

/// The file of the function at `range`, with the function's body as a draft that changed nothing: what its tests are measured by.
#[must_use]
pub fn tested(source: &Source<'_>, range: &std::ops::Range<usize>) -> Option<Overlay> {
    let (function, _) = function(source, range)?;
    let version = Version { text: source.text.clone(), tree: source.tree.cloned() };
    let docstring = function.docstring.as_ref().map_or(function.body.start, |docstring| docstring.end);
    let body = docstring.max(function.body.start)..function.body.end;
    Some(Overlay {
        language: source.language,
        path: source.path.to_owned(),
        mends: None,
        beside: Arc::default(),
        before: version.clone(),
        after: version,
        base: body.clone(),
        draft: body,
    })
}

/// The innermost function that is written, with the names around it.
pub(super) fn function(source: &Source<'_>, range: &std::ops::Range<usize>) -> Option<(Definition, String)> {
    if source.language.tests.ask.is_empty()
        || source.language.is_test(source.path)
        || source.language.declares(source.path)
    {
        return None;
    }
    let around = definition::around(source, range);
    let at = around.iter().rposition(|found| found.kind == Kind::Function)?;
    let function = around[at].clone();
    let is_inner = around[..at].iter().any(|found| found.kind == Kind::Function);
    let fits = function.stub.is_none() && function.whole.len() <= LIMIT && !is_inner;
    let names: Vec<&str> = around[..=at].iter().map(|found| found.name.as_str()).collect();
    fits.then(|| (function, names.join(".")))
}
