//! One run as the session has it: the state machine, the call to its model, and what its client sees of it.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::event::{RunId, Taken, TaskEvent};
use super::outgoing::Outgoing;
use super::params::run_name;
use super::progress::Progress;
use super::session::ready::Making;
use crate::action::inspect::Checkers;
use crate::action::prepare::{Sent, Wish};
use crate::check::gates::Figures;
use crate::check::{Baseline, Finding};
use crate::draft::weave::Time;
use crate::job::{Run, State};
use crate::model::account::{self, Accounts, Entry};
use crate::model::ask::Retries;
use crate::model::ledger::Fate;
use crate::model::registry::{Chosen, Place, Registry};
use crate::model::route::{Route, Wanted};
use crate::model::{Answer, Finish, MicroUsd, ModelError, Request, Usage};
use crate::workspace::Snapshot;

/// Deltas between a provider and the session; few, so that a slow client slows the provider.
const DELTAS: usize = 64;

/// See the module's head.
#[derive(Debug)]
pub(super) struct Live {
    pub id: RunId,
    pub uri: String,
    pub run: Run,
    /// The model that is asked now, and the way on from it.
    pub chosen: Chosen,
    pub route: Route,
    /// The models as they were when it began.
    pub registry: Arc<Registry>,
    /// Which model it wants.
    pub wanted: Wanted,
    /// What else its questions are made of.
    pub making: Making,
    /// The document when it began: what another model is asked is asked of the same text.
    pub snapshot: Snapshot,
    pub wish: Wish,
    pub sent: Sent,
    pub progress: Progress,
    /// Its request's handler may not have the answer yet; until then nothing is asked.
    pub offered: Option<Taken>,
    /// The call to the model, or the check of its draft, while there is one; and how many there were.
    pub call: Option<Call>,
    pub calls: u64,
    /// What its calls cost so far, in micro-dollars.
    pub spent: Arc<AtomicU64>,
    /// Set when nothing more of the answer is wanted.
    pub enough: Arc<AtomicBool>,
    /// When its model was first asked, and how long it took until the draft stood, or failed.
    pub began: Instant,
    pub took: Option<Duration>,
    /// How the project calls its document.
    pub path: String,
    /// The checkers of its workspace.
    pub checkers: Option<Checkers>,
    /// What its quality gates ask of it.
    pub gates: Option<Figures>,
    /// What was wrong with that before.
    pub baseline: Arc<Baseline>,
    /// What is wrong with its draft, as it was shown.
    pub findings: Vec<Finding>,
    /// When it wants to be polled.
    pub wake: Option<Time>,
    /// It is to be done again once it is taken back.
    pub again: bool,
}

/// What a run waits for; its number is the run's own.
#[derive(Debug)]
pub(super) struct Call {
    number: u64,
    handle: AbortHandle,
}

impl Live {
    /// What the ledger calls the run: no other has that name, ever.
    pub fn account(&self) -> String {
        account::run_name(self.id)
    }

    /// Ends the call to the model: its connection closes, and what it has said since is not heard.
    pub fn hang_up(&mut self) {
        if let Some(call) = self.call.take() {
            call.handle.abort();
        }
    }

    /// Begins a call, in place of the one that there was.
    pub fn wait_for(&mut self, begin: impl FnOnce(u64) -> AbortHandle) {
        self.hang_up();
        self.calls += 1;
        self.call = Some(Call { number: self.calls, handle: begin(self.calls) });
    }

    /// Whether this is the call at work: others were ended, whatever they still say.
    pub fn hears(&self, number: u64) -> bool {
        self.call.as_ref().is_some_and(|call| call.number == number)
    }

    /// What the user makes of a draft that stands and is left there.
    pub fn fate(&self) -> Fate {
        if self.run.is_touched() { Fate::Edited } else { Fate::Kept }
    }

    /// Writes down what the user made of it.
    pub fn finish(&self, fate: Fate) {
        self.registry.accounts().finish(self.account(), self.run.round(), fate);
    }

    /// Whether anything can still be done with it; else it is there only for what may land late.
    pub fn is_known(&self) -> bool {
        self.run.is_live() || self.run.stands() || self.run.has_told() || self.progress.is_asked()
    }

    /// The embedded engine has no meter that runs on: it is ended where the draft is whole.
    pub fn ends_early(&self) -> Option<Answer> {
        let usage = Usage { prompt: self.sent.tokens, completion: self.run.written(), ..Usage::default() };
        (self.chosen.place == Place::Embedded).then_some(Answer { finish: Finish::Stop, usage })
    }

    /// What it cost so far, where that is known; calls that failed cost, too.
    pub fn cost(&self) -> Option<MicroUsd> {
        let spent = MicroUsd(self.spent.load(Ordering::Relaxed));
        let is_told = || self.run.answer().is_some_and(|answer| answer.usage.cost.is_some());
        let is_known = spent > MicroUsd(0) || (self.run.answer().is_some() && self.chosen.price.is_some());
        (is_known || is_told()).then_some(spent)
    }

    /// What it cost, where it did.
    fn told_cost(&self) -> String {
        let cost = self.cost().filter(|cost| *cost > MicroUsd(0));
        cost.map(|cost| format!(", {cost}")).unwrap_or_default()
    }

    /// `redraft/status`.
    pub fn status(&self) -> Value {
        status(
            (self.id, self.run.round()),
            &self.uri,
            self.run.state().name(),
            &self.chosen.name,
            self.run.written().0,
            self.cost(),
            self.run.message(),
        )
    }

    /// One line for a person: how it goes, or how it went.
    pub fn summary(&self) -> String {
        let tokens = self.run.written().0;
        match (self.run.state(), self.run.message()) {
            (State::Asking, _) => format!("{} is reading", self.chosen.name),
            (State::Streaming, _) => format!("{}: {tokens} tokens", self.chosen.name),
            (State::Checking, _) => "checking the draft".to_owned(),
            (State::Refining, _) => {
                format!("{} writes a better draft (round {})", self.chosen.name, self.run.round())
            }
            (State::Done, message) => {
                let told = message.map(|message| format!("{message} (")).unwrap_or_default();
                let end = if message.is_some() { ")" } else { "" };
                let seconds = self.took.unwrap_or_default().as_secs_f64();
                let rounds = if self.run.round() > 1 {
                    format!(", {} rounds", self.run.round())
                } else {
                    String::new()
                };
                let (name, cost) = (&self.chosen.name, self.told_cost());
                format!("done: {told}{name}, {tokens} tokens in {seconds:.1} s{rounds}{cost}{end}")
            }
            (state @ (State::Failed | State::Cancelled), Some(message)) => {
                format!("{}: {message}{}", state.name(), self.told_cost())
            }
            (state, Some(message)) => format!("{}: {message}", state.name()),
            (state, None) => state.name().to_owned(),
        }
    }

    pub fn show_progress(&mut self, outgoing: &Outgoing, now: Time) {
        let summary = self.summary();
        if self.run.state().is_over() {
            self.progress.end(outgoing, &summary);
        } else {
            self.progress.report(outgoing, now, &summary);
        }
    }
}

/// `redraft/status` of a run that may not have begun.
pub(super) fn status(
    (run, round): (RunId, u32),
    uri: &str,
    state: &str,
    model: &str,
    tokens: u32,
    cost: Option<MicroUsd>,
    message: Option<&str>,
) -> Value {
    json!({
        "run": run_name(run),
        "uri": uri,
        "state": state,
        "model": model,
        "round": round,
        "tokens": tokens,
        "cost_micro_usd": cost.map(|MicroUsd(cost)| cost),
        "message": message,
    })
}

/// Asks the model; everything that comes of it reaches the loop as an event. Aborting the task closes the connection.
pub(super) fn call(
    (id, number): (RunId, u64),
    accounts: Arc<Accounts>,
    chosen: Chosen,
    entry: Entry,
    request: Request,
    retries: Arc<Retries>,
    events: mpsc::Sender<TaskEvent>,
) -> AbortHandle {
    let task = async move {
        let (deltas, said) = mpsc::channel(DELTAS);
        let asked = account::call(&accounts, &chosen, entry, request, deltas, &retries);
        let relayed = relay((id, number), asked, said, &events);
        let event = match std::panic::AssertUnwindSafe(relayed).catch_unwind().await {
            Ok(event) => event,
            Err(_) => TaskEvent::Panicked { run: id },
        };
        let _ = events.send(event).await;
    };
    tokio::spawn(task).abort_handle()
}

/// Tells the loop what the model says, as much at once as there is; returns the end, with the text that came with it: the
/// draft's last lines are then one edit with what its end leads to.
async fn relay(
    (run, call): (RunId, u64),
    asked: impl Future<Output = Result<Answer, ModelError>>,
    mut said: mpsc::Receiver<String>,
    events: &mpsc::Sender<TaskEvent>,
) -> TaskEvent {
    let mut asked = pin!(asked);
    loop {
        tokio::select! {
            biased;
            outcome = &mut asked => {
                return TaskEvent::Answered { run, call, rest: waiting(String::new(), &mut said), outcome };
            }
            Some(text) = said.recv() => {
                let text = waiting(text, &mut said);
                // Without a loop nobody waits for the end either; aborting this task is how a call is ended.
                let _ = events.send(TaskEvent::Delta { run, call, text }).await;
            }
        }
    }
}

/// `text` and all that waits behind it.
fn waiting(mut text: String, said: &mut mpsc::Receiver<String>) -> String {
    while let Ok(more) = said.try_recv() {
        text.push_str(&more);
    }
    text
}

/// What `redraft/sent` answers.
pub(super) fn sent(run: RunId, sent: &Sent) -> Value {
    let excerpts: Vec<Value> = sent
        .context
        .excerpts
        .iter()
        .map(|excerpt| {
            json!({
                "label": excerpt.label,
                "name": excerpt.name,
                "line": excerpt.line,
                "reason": excerpt.reason.told(),
                "likely": excerpt.likely,
                "tokens": excerpt.tokens,
                "text": excerpt.text,
            })
        })
        .collect();
    json!({
        "run": run_name(run),
        "title": sent.title,
        "tokens": sent.tokens.0,
        "redacted": sent.redacted,
        "omitted": sent.context.omitted,
        "rules": sent.rules.iter().map(|rule| json!({ "path": rule.path, "tokens": rule.tokens.0 })).collect::<Vec<_>>(),
        "excerpts": excerpts,
        "system": sent.request.system,
        "messages": sent.request.turns.iter().map(|turn| turn.text.clone()).collect::<Vec<_>>(),
        "prefill": sent.request.prefill,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_comes_with_the_end_is_told_with_it() {
        let (deltas, said) = mpsc::channel(DELTAS);
        let (events, mut told) = mpsc::channel(DELTAS);
        for text in ["a\n", "b"] {
            deltas.send(text.to_owned()).await.unwrap();
        }
        let answer = Answer { finish: Finish::Stop, usage: Usage::default() };
        let end = relay((7, 1), std::future::ready(Ok(answer)), said, &events).await;
        let TaskEvent::Answered { run: 7, call: 1, rest, outcome: Ok(_) } = end else { panic!("{end:?}") };
        assert_eq!(rest, "a\nb");
        assert!(told.try_recv().is_err());
    }

    #[tokio::test]
    async fn what_waits_is_told_at_once() {
        let (deltas, said) = mpsc::channel(DELTAS);
        let (events, mut told) = mpsc::channel(DELTAS);
        for text in ["a\n", "b"] {
            deltas.send(text.to_owned()).await.unwrap();
        }
        let call = tokio::spawn(async move { relay((7, 1), std::future::pending(), said, &events).await });
        let Some(TaskEvent::Delta { run: 7, call: 1, text }) = told.recv().await else { panic!("no text") };
        assert_eq!(text, "a\nb");
        call.abort();
    }
}
