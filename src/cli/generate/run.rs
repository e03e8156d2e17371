//! A run without an editor: its edits go into a text in memory, and are acknowledged at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ropey::Rope;
use tokio::sync::mpsc;

use super::place::Site;
use super::print::Printer;
use crate::action::prepare::{Room, Sent};
use crate::cli::Failure;
use crate::cli::terminal::Progress;
use crate::job::{Delivery, Effect, Input, Run, Send, State, Task};
use crate::model::account::{Accounts, Entry, call, run_name};
use crate::model::ask::Retries;
use crate::model::choose::Task as Errand;
use crate::model::registry::{Chosen, Place, Registry};
use crate::model::route::{Route, Way};
use crate::model::{Answer, Finish, MicroUsd, ModelError, Usage};
use crate::text::edit::{Edit, apply_all, sequential};

/// Deltas between the provider and us.
const DELTAS: usize = 64;

/// A draft that stands.
#[derive(Debug)]
pub(super) struct Outcome {
    /// What changes in the file: sorted, disjoint, in its offsets.
    pub edits: Vec<Edit>,
    /// The lines that the import block gets.
    pub imports: Vec<String>,
    /// How it went, in one line.
    pub figures: String,
}

/// The run at work.
struct Work<'a> {
    run: Run,
    document: Rope,
    edits: Vec<Edit>,
    started: Instant,
    first_token: Option<Duration>,
    progress: &'a mut Progress,
    prints: Option<Printer>,
    ends_early: bool,
    sent: Sent,
    /// In micro-dollars.
    spent: Arc<AtomicU64>,
}

/// Asks, drafts, verifies, and asks the next model where one fails; what comes is printed as it comes where `prints` says so.
pub(super) async fn run(
    site: &Site<'_>,
    (task, sent): (Task, Sent),
    registry: &Registry,
    (mut chosen, mut route): (Chosen, Route),
    progress: &mut Progress,
    prints: bool,
) -> Result<Outcome, Failure> {
    let place = task.place.clone();
    // While the model reads.
    tokio::task::spawn_blocking(move || place.look());
    let mut work = Work {
        document: task.place.text().clone(),
        run: Run::new(task, Delivery::Final),
        edits: Vec::new(),
        started: Instant::now(),
        first_token: None,
        progress,
        prints: prints.then(Printer::new),
        ends_early: false,
        sent,
        spent: Arc::default(),
    };
    let retries = Retries::new();
    while let Some(error) = work.ask(registry.accounts(), &chosen, &route, &retries).await? {
        let stands = work.run.has_written();
        let passed_on = work.prints.as_ref().is_some_and(Printer::has_passed_on);
        let way = if passed_on { Way::End } else { route.after(&error, stands, work.sent.shown()) };
        let next = match way {
            Way::End => None,
            Way::Shrink => Some((chosen.clone(), Room::of(&chosen).shrunk(&work.sent))),
            Way::Next => route.next(registry).map(|chosen| (chosen.clone(), Room::of(&chosen))),
        };
        let Some((model, room)) = next else {
            work.step(Input::Answered(Err(error)));
            break;
        };
        work.progress.line(&format!("{error}; now asking {}", model.name));
        let (task, sent) = match site.question(room) {
            Ok(question) => question,
            Err(_) => {
                work.step(Input::Answered(Err(error)));
                break;
            }
        };
        (chosen, work.sent) = (model, sent);
        work.step(Input::Again(Box::new(task)));
    }
    work.finish(&chosen.name)
}

impl Work<'_> {
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
            task: Errand::Implement.name(),
            failover: route.switches() > 0,
            spent: self.spent.clone(),
            enough: enough.clone(),
        };
        let mut asked = Box::pin(call(accounts, chosen, entry, request, deltas, retries));
        let mut outcome: Option<Result<Answer, ModelError>> = None;
        let mut interrupt = Box::pin(tokio::signal::ctrl_c());
        loop {
            tokio::select! {
                biased;
                interrupted = &mut interrupt => {
                    interrupted.map_err(|error| Failure::Failed(format!("signals cannot be taken: {error}")))?;
                    self.progress.clear();
                    return Err(Failure::Interrupted);
                }
                text = said.recv(), if !said.is_closed() || !said.is_empty() => if let Some(text) = text && self.delta(&text) {
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
            return Err(Failure::Failed(format!("{}: {why}{printed}", self.sent.title)));
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
        Ok(Outcome { imports: imports.collect(), figures: self.figures(model), edits: self.edits })
    }

    fn figures(&self, model: &str) -> String {
        let total = self.started.elapsed();
        let first = self.first_token.unwrap_or(total);
        let usage = self.run.answer().map(|answer| answer.usage).unwrap_or_default();
        let written = self.run.written().0;
        let pace = f64::from(written) / (total - first).as_secs_f64().max(0.001);
        let spent = MicroUsd(self.spent.load(Ordering::Relaxed));
        let cost = if spent > MicroUsd(0) { format!("{spent}, ") } else { String::new() };
        format!(
            "done in {:.1} s, first token {:.1} s, prompt {} ({} cached) tokens, {written} tokens at {pace:.1}/s ({cost}{model})",
            total.as_secs_f64(),
            first.as_secs_f64(),
            usage.prompt.0,
            usage.cached.0,
        )
    }
}
