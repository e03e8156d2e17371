//! From an action and a place to a task: what may change, what is asked, and an account of what will be sent.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use thiserror::Error;

use super::references;
use super::spot::Spot;
use super::tests_of;
pub use super::wish::{FREE, Room, STAGE, Stock, Tested, Wish};
use super::{Order, Plan, PlanError, Query, Source, offers, plan};
use crate::context::{self, Ask, Context};
use crate::draft::form::Shape;
use crate::draft::place::Place;
use crate::draft::secrets::Secrets;
use crate::job::Task;
use crate::model::{Fill, Request, Role, Tokens, Turn};
use crate::prompt::rules::{self, Rule};
use crate::prompt::secret::{self, Redactor};
use crate::prompt::{self, Library, Prompt, RenderError};
use crate::syntax::lines;
use crate::workspace::view::View;

/// What goes to the model, for its user to see.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    pub title: String,
    /// What is asked, and what asks for a better draft.
    pub prompt: Arc<Prompt>,
    pub redraft: Arc<Prompt>,
    pub context: Context,
    /// The rules of the workspace that are in it.
    pub rules: Vec<Rule>,
    /// How many secrets were taken out.
    pub redacted: usize,
    /// A safe estimate of the whole prompt.
    pub tokens: Tokens,
    /// How long the answer should be at most; the request may leave room for more, for a model that reasons.
    pub answer: Tokens,
    pub request: Request,
}

impl Sent {
    /// How much of the prompt is context.
    #[must_use]
    pub fn shown(&self) -> Tokens {
        Tokens(self.context.excerpts.iter().map(|excerpt| excerpt.tokens).sum())
    }

    /// How much of it is there whatever context is gathered.
    #[must_use]
    pub fn least(&self) -> Tokens {
        Tokens(self.tokens.0.saturating_sub(self.shown().0))
    }
}

/// Why there is no task.
#[derive(Debug, Error)]
pub enum PrepareError {
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error("Redraft does not know the language of this document")]
    NoLanguage,
    #[error("the action `{0}` is not offered for this range; ask for the code actions again")]
    NotOffered(String),
    #[error(
        "the action `{0}` is not for this place: what its prompt says of that (`when`) does not hold here"
    )]
    NotForPlace(String),
    #[error(transparent)]
    Render(#[from] RenderError),
    #[error(
        "the prompt has about {prompt} tokens, and with an answer of up to {output} it does not fit the model's window of {window}; select less, or choose a model with a larger window"
    )]
    TooLarge { prompt: u32, output: u32, window: u32 },
    #[error("the prompt still looks as if it held a secret ({0}); nothing was sent")]
    Secret(&'static str),
}

/// The text that ends the answer of a model that goes on from the beginning of a code block: the block's end. A function's
/// body has none: what comes with it may be what it needs, and the run ends the answer where nothing is missing.
const STOPS: [&str; 1] = ["\n```"];

/// The part of the context's budget that the workspace's rules may take, and the most of them.
const RULES: u32 = 4;
const MOST_RULES: Tokens = Tokens(2_000);

/// How many lines above a region are looked at for what makes a secret of what is in it: a private key has some fifty.
const ABOVE: usize = 100;

/// A part of a secret that is shorter, in bytes, or is but a word tells nothing, and may stand anywhere.
const FRAGMENT: usize = 8;

/// What a model is told of marks that it is to keep.
const KEEP: &str = "Leave marks like `<redacted:…>` just as they are.";

/// Plans, gathers and renders.
///
/// # Errors
/// When the action does not fit the place, or the prompt does not fit the model.
pub fn prepare(
    source: &Source<'_>,
    view: &View<'_>,
    wish: &Wish,
    room: Room,
    stock: Stock<'_>,
) -> Result<(Task, Sent), PrepareError> {
    let order = Order {
        action: &wish.action,
        range: &wish.range,
        diagnostic: wish.diagnostic.as_ref(),
        instruction: wish.instruction.as_deref(),
        input: &wish.input,
    };
    let mut plan = plan(source, stock.library, &order)?;
    stock.stage.clone_into(&mut plan.inputs.stage);
    let shown = if plan.prompt.context.rules { stock.rules } else { &[] };
    let rules = rules::fitting(shown, Tokens((room.context.0 / RULES).min(MOST_RULES.0)));
    let texts: Vec<&str> = rules.iter().map(|rule| rule.text.as_str()).collect();
    plan.inputs.rules = Some(texts.join("\n\n")).filter(|text| !text.is_empty());
    if plan.prompt.context.tests {
        plan.inputs.tests = plan.inputs.name.as_deref().and_then(|name| tests_of::naming(view, name));
    }
    let hint = [&plan.inputs.instruction, &plan.inputs.diagnostic]
        .into_iter()
        .flatten()
        .cloned()
        .collect::<Vec<_>>()
        .join("\n");
    let shown = &plan.prompt.context;
    let most = if shown.definitions { shown.tokens.map_or(room.context, Tokens) } else { Tokens(0) };
    let mut budget = room.context.min(most);
    let mut fittings = 0;
    // Where there is no room for all of it, the context is gathered anew with a smaller budget: whole pieces of code are left out.
    loop {
        let (composed, excess) =
            compose(source, view, &plan, (&hint, stock, &rules), Room { context: budget, ..room })?;
        let Composed { sent, secrets } = composed;
        if excess == Tokens(0) {
            let request = sent.request.clone();
            return Ok((task(plan, source, secrets, request), sent));
        }
        let shown = sent.shown();
        if shown == Tokens(0) {
            let (prompt, output, window) = (sent.tokens.0, sent.request.max_tokens.0, room.window.0);
            return Err(PrepareError::TooLarge { prompt, output, window });
        }
        fittings += 1;
        let less = budget.min(shown).0.saturating_sub(excess.0.saturating_add(excess.0 / 4));
        budget = if fittings < FITTINGS { Tokens(less) } else { Tokens(0) };
    }
}

/// The prompt that asks for a better draft.
const REDRAFT: &str = "redraft";

/// How often a smaller context is gathered for a model with a small window, before it gets none.
const FITTINGS: u32 = 3;

/// A prompt as it would be sent.
struct Composed {
    sent: Sent,
    secrets: Secrets,
}

/// Gathers and renders; tells by how much the prompt is too large.
fn compose(
    source: &Source<'_>,
    view: &View<'_>,
    plan: &Plan,
    (hint, stock, rules): (&str, Stock<'_>, &[Rule]),
    room: Room,
) -> Result<(Composed, Tokens), PrepareError> {
    let ask = Ask {
        text: source.text,
        focus: &plan.focus,
        region: &plan.region,
        hint,
        recent: stock.recent,
        budget: room.context.0,
        least: context::WORTH,
    };
    let named = if plan.prompt.context.references { stock.references } else { &[] };
    let inputs = &plan.inputs;
    let code = [&inputs.opening, &inputs.function, &inputs.selection, &inputs.name].into_iter().flatten();
    let said: Vec<&str> = code.map(String::as_str).chain([hint, plan.prompt.name.as_str()]).collect();
    // Half of what there is room for: the definitions that the new code needs go on being shown.
    let shown = references::shown(view, named, &said.join("\n"), Tokens(room.context.0 / 2));
    let used: u32 = shown.iter().map(|excerpt| excerpt.tokens).sum();
    let ask = Ask { budget: ask.budget.saturating_sub(used), ..ask };
    let mut context = if ask.budget == 0 { Context::default() } else { context::gather(view, &ask) };
    context.excerpts.retain(|excerpt| !shown.iter().any(|known| known.label == excerpt.label));
    context.excerpts.splice(0..0, shown);
    let mut rendered = prompt::render(&plan.prompt, &plan.base, &plan.inputs, &context)?;
    rendered.prefill = rendered.prefill.filter(|_| room.prefill);
    let mut redactor = Redactor::apart_from(&[&rendered.system, &rendered.user]);
    // Also where nothing is put back: a part of a secret that the region's edge cuts is known by this alone.
    let mut originals = originals(source, &plan.region, &mut redactor);
    if plan.tells {
        originals.clear();
    }
    know_what_is_cut(source, &plan.focus, &mut redactor);
    let (system, mut user) = (redactor.redact(&rendered.system), redactor.redact(&rendered.user));
    if !originals.is_empty() {
        user = format!("{user}\n\n{KEEP}");
    }
    let redacted = redactor.count();
    let prefill = rendered.prefill.map(|prefill| redactor.redact(&prefill));
    for excerpt in &mut context.excerpts {
        excerpt.text = redactor.redact(&excerpt.text);
    }
    let secrets = secrets(&redactor, &originals);
    let stop = match (&prefill, &plan.form.shape) {
        (None, _) | (_, Shape::File | Shape::Body { .. }) => &[][..],
        (Some(_), Shape::Block | Shape::Docstring) => &STOPS[..],
    };
    let answer = Tokens(rendered.max_tokens);
    let request = Request {
        system,
        turns: vec![Turn { role: Role::User, text: user }],
        prefill,
        fill: None,
        max_tokens: answer.max(room.least).min(room.output),
        temperature: room.greedy.then_some(0.0),
        stop: stop.iter().map(|&text| text.to_owned()).chain(plan.prompt.stop.iter().cloned()).collect(),
    };
    let tokens = checked(&request)?;
    let excess = tokens.0.saturating_add(request.max_tokens.0).saturating_sub(room.window.0);
    let built_in = Library::built_in();
    let redraft = stock.library.get(REDRAFT).or_else(|| built_in.get(REDRAFT));
    let redraft = redraft.unwrap_or(&plan.prompt).clone();
    let (title, prompt) = (plan.title.clone(), plan.prompt.clone());
    let rules = rules.to_vec();
    let sent = Sent { title, prompt, redraft, context, rules, redacted, tokens, answer, request };
    Ok((Composed { sent, secrets }, Tokens(excess)))
}

/// Tells the redactor of the parts of secrets that the edges of what is shown cut: alone they look like nothing.
pub(super) fn know_what_is_cut(source: &Source<'_>, shown: &Range<usize>, redactor: &mut Redactor) {
    drop(originals(source, shown, redactor));
}

/// The secrets of the region, or the parts of them that are in it, as they stand in the file, with how often.
fn originals(source: &Source<'_>, region: &Range<usize>, redactor: &mut Redactor) -> Vec<(String, usize)> {
    let text = source.text;
    let first = lines::of(text, region.start).saturating_sub(ABOVE);
    let shown = lines::start(text, first)..lines::end(text, lines::of(text, region.end));
    let inside = lines::slice(text, region);
    let mut originals: Vec<(String, usize)> = Vec::new();
    for found in secret::find(&lines::slice(text, &shown)) {
        let range = found.range.start + shown.start..found.range.end + shown.start;
        let whole = range.clone();
        let range = range.start.max(region.start)..range.end.min(region.end);
        let part = if range.is_empty() { String::new() } else { lines::slice(text, &range) };
        let tells = range == whole || part.len() >= FRAGMENT && !part.chars().all(char::is_alphabetic);
        if tells && !originals.iter().any(|(known, _)| *known == part) {
            redactor.know(&part, found.kind);
            originals.push((part.clone(), inside.matches(&part).count()));
        }
    }
    originals
}

/// What the marks of a question stand for; those of secrets that are not the region's, for nothing.
fn secrets(redactor: &Redactor, originals: &[(String, usize)]) -> Secrets {
    let mut secrets = Secrets::default();
    for marked in redactor.marked() {
        let count = originals.iter().find(|(text, _)| *text == marked.text).map_or(0, |(_, count)| *count);
        secrets.add(marked.mark.clone(), if count > 0 { &marked.text } else { "" }, count);
    }
    secrets
}

/// Whether the action is one for the place: a client may have made it up, or moved it. What its user has to be asked was asked. Who names
/// an action may know more of the project than its index.
#[must_use]
pub fn is_offered(source: &Source<'_>, wish: &Wish, library: &Library) -> bool {
    let query = Query {
        range: wish.range.clone(),
        diagnostics: wish.diagnostic.iter().cloned().collect(),
        ..Query::default()
    };
    // What only an instruction can say needs one.
    if wish.action == FREE {
        return false;
    }
    library.get(&wish.action).is_some_and(|prompt| {
        offers(source, &query, prompt, &Spot::new(source, &query.range, None))
            .iter()
            .any(|offer| offer.range == wish.range)
    })
}

/// The size of the prompt, if it holds no secret.
pub(super) fn checked(request: &Request) -> Result<Tokens, PrepareError> {
    let mut serialised = request.system.clone();
    let fill = request.fill.iter().flat_map(Fill::texts);
    for text in
        request.turns.iter().map(|turn| &turn.text).chain(&request.prefill).chain(&request.stop).chain(fill)
    {
        serialised.push('\n');
        serialised.push_str(text);
    }
    if let Some(secret) = secret::find(&serialised).first() {
        return Err(PrepareError::Secret(secret.kind));
    }
    Ok(Tokens::estimate(&serialised))
}

fn task(plan: Plan, source: &Source<'_>, secrets: Secrets, request: Request) -> Task {
    let start = plan.region.start;
    let in_region = |mends: Range<usize>| mends.start.max(start) - start..mends.end.max(start) - start;
    Task {
        tells: plan.tells,
        mends: plan.mends.map(in_region),
        place: Place::new(source.text.clone(), source.tree.cloned(), source.language, plan.region),
        imports: plan.imports,
        existing: plan.existing,
        form: plan.form,
        opening: plan.inputs.opening.unwrap_or_default(),
        name: plan
            .inputs
            .name
            .as_deref()
            .and_then(|name| name.rsplit('.').next())
            .unwrap_or_default()
            .to_owned(),
        secrets,
        first: request.clone(),
        request,
    }
}

/// The task of a new file, which has nothing but an instruction.
///
/// # Errors
/// As `prepare`.
pub fn prepare_new(
    source: &Source<'_>,
    view: &View<'_>,
    instruction: &str,
    room: Room,
    stock: Stock<'_>,
) -> Result<(Task, Sent), PrepareError> {
    let wish = Wish {
        tested: None,
        action: FREE.to_owned(),
        range: 0..0,
        diagnostic: None,
        instruction: Some(instruction.to_owned()),
        input: BTreeMap::new(),
    };
    let (mut task, sent) = prepare(source, view, &wish, room, stock)?;
    task.form.shape = Shape::File;
    task.form.lead.clear();
    task.form.base.clear();
    task.imports = None;
    task.place = task.place.at(0..source.text.len_bytes());
    Ok((task, sent))
}
