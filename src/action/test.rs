//! Write tests for the function at the cursor. They go into a file of tests of their own, so what is run is a generation there
//! (`redraft.generate`); here is when that is offered, and what it is asked.

use std::sync::Arc;

use super::{Action, Ask, Offer, Plan, PlanError, Query};
use crate::check::{Overlay, Version};
use crate::syntax::definition::{self, Definition, Kind};
use crate::syntax::{Source, lines};

pub(super) const ACTION: Action = Action { id: ID, kind: "refactor.rewrite.redraft.test", offer, plan };

/// Its name on the wire.
pub const ID: &str = "test";
/// The longest function that tests are written for, in bytes: all of it is shown.
const LIMIT: usize = 18_000;

fn offer(source: &Source<'_>, query: &Query, offers: &mut Vec<Offer>) {
    if let Some((_, name)) = function(source, &query.range).filter(|_| !query.automatic) {
        offers.push(Offer {
            action: ACTION.id,
            title: format!("Write tests for `{name}`"),
            kind: ACTION.kind,
            range: query.range.clone(),
            diagnostic: None,
        });
    }
}

/// It is planned in the file that the tests go into.
fn plan(ask: &Ask<'_>) -> Result<Plan, PlanError> {
    Err(PlanError::Elsewhere { line: ask.line() })
}

/// What is asked for the function at `range`; `module` is how the tests import its file.
///
/// # Errors
/// Where there is no function that is written.
pub fn instruction(
    source: &Source<'_>,
    range: &std::ops::Range<usize>,
    module: &str,
) -> Result<String, PlanError> {
    let line = lines::of(source.text, range.start.min(source.text.len_bytes())) + 1;
    let (function, name) = function(source, range).ok_or(PlanError::NothingToTest { line })?;
    let code = lines::slice(source.text, &function.whole);
    let code = lines::dedent(&code.replace("\r\n", "\n"), &function.indent);
    let ticks = "`".repeat(crate::prompt::ticks(&code));
    Ok(format!(
        "{} for `{name}`, which the module `{module}` has: import it from there. Test what it promises: usual cases, limits, and what it raises. Only new test functions with names of their own, that the file does not have yet; no copy of the tested code. It is:\n\n{ticks}{}\n{}\n{ticks}",
        source.language.tests.ask,
        source.language.fence,
        code.trim_end()
    ))
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
fn function(source: &Source<'_>, range: &std::ops::Range<usize>) -> Option<(Definition, String)> {
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
