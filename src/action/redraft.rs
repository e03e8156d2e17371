//! The question for another round: it goes on from the first one, so that what the model has read of it counts; then come the
//! draft, what is wrong with it, and what the project defines of that.

use std::sync::Arc;
use std::time::Duration;

use super::prepare::{PrepareError, Room, Sent, checked};
use crate::check::{Overlay, Version};
use crate::context::{self, Ask, Context};
use crate::draft::form::{Form, Shape};
use crate::draft::verify::Proposal;
use crate::job::Task;
use crate::job::rounds::{self, Redraft};
use crate::model::{Request, Role, Tokens, Turn};
use crate::prompt::secret::Redactor;
use crate::prompt::{self, Fault, Inputs, Prompt};
use crate::syntax::{lines, parse};
use crate::text::hidden::quoted;
use crate::workspace::view::View;

/// How long the parse of a file may take that its user changed meanwhile.
const PARSE: Duration = Duration::from_secs(10);
/// The most findings that one round is told: behind the first few the rest is mostly their echo.
const FINDINGS: usize = 8;
/// How freely a model writes that is asked afresh.
const AFRESH: f32 = 0.7;
/// The longest message and line of one, in characters.
const WIDTH: usize = 300;
/// For definitions that findings are about, in tokens.
const DEFINITIONS: Tokens = Tokens(400);

/// A draft beside what its file was; `path` is how the project calls it.
#[must_use]
pub fn overlay(proposal: &Proposal, path: &str) -> Overlay {
    let (text, tree, draft) = proposal.drafted();
    let start = proposal.region.start;
    let before = || parse(proposal.language, &proposal.text, None, PARSE);
    Overlay {
        language: proposal.language,
        path: path.to_owned(),
        beside: Arc::default(),
        before: Version { text: proposal.text.clone(), tree: proposal.tree.clone().or_else(before) },
        after: Version { text, tree },
        mends: proposal.mends.as_ref().map(|mends| start + mends.start..start + mends.end),
        base: proposal.region.clone(),
        draft,
    }
}

/// What is asked for a better draft; `view` looks from its file.
///
/// # Errors
/// When the conversation has become too large for the model, or would hold a secret.
pub fn redraft(
    (task, sent): (&Task, &Sent),
    redraft: &Redraft,
    view: &View<'_>,
    room: Room,
) -> Result<(Task, Sent), PrepareError> {
    let inputs = inputs(task, redraft);
    let found = definitions(task, sent, &inputs, view);
    let first = Context::default();
    // Without the definitions, where they are too much.
    let mut too_large = None;
    for context in [&found, &first] {
        let request = ask(task, (&sent.redraft, redraft), &inputs, context)?;
        let tokens = checked(&request)?;
        let (prompt, output, window) = (tokens.0, request.max_tokens.0, room.window.0);
        if prompt.saturating_add(output) <= window {
            let mut sent = sent.clone();
            sent.context.excerpts.extend(context.excerpts.iter().cloned());
            (sent.tokens, sent.request) = (tokens, request.clone());
            return Ok((Task { request, ..task.clone() }, sent));
        }
        too_large = Some(PrepareError::TooLarge { prompt, output, window });
    }
    Err(too_large.unwrap_or(PrepareError::NoLanguage))
}

fn ask(
    task: &Task,
    (prompt, redraft): (&Prompt, &Redraft),
    inputs: &Inputs,
    found: &Context,
) -> Result<Request, PrepareError> {
    let mut request = task.first.clone();
    if redraft.afresh {
        // Who is shown its own draft once more writes it once more; and what is certain to be the same is not asked.
        request.temperature = request.temperature.map(|temperature| temperature.max(AFRESH));
    }
    let known: Vec<&str> = request.turns.iter().map(|turn| turn.text.as_str()).collect();
    let mut redactor = Redactor::apart_from(&known);
    let rendered = prompt::render(prompt, prompt, inputs, found)?;
    let user = redactor.redact(&task.secrets.hide(&rendered.user));
    match &redraft.draft {
        Some(draft) if !redraft.afresh => {
            let answer =
                redactor.redact(&task.secrets.hide(&answer(task, draft, redraft.imports.as_deref())));
            request.turns.push(Turn { role: Role::Assistant, text: answer });
            request.turns.push(Turn { role: Role::User, text: user });
        }
        _ => {
            if let Some(last) = request.turns.last_mut() {
                last.text = format!("{}\n\n{user}", last.text);
            }
        }
    }
    Ok(request)
}

/// The draft as the model would have answered it.
fn answer(task: &Task, draft: &str, imports: Option<&str>) -> String {
    let Form { shape, lead, base, unit, eol } = &task.form;
    let body = draft.strip_prefix(lead.as_str()).unwrap_or(draft);
    let opening = if matches!(shape, Shape::Body { .. }) { task.opening.as_str() } else { "" };
    // The opening is shown without the indentation of its place, and the body one level below.
    let margin =
        if opening.is_empty() { base.as_str() } else { base.strip_suffix(&unit.unit()).unwrap_or(base) };
    let lines = body.split(eol.as_str()).map(|line| line.strip_prefix(margin).unwrap_or(line));
    let code: Vec<&str> = lines.collect();
    let block = task.imports.as_ref().map(|range| lines::slice(task.place.text(), range)).unwrap_or_default();
    let is_new = |line: &&str| !line.trim().is_empty() && !block.lines().any(|known| known == *line);
    let added: Vec<&str> = imports.unwrap_or_default().lines().filter(is_new).collect();
    let closer = if opening.is_empty() { "" } else { task.place.source().language.closer };
    let parts = [added.join("\n"), opening.trim_end().to_owned(), code.join("\n"), closer.to_owned()];
    let parts: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.trim().is_empty()).collect();
    let code = parts.join("\n");
    let ticks = "`".repeat(prompt::ticks(&code));
    format!("{ticks}{}\n{}\n{ticks}", task.place.source().language.fence, code.trim_end())
}

/// What the prompt speaks of.
fn inputs(task: &Task, redraft: &Redraft) -> Inputs {
    let language = task.place.source().language;
    let told = |fault: &rounds::Fault| Fault {
        line: quoted(&fault.line, WIDTH),
        message: quoted(&fault.finding.message, WIDTH),
    };
    Inputs {
        language: language.name.to_owned(),
        fence: language.fence.to_owned(),
        comment: language.comment.to_owned(),
        findings: redraft.faults.iter().take(FINDINGS).map(told).collect(),
        rejected: redraft.rejected.as_deref().map(|why| quoted(why, WIDTH)),
        tried: redraft.tried.iter().map(|fault| quoted(fault, WIDTH)).collect(),
        afresh: redraft.afresh,
        ..Inputs::default()
    }
}

/// The definitions that the findings are about, but for those that the model has seen.
fn definitions(task: &Task, sent: &Sent, inputs: &Inputs, view: &View<'_>) -> Context {
    if inputs.findings.is_empty() {
        return Context::default();
    }
    let told = |fault: &Fault| format!("{}\n{}", fault.line, fault.message);
    let hint = inputs.findings.iter().map(told).collect::<Vec<_>>().join("\n");
    let region = task.place.region();
    let ask = Ask {
        text: task.place.text(),
        focus: region,
        region,
        hint: &hint,
        recent: &[],
        budget: DEFINITIONS.0,
        least: context::WORTH,
    };
    let mut found = context::gather(view, &ask);
    found.excerpts.retain(|excerpt| {
        let is_named =
            excerpt.name.rsplit('.').next().is_some_and(|name| !name.is_empty() && hint.contains(name));
        let is_known = sent.context.excerpts.iter().any(|known| known.text.contains(&excerpt.text));
        is_named && !is_known
    });
    found
}
