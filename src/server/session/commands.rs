//! Commands: a run begins, or is kept, taken back, stopped, done again.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::json;
use tower_lsp::jsonrpc;

use super::ready::{Rules, ready};
use super::{LIVE_RUNS, Preparing, Session};
use crate::action::prepare::{FREE, Wish};
use crate::job::{Input, State};
use crate::model::choose::Task;
use crate::model::route::Wanted;
use crate::prompt::Library;
use crate::server::convert::{diagnostic_in, range_in, range_is_inside};
use crate::server::event::{Asked, Command, Reply, RunId, TaskEvent};
use crate::server::live::Live;
use crate::server::params::{GenerateParams, RunParams, WireRange, content_modified, invalid, run_name};
use crate::syntax::Language;
use crate::workspace::{MAX_BYTES, Snapshot};

impl Session {
    pub(super) fn command(&mut self, command: Command, asked: Asked) {
        let Some((command, asked)) = self.after_reload(command, asked) else { return };
        let outcome = match command {
            Command::Run(params) if self.is_of_tests(&params) => return self.write_tests(params, asked),
            Command::Run(params) => self.run(params),
            Command::Generate(params) if !self.documents.contains_key(&params.uri) => {
                return self.generate_unopened(params, asked);
            }
            Command::Generate(params) => self.wish_to_generate(&params),
            Command::Stop(run) => return self.simple(run, Input::Stop, asked.reply),
            Command::Keep(run) => return self.simple(run, Input::Keep, asked.reply),
            Command::Revert(run) => return self.simple(run, Input::Revert, asked.reply),
            Command::Again { run, instruction, model } => {
                return self.again(run, instruction, model.as_deref(), asked);
            }
        };
        match outcome {
            Ok((snapshot, wish, wanted)) => self.begin(snapshot, wish, wanted, Some(asked)),
            Err(error) => drop(asked.reply.send(Err(error))),
        }
    }

    pub(super) fn run(&self, params: RunParams) -> jsonrpc::Result<(Snapshot, Wish, Result<Wanted, String>)> {
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
        let (action, input) = (params.action, params.input);
        let wish = Wish { action, range, diagnostic, instruction: params.instruction, input, tested: None };
        let wanted = self.wanted(&wish, None);
        Ok((snapshot, wish, wanted))
    }

    pub(super) fn wish_to_generate(
        &self,
        params: &GenerateParams,
    ) -> jsonrpc::Result<(Snapshot, Wish, Result<Wanted, String>)> {
        let snapshot = match self.unopened.get(&params.uri) {
            Some(unopened) => fits(unopened.snapshot(), params.range)?,
            None => self.document(&params.uri, params.range)?,
        };
        let end = snapshot.text.len_bytes();
        let range = range_in(&snapshot.text, params.range, self.profile.encoding);
        let range = if params.tested.is_some() { end..end } else { range };
        let wish = Wish {
            action: FREE.to_owned(),
            range,
            diagnostic: None,
            instruction: Some(params.instruction.clone()),
            input: BTreeMap::new(),
            tested: params.tested.clone(),
        };
        let wanted = self.wanted(&wish, params.model.as_deref());
        let task = |wanted: Wanted| {
            if params.tested.is_some() { Wanted { task: Some(Task::Test), ..wanted } } else { wanted }
        };
        Ok((snapshot, wish, wanted.map(task)))
    }

    /// The open document that a command is about, if it can be written into.
    pub(super) fn document(&self, uri: &str, range: WireRange) -> jsonrpc::Result<Snapshot> {
        let doc = self.documents.get(uri);
        let doc = doc.ok_or_else(|| invalid(format!("{uri} is not open; open it in the editor first")))?;
        fits(doc.document.snapshot(), range)
    }

    /// Which model is wanted; a problem with it is the run's failure, not the request's.
    fn wanted(&self, wish: &Wish, name: Option<&str>) -> Result<Wanted, String> {
        let registry = self.setup.registry.as_ref().map_err(Clone::clone)?;
        let choices = &self.profile.options.choices;
        let named = name.map_or(Ok(()), |name| registry.catalogue().model(Some(name)).map(|_| ()));
        named.and_then(|()| choices.check(registry.catalogue())).map_err(|error| error.message)?;
        // One that is not built in says what it is once it was read.
        let task = Library::built_in().get(&wish.action).map(|prompt| prompt.task);
        let prompt_name = Some(wish.action.clone());
        let mut wanted = Wanted { task, prompt_name, named: name.map(str::to_owned), ..Wanted::default() };
        choices.apply(&mut wanted);
        Ok(wanted)
    }

    /// What else decides about the model of a run in `snapshot`.
    pub(super) fn rules(&self, snapshot: &Snapshot) -> Rules {
        let folder = snapshot.path.as_deref().and_then(|path| self.profile.folder_of(path));
        Rules {
            config: self.setup.config.clone(),
            choices: self.profile.options.choices.clone(),
            folder: folder.map(std::path::Path::to_owned),
            untrusted: self.profile.is_untrusted(folder),
            shelves: self.setup.shelves.clone(),
        }
    }

    /// Makes the prompt off the loop; answers when it is known that the action fits.
    pub(super) fn begin(
        &mut self,
        snapshot: Snapshot,
        wish: Wish,
        wanted: Result<Wanted, String>,
        asked: Option<Asked>,
    ) {
        let refuse = |asked: Option<Asked>, error: jsonrpc::Error| {
            drop(asked.map(|asked| asked.reply.send(Err(error))));
        };
        if self.is_shut_down {
            return refuse(asked, invalid("the server shuts down".to_owned()));
        }
        let live = self.runs.values().filter(|live| live.run.is_working()).count() + self.preparing.len();
        if live >= LIVE_RUNS {
            return refuse(
                asked,
                invalid(format!(
                    "{live} runs are at work, which is the most at once; wait for one or stop one"
                )),
            );
        }
        self.next_run += 1;
        let run = self.next_run;
        let (registry, wanted) = match (self.setup.registry.clone(), wanted) {
            (Ok(registry), Ok(wanted)) => (registry, wanted),
            (Err(message), _) | (_, Err(message)) => {
                return self.has_no_model(run, &snapshot.uri, asked, &message);
            }
        };
        self.tell_gathering(run, &snapshot.uri, &self.name_of_model(&wanted));
        let preparing = Preparing {
            registry: registry.clone(),
            wanted: wanted.clone(),
            snapshot: snapshot.clone(),
            wish: wish.clone(),
            changes: Vec::new(),
            closed: false,
            stopped: false,
        };
        self.preparing.insert(run, preparing);
        let (tasks, around, rules) = (self.tasks.clone(), self.around(), self.rules(&snapshot));
        tokio::task::spawn_blocking(move || {
            let work = catch_unwind(AssertUnwindSafe(|| {
                ready(&registry, &rules, &wanted, &snapshot, &wish, &around)
            }));
            // A dropped reply is answered with an internal error.
            let event = match work {
                Ok(outcome) => TaskEvent::Prepared { run, asked, outcome: Box::new(outcome) },
                Err(_) => TaskEvent::Panicked { run },
            };
            let _ = tasks.blocking_send(event);
        });
    }

    /// A command that is one input of one run.
    fn simple(&mut self, run: RunId, input: Input<'_>, reply: Reply) {
        if matches!(input, Input::Stop) && self.stops_gathering(run) {
            let _ = reply.send(Ok(json!({ "run": run_name(run) })));
            return;
        }
        if !self.runs.get(&run).is_some_and(Live::is_known) {
            let _ = reply.send(Err(invalid(format!("there is no run {:?} any more", run_name(run)))));
            return;
        }
        if matches!(input, Input::Revert)
            && let Err(error) = self.is_seen(run)
        {
            let _ = reply.send(Err(error));
            return;
        }
        self.step(run, input);
        let _ = reply.send(Ok(json!({ "run": run_name(run) })));
    }

    /// Stops a run whose question is still being made, if it is one.
    fn stops_gathering(&mut self, run: RunId) -> bool {
        let Some(preparing) = self.preparing.get_mut(&run) else { return false };
        if std::mem::replace(&mut preparing.stopped, true) {
            return true;
        }
        let (uri, wanted) = (preparing.snapshot.uri.clone(), preparing.wanted.clone());
        let why = "stopped before anything was asked";
        self.tell_ended(run, &uri, &self.name_of_model(&wanted), (State::Cancelled, why));
        true
    }

    /// The same once more, or a follow-up on the draft that stands.
    fn again(&mut self, run: RunId, instruction: Option<String>, model: Option<&str>, asked: Asked) {
        let is_there = |live: &&Live| live.run.stands() || live.run.has_told();
        let Some(live) = self.runs.get(&run).filter(is_there) else {
            let message = format!("{:?} has no draft that stands", run_name(run));
            return drop(asked.reply.send(Err(invalid(message))));
        };
        let wanted = match model {
            Some(name) => self.wanted(&live.wish, Some(name)),
            None => Ok(live.wanted.clone()),
        };
        let doc = match self.documents.get(&live.uri) {
            Some(doc) => doc,
            None => return drop(asked.reply.send(self.is_seen(run).map(|()| json!(null)))),
        };
        if live.run.tells() {
            let snapshot = doc.document.snapshot().clone();
            let wish = live.wish.clone();
            let wish = Wish {
                range: live.run.range(),
                instruction: instruction.or(wish.instruction.clone()),
                ..wish
            };
            return self.begin(snapshot, wish, wanted, Some(asked));
        }
        match (instruction, wanted) {
            (Some(instruction), wanted) => {
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
                    action: FREE.to_owned(),
                    range,
                    diagnostic: None,
                    instruction: Some(instruction),
                    input: BTreeMap::new(),
                    tested: None,
                };
                self.begin(snapshot, wish, wanted, Some(asked));
            }
            (None, Ok(wanted)) => {
                if let Some(live) = self.runs.get_mut(&run) {
                    (live.again, live.wanted) = (true, wanted);
                }
                self.simple(run, Input::Revert, asked.reply);
            }
            (None, Err(message)) => drop(asked.reply.send(Err(invalid(message)))),
        }
    }

    /// Begins a run that was taken back once more.
    pub(super) fn restart(&mut self, uri: &str, wish: Wish, wanted: Wanted) {
        if let Some(doc) = self.documents.get(uri) {
            let snapshot = doc.document.snapshot().clone();
            self.begin(snapshot, wish, Ok(wanted), None);
        }
    }
}

/// The document that a command is about, if it can be written into and `range` is inside of it.
fn fits(snapshot: &Snapshot, range: WireRange) -> jsonrpc::Result<Snapshot> {
    if snapshot.language.is_none() {
        return Err(invalid(format!(
            "{} is {:?}; Redraft writes {}",
            snapshot.name(),
            snapshot.language_id,
            Language::names()
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
