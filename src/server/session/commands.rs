//! Commands: a run begins, or is kept, taken back, stopped, done again.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Value, json};
use tower_lsp::jsonrpc;

use super::{Awaited, LIVE_RUNS, Preparing, Session};
use crate::action::prepare::{PrepareError, Room, Sent, Wish, is_offered, prepare};
use crate::job::{Input, Run, Task};
use crate::model::registry::{Chosen, Place};
use crate::server::convert::{diagnostic_in, range_in, range_is_inside, range_out};
use crate::server::event::{Command, Reply, RunId, TaskEvent};
use crate::server::live::{Live, call};
use crate::server::params::{GenerateParams, RunParams, WireRange, content_modified, invalid, run_name};
use crate::server::progress::Progress;
use crate::workspace::{MAX_BYTES, Snapshot};

impl Session {
    pub(super) fn command(&mut self, command: Command, reply: Reply) {
        let outcome = match command {
            Command::Run(params) => self.run(params),
            Command::Generate(params) => self.generate(params),
            Command::Stop(run) => return self.simple(run, Input::Stop, reply),
            Command::Keep(run) => return self.simple(run, Input::Keep, reply),
            Command::Revert(run) => return self.simple(run, Input::Revert, reply),
            Command::Again { run, instruction, model } => {
                return self.again(run, instruction, model.as_deref(), reply);
            }
        };
        match outcome {
            Ok((snapshot, wish, chosen)) => self.begin(snapshot, wish, chosen, Some(reply)),
            Err(error) => drop(reply.send(Err(error))),
        }
    }

    fn run(&self, params: RunParams) -> jsonrpc::Result<(Snapshot, Wish, Result<Chosen, String>)> {
        let snapshot = self.document(&params.uri, params.range)?;
        if snapshot.version != params.version {
            let message = format!(
                "the document has changed since the action was offered (version {}, now {}); ask for actions again",
                params.version, snapshot.version
            );
            return Err(content_modified(message));
        }
        let encoding = self.profile.encoding;
        let diagnostic = match &params.diagnostic {
            Some(value) => Some(
                diagnostic_in(&snapshot.text, value, encoding)
                    .ok_or_else(|| invalid("the diagnostic has no range or no message".to_owned()))?,
            ),
            None => None,
        };
        let range = range_in(&snapshot.text, params.range, encoding);
        let wish = Wish { action: params.action, range, diagnostic, instruction: None };
        Ok((snapshot, wish, self.choose(None)))
    }

    fn generate(&self, params: GenerateParams) -> jsonrpc::Result<(Snapshot, Wish, Result<Chosen, String>)> {
        let snapshot = self.document(&params.uri, params.range)?;
        let range = range_in(&snapshot.text, params.range, self.profile.encoding);
        let wish = Wish {
            action: "generate".to_owned(),
            range,
            diagnostic: None,
            instruction: Some(params.instruction),
        };
        Ok((snapshot, wish, self.choose(params.model.as_deref())))
    }

    /// The document that a command is about, if it can be written into.
    fn document(&self, uri: &str, range: WireRange) -> jsonrpc::Result<Snapshot> {
        let doc = self
            .documents
            .get(uri)
            .ok_or_else(|| invalid(format!("{uri} is not open; open it in the editor first")))?;
        let snapshot = doc.document.snapshot();
        if snapshot.language.is_none() {
            return Err(invalid(format!(
                "{} is {:?}; Redraft writes Python so far",
                snapshot.name(),
                snapshot.language_id
            )));
        }
        if snapshot.text.len_bytes() > MAX_BYTES {
            return Err(invalid(format!(
                "{} is larger than the {} MiB that Redraft writes into",
                snapshot.name(),
                MAX_BYTES / (1024 * 1024)
            )));
        }
        if !range_is_inside(&snapshot.text, range) {
            let lines = snapshot.text.len_lines();
            return Err(invalid(format!(
                "line {} is outside of {}, which has {lines} lines",
                range.start.line.max(range.end.line).saturating_add(1),
                snapshot.name()
            )));
        }
        Ok(snapshot.clone())
    }

    /// The model to ask; a problem with it is the run's failure, not the request's.
    fn choose(&self, name: Option<&str>) -> Result<Chosen, String> {
        let registry = self.setup.registry.as_ref().map_err(Clone::clone)?;
        let name = name.or(self.profile.options.default_model.as_deref());
        registry.choose(name).map_err(|error| error.message)
    }

    /// Makes the prompt off the loop; answers when it is known that the action fits.
    pub(super) fn begin(
        &mut self,
        snapshot: Snapshot,
        wish: Wish,
        chosen: Result<Chosen, String>,
        reply: Option<Reply>,
    ) {
        let refuse =
            |reply: Option<Reply>, error: jsonrpc::Error| drop(reply.map(|reply| reply.send(Err(error))));
        let live = self.runs.values().filter(|live| live.run.is_live()).count() + self.preparing.len();
        if live >= LIVE_RUNS {
            return refuse(
                reply,
                invalid(format!(
                    "{live} runs are at work, which is the most at once; wait for one or stop one"
                )),
            );
        }
        self.next_run += 1;
        let run = self.next_run;
        let chosen = match chosen {
            Ok(chosen) => chosen,
            Err(message) => {
                // A model that cannot be used is a run that fails: answered, then told.
                if let Some(reply) = reply {
                    let _ = reply.send(Ok(json!({ "run": run_name(run) })));
                }
                if self.profile.knows_redraft {
                    let status = crate::server::live::status(run, "failed", "", 0, None, Some(&message));
                    self.outgoing.notify("redraft/status", status);
                }
                return self.show(1, &message);
            }
        };
        self.tell_gathering(run, &chosen.name);
        let room = room(&chosen);
        let preparing = Preparing {
            uri: snapshot.uri.clone(),
            wish: wish.clone(),
            chosen,
            changes: Vec::new(),
            closed: false,
        };
        self.preparing.insert(run, preparing);
        let tasks = self.tasks.clone();
        tokio::task::spawn_blocking(move || {
            let work = AssertUnwindSafe(|| {
                let tree = snapshot.parse();
                let name = snapshot.name();
                let source = snapshot.source(tree.as_ref(), &name).ok_or(PrepareError::NoLanguage)?;
                let prepared = prepare(&source, &wish, room)?;
                // `redraft.generate` says what it wants; what `redraft.run` names must have been on offer.
                if wish.instruction.is_none() && !is_offered(&source, &wish) {
                    return Err(PrepareError::NotOffered(wish.action));
                }
                Ok(prepared)
            });
            // A dropped reply is answered with an internal error.
            let event = match catch_unwind(work) {
                Ok(outcome) => TaskEvent::Prepared { run, reply, outcome: Box::new(outcome) },
                Err(_) => TaskEvent::Panicked { run },
            };
            let _ = tasks.blocking_send(event);
            // While the model reads: the answer's last look needs them, on the loop.
            snapshot.language.inspect(|language| language.warm());
        });
    }

    pub(super) fn prepared(
        &mut self,
        id: RunId,
        reply: Option<Reply>,
        outcome: Result<(Task, Sent), PrepareError>,
    ) {
        let Some(Preparing { uri, wish, chosen, changes, closed }) = self.preparing.remove(&id) else {
            return;
        };
        // The client cancelled the request: it would not know the run.
        if reply.as_ref().is_some_and(Reply::is_closed) {
            return self.not_begun(id, &chosen, reply, invalid("the request was cancelled".to_owned()));
        }
        let (task, sent) = match outcome {
            Ok(prepared) => prepared,
            Err(error @ PrepareError::Render(_)) => {
                tracing::error!(%error, "a prompt could not be rendered");
                return self.not_begun(id, &chosen, reply, jsonrpc::Error::internal_error());
            }
            Err(error) => return self.not_begun(id, &chosen, reply, invalid(error.to_string())),
        };
        let request = task.request.clone();
        let mut run = Run::new(task, self.profile.delivery());
        let now = self.now();
        for (edits, before, after) in &changes {
            run.step(now, Input::Changed { edits, before, after });
        }
        if run.state().is_over() {
            let error = content_modified("the place was deleted meanwhile".to_owned());
            return self.not_begun(id, &chosen, reply, error);
        }
        let range = run.range();
        let taken = self
            .runs
            .values()
            .any(|other| other.uri == uri && other.run.is_live() && overlap(&other.run.range(), &range));
        if taken || closed {
            let why = if taken {
                "another run is writing there; wait for it or stop it"
            } else {
                "the document was closed"
            };
            return self.not_begun(id, &chosen, reply, content_modified(why.to_owned()));
        }
        // A draft that a new run writes over is kept by that.
        let replaced: Vec<RunId> = self
            .runs
            .values()
            .filter(|other| other.uri == uri && other.run.stands() && overlap(&other.run.range(), &range))
            .map(|other| other.id)
            .collect();
        for other in replaced {
            self.step(other, Input::Keep);
        }
        let begun = json!({ "run": run_name(id), "regions": self.announced(&uri, &run) });
        drop(reply.map(|reply| reply.send(Ok(begun))));
        let call = call(id, &chosen, request, self.retries.clone(), self.tasks.clone());
        let progress = if self.profile.work_done_progress {
            let request = self.await_answer(Awaited::Progress { run: id });
            Progress::create(&self.outgoing, request, format!("redraft/{}", run_name(id)), sent.title.clone())
        } else {
            Progress::none()
        };
        let live =
            Live { id, uri, run, chosen, wish, sent, progress, call: Some(call), wake: None, again: false };
        if self.profile.knows_redraft {
            self.outgoing.notify("redraft/status", live.status());
        }
        self.insert(live);
    }

    /// The only ranges of the document that the run may change: the draft's, and the import block's.
    fn announced(&self, uri: &str, run: &Run) -> Vec<Value> {
        let Some(doc) = self.documents.get(uri) else { return Vec::new() };
        let text = &doc.document.snapshot().text;
        run.ranges().iter().map(|range| range_out(text, range, self.profile.encoding)).collect()
    }

    /// What was told to be gathering does not begin: whoever watches is told, and the request has its error.
    fn not_begun(&self, id: RunId, chosen: &Chosen, reply: Option<Reply>, error: jsonrpc::Error) {
        if self.profile.knows_redraft {
            let status =
                crate::server::live::status(id, "failed", &chosen.name, 0, None, Some(&error.message));
            self.outgoing.notify("redraft/status", status);
        }
        match reply {
            Some(reply) => drop(reply.send(Err(error))),
            // Nobody waits for an answer: it was Redraft that began it once more.
            None => self.show(1, &error.message),
        }
    }

    /// A command that is one input of one run.
    fn simple(&mut self, run: RunId, input: Input<'_>, reply: Reply) {
        if self.run_of(run).is_none() {
            let _ = reply.send(Err(invalid(format!("there is no run {:?} any more", run_name(run)))));
            return;
        }
        self.step(run, input);
        let _ = reply.send(Ok(json!({ "run": run_name(run) })));
    }

    /// The same once more, or a follow-up on the draft that stands.
    fn again(&mut self, run: RunId, instruction: Option<String>, model: Option<&str>, reply: Reply) {
        let Some(live) = self.runs.get(&run).filter(|live| live.run.stands()) else {
            let message = format!("{:?} has no draft that stands", run_name(run));
            return drop(reply.send(Err(invalid(message))));
        };
        let chosen = match model {
            Some(name) => self.choose(Some(name)),
            None => Ok(live.chosen.clone()),
        };
        let Some(doc) = self.documents.get(&live.uri) else { return };
        match (instruction, chosen) {
            (Some(instruction), chosen) => {
                let snapshot = doc.document.snapshot().clone();
                let range = live.run.range();
                let blank = snapshot
                    .text
                    .byte_slice(range.clone())
                    .chars()
                    .take_while(|ch| ch.is_whitespace())
                    .map(char::len_utf8)
                    .sum::<usize>();
                let range = range.start + blank..range.end;
                let wish = Wish {
                    action: "generate".to_owned(),
                    range,
                    diagnostic: None,
                    instruction: Some(instruction),
                };
                self.begin(snapshot, wish, chosen, Some(reply));
            }
            (None, Ok(chosen)) => {
                if let Some(live) = self.runs.get_mut(&run) {
                    (live.again, live.chosen) = (true, chosen);
                }
                self.simple(run, Input::Revert, reply);
            }
            (None, Err(message)) => drop(reply.send(Err(invalid(message)))),
        }
    }

    /// Begins a run that was taken back once more.
    pub(super) fn restart(&mut self, uri: &str, wish: Wish, chosen: Chosen) {
        if let Some(doc) = self.documents.get(uri) {
            let snapshot = doc.document.snapshot().clone();
            self.begin(snapshot, wish, Ok(chosen), None);
        }
    }
}

fn room(chosen: &Chosen) -> Room {
    Room {
        context: chosen.limits.context,
        window: chosen.limits.window,
        output: chosen.limits.output,
        prefill: chosen.place == Place::Embedded,
    }
}

fn overlap(a: &std::ops::Range<usize>, b: &std::ops::Range<usize>) -> bool {
    a.start <= b.end && b.start <= a.end
}
