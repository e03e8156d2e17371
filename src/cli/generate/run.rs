//! A run without an editor: its edits go into a text in memory, and are acknowledged at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ropey::Rope;
use tokio::sync::mpsc;

use super::place::Site;
use super::print::Printer;
use crate::action::inspect::Checkers;
use crate::action::prepare::{Room, Sent};
use crate::cli::Failure;
use crate::cli::setup::unless_interrupted;
use crate::cli::terminal::Progress;
use crate::job::rounds::{Limits, Redraft};
use crate::job::{Delivery, Effect, Input, Run, Send, State, Task};
use crate::model::account::{Accounts, Entry, call, run_name};
use crate::model::ask::Retries;
use crate::model::registry::{Chosen, Place, Registry};
use crate::model::route::{Route, Way};
use crate::model::{Answer, Finish, MicroUsd, ModelError, Tokens, Usage};
use crate::text::edit::{Edit, apply_all, sequential};

/// Deltas between the provider and us.
const DELTAS: usize = 64;

/// A draft that stands.
#[derive(Debug)]
pub(super) struct Outcome {
    /// What changes in the file: sorted, disjoint, in its offsets.
    pub edits: Vec<Edit>,
    /// What is told in place of a draft.
    pub told: Option<String>,
    /// The lines that the import block gets.
    pub imports: Vec<String>,
    /// What is still wrong with it, one line each.
    pub left: Vec<String>,
    /// How many rounds there were, and the tokens that were written in them.
    pub rounds: u32,
    pub tokens: Tokens,
    /// What the ledger calls the run.
    pub run: String,
    /// How it went, in one line.
    pub figures: String,
}

/// What takes its time, and is done between the answers.
enum Pending {
    Check,
    Refine(Box<Redraft>),
}

/// The run at work.
struct Work<'a> {
    run: Run,
    document: Rope,
    edits: Vec<Edit>,
    told: Option<String>,
    started: Instant,
    first_token: Option<Duration>,
    progress: &'a mut Progress,
    prints: Option<Printer>,
    ends_early: bool,
    sent: Sent,
    /// What is to be done before the run goes on.
    pending: Option<Pending>,
    /// In micro-dollars.
    spent: Arc<AtomicU64>,
}

/// Asks, drafts, verifies, checks and redrafts, and asks the next model where one fails; what comes is printed as it comes where
/// `prints` says so. Until somebody asks for an end: that ends the checkers as well.
pub(super) async fn run(
    site: &Site<'_>,
    question: (Task, Sent),
    registry: &Registry,
    first: (Chosen, Route),
    progress: &mut Progress,
    wanted: (bool, Limits),
    checkers: Option<Checkers>,
) -> Result<Outcome, Failure> {
    let work = drafted(site, question, registry, first, progress, wanted, checkers);
    let done = unless_interrupted(work).await;
    if done.is_err() {
        progress.clear();
    }
    done?
}

async fn drafted(
    site: &Site<'_>,
    (task, sent): (Task, Sent),
    registry: &Registry,
    (mut chosen, mut route): (Chosen, Route),
    progress: &mut Progress,
    (prints, limits): (bool, Limits),
    checkers: Option<Checkers>,
) -> Result<Outcome, Failure> {
    if let Some(Checkers { suite, .. }) = checkers.clone() {
        let language = task.place.source().language.id;
        tokio::spawn(async move { suite.warm(language).await });
    }
    let place = task.place.clone();
    // While the model reads.
    tokio::task::spawn_blocking(move || place.look());
    let prints = prints.then(Printer::new);
    // What a pipe has passed on cannot be made better.
    let is_final = prints.as_ref().is_some_and(|printer| !printer.can_begin_anew());
    let limits = if is_final { Limits { rounds: 0, ..limits } } else { limits };
    let mut work = Work {
        document: task.place.text().clone(),
        run: Run::new(task, Delivery::Final).refined(limits),
        edits: Vec::new(),
        told: None,
        started: Instant::now(),
        first_token: None,
        progress,
        prints,
        ends_early: false,
        sent,
        pending: None,
        spent: Arc::default(),
    };
    let retries = Retries::new();
    loop {
        let failed = work.ask(registry.accounts(), &chosen, &route, &retries).await?;
        if let Some(error) = failed {
            let question = loop {
                // One that the question does not fit is passed over.
                let Some((model, room)) = work.next(&error, &chosen, &mut route, registry) else {
                    break None;
                };
                if let Ok(question) = site.question(room) {
                    break Some((question, model));
                }
            };
            let Some(((task, sent), model)) = question else {
                work.step(Input::Answered(Err(route.error(error))));
                // The draft of an earlier round may stand.
                break;
            };
            work.progress.line(&format!("{error}; now asking {}", model.name));
            (chosen, work.sent) = (model, sent);
            route.begins(work.run.has_written());
            work.step(Input::Again(Box::new(task)));
            continue;
        }
        if !work.goes_on(site, &chosen, checkers.as_ref()).await {
            break;
        }
    }
    work.finish(&chosen.name)
}

impl Work<'_> {
    /// Who is asked after an error, with how much room.
    fn next(
        &mut self,
        error: &ModelError,
        chosen: &Chosen,
        route: &mut Route,
        registry: &Registry,
    ) -> Option<(Chosen, Room)> {
        // Another model does not go on where this one redrafts.
        let passed_on = self.prints.as_ref().is_some_and(Printer::has_passed_on);
        if passed_on || self.run.has_draft() {
            return None;
        }
        match route.after(error, self.run.has_written(), self.sent.shown()) {
            Way::End => None,
            Way::Shrink => Some((chosen.clone(), Room::of(chosen).shrunk(&self.sent))),
            Way::Next => route.next(registry).map(|chosen| (chosen.clone(), Room::of(&chosen))),
        }
    }

    /// Checks the draft, and asks for a better one; false where there is none to ask for.
    async fn goes_on(&mut self, site: &Site<'_>, chosen: &Chosen, checkers: Option<&Checkers>) -> bool {
        while let Some(pending) = self.pending.take() {
            match pending {
                Pending::Check => {
                    let Some(proposal) = self.run.to_check(&self.document) else { continue };
                    self.progress.stage("checking", None);
                    let checked = site.check(proposal, checkers.cloned()).await;
                    self.step(Input::Checked(checked));
                }
                Pending::Refine(redraft) => {
                    let asked = site.redraft(self.run.task(), &self.sent, &redraft, Room::of(chosen));
                    match asked {
                        Ok((task, sent)) => {
                            let count = redraft.faults.len().max(1);
                            let round = self.run.round();
                            self.progress.line(&format!("round {round}: {count} findings to mend"));
                            self.sent = sent;
                            self.step(Input::Again(Box::new(task)));
                            return true;
                        }
                        Err(error) => {
                            self.step(Input::Unrefined(error.to_string()));
                        }
                    }
                }
            }
        }
        false
    }

    /// Asks one model; returns why it gave no answer, if it did not.
    async fn ask(
        &mut self,
        accounts: &Arc<Accounts>,
        chosen: &Chosen,
        route: &Route,
        retries: &Retries,
    ) -> Result<Option<ModelError>, Failure> {
        let (title, tokens) = (&self.sent.title, self.sent.tokens.0);
        self.progress.stage(&format!("{title}: {} is reading about {tokens} tokens", chosen.name), None);
        self.ends_early = chosen.place == Place::Embedded;
        let request = self.sent.request.clone();
        let (deltas, mut said) = mpsc::channel(DELTAS);
        let enough = Arc::new(AtomicBool::new(false));
        let entry = Entry {
            run: run_name(0),
            task: self.sent.prompt.task.name(),
            failover: route.switches() > 0,
            spent: self.spent.clone(),
            enough: enough.clone(),
            due: route.due(),
        };
        let mut asked = Box::pin(call(accounts, chosen, entry, request, deltas, retries));
        let mut outcome: Option<Result<Answer, ModelError>> = None;
        loop {
            tokio::select! {
                biased;
                text = said.recv(), if !said.is_closed() || !said.is_empty() => if let Some(text) = text && self.delta(&text) {
                    // How the call ended is nothing to what its text has led to.
                    outcome = None;
                    break;
                },
                answered = &mut asked, if outcome.is_none() => outcome = Some(answered),
                else => break,
            }
            if outcome.is_some() && said.is_empty() {
                break;
            }
        }
        enough.store(true, Ordering::Relaxed);
        drop(asked);
        match outcome {
            Some(Ok(answer)) => {
                self.step(Input::Answered(Ok(answer)));
                Ok(None)
            }
            Some(Err(error)) => Ok(Some(error)),
            None => Ok(None),
        }
    }

    /// Takes in more of the answer; true where the rest of it makes no difference.
    fn delta(&mut self, text: &str) -> bool {
        self.first_token.get_or_insert_with(|| self.started.elapsed());
        let ended = self.step(Input::Delta(text));
        self.progress.stage("writing", Some(self.run.written().0));
        ended
    }

    fn step(&mut self, input: Input<'_>) -> bool {
        let effects = self.run.step(self.started.elapsed(), input);
        let ended = self.perform(effects);
        self.poll();
        ended
    }

    fn perform(&mut self, effects: Vec<Effect>) -> bool {
        let mut ended = false;
        for effect in effects {
            match effect {
                Effect::Line(line) => {
                    if let Some(printer) = &mut self.prints {
                        printer.line(line);
                    }
                }
                Effect::Anew => {
                    if let Some(printer) = &mut self.prints {
                        printer.begin_anew(self.progress);
                    }
                }
                Effect::Verify(proposal) => {
                    let verdict = proposal.verify();
                    self.step(Input::Verified(verdict));
                }
                Effect::Enough if self.ends_early => {
                    let usage = Usage {
                        prompt: self.sent.tokens,
                        completion: self.run.written(),
                        ..Usage::default()
                    };
                    self.step(Input::Answered(Ok(Answer { finish: Finish::Stop, usage })));
                    ended = true;
                }
                Effect::Check => self.pending = Some(Pending::Check),
                Effect::Refine(redraft) => {
                    self.pending = Some(Pending::Refine(redraft));
                    ended = true;
                }
                Effect::Told(text) => self.told = Some(text),
                Effect::StopAsking => ended = true,
                Effect::Enough | Effect::Entered(_) => {}
            }
        }
        ended
    }

    /// Applies what the run sends; the text in memory never lies.
    fn poll(&mut self) {
        while let (Send::Edit { id, edits, .. }, _) = self.run.poll(self.started.elapsed(), &self.document) {
            let before = self.document.clone();
            apply_all(&mut self.document, &edits);
            self.edits = edits.clone();
            let now = self.started.elapsed();
            let after = self.document.clone();
            let effects = self
                .run
                .step(now, Input::Changed { edits: &sequential(&edits), before: &before, after: &after });
            self.perform(effects);
            let effects = self.run.step(now, Input::Applied { id, applied: true });
            self.perform(effects);
        }
    }

    fn finish(mut self, model: &str) -> Result<Outcome, Failure> {
        let printed = self.prints.take();
        if self.run.state() != State::Done {
            let why = self.run.message().unwrap_or("the run did not end");
            let printed = if printed.is_some_and(|printer| printer.has_printed()) {
                "; what was printed is no finished draft"
            } else {
                ""
            };
            let spent = MicroUsd(self.spent.load(Ordering::Relaxed));
            let cost = if spent > MicroUsd(0) { format!("; it cost {spent}") } else { String::new() };
            return Err(Failure::Failed(format!("{}: {why}{printed}{cost}", self.sent.title)));
        }
        if let Some(printer) = printed {
            printer.finish().map_err(|why| Failure::Failed(format!("{}: {why}", self.sent.title)))?;
        }
        if let Some(note) = self.run.message() {
            self.progress.line(note);
        }
        let region = self.run.task().place.region();
        let import = |edit: &&Edit| edit.range.end < region.start || edit.range.start > region.end;
        let imports = self
            .edits
            .iter()
            .filter(import)
            .flat_map(|edit| edit.text.lines().map(str::to_owned))
            .filter(|line| !line.trim().is_empty());
        let left = self.run.faults().iter().map(|fault| {
            let place = self.run.placed(fault).map(|range| self.document.byte_to_line(range.start) + 1);
            let line = place.map(|line| format!("line {line}: ")).unwrap_or_default();
            let finding = &fault.finding;
            format!("{line}{} [{}/{}]", finding.message, finding.source, finding.code)
        });
        let left = left.chain(self.run.unheard().iter().map(|why| format!("not checked: {why}")));
        Ok(Outcome {
            imports: imports.collect(),
            left: left.collect(),
            rounds: self.run.round(),
            tokens: self.run.written(),
            run: run_name(0),
            figures: self.figures(model),
            edits: self.edits,
            told: self.told,
        })
    }

    fn figures(&self, model: &str) -> String {
        let total = self.started.elapsed();
        let first = self.first_token.unwrap_or(total);
        let usage = self.run.answer().map(|answer| answer.usage).unwrap_or_default();
        let written = self.run.written().0;
        let pace = f64::from(written) / (total - first).as_secs_f64().max(0.001);
        let spent = MicroUsd(self.spent.load(Ordering::Relaxed));
        let cost = if spent > MicroUsd(0) { format!("{spent}, ") } else { String::new() };
        let rounds =
            if self.run.round() > 1 { format!("{} rounds, ", self.run.round()) } else { String::new() };
        // Where the provider does not tell, it is what was counted.
        let prompt = if usage.prompt.0 > 0 { usage.prompt.0 } else { self.sent.tokens.0 };
        format!(
            "done in {:.1} s, first token {:.1} s, prompt {} ({} cached) tokens, {written} tokens at {pace:.1}/s ({rounds}{cost}{model})",
            total.as_secs_f64(),
            first.as_secs_f64(),
            prompt,
            usage.cached.0,
        )
    }
}
