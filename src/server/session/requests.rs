//! Code actions, and what was sent: requests that change nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Value, json};
use tower_lsp::jsonrpc::Error;

use super::Session;
use super::costs::off_the_loop;
use crate::action::{self, Offer, Query};
use crate::prompt::Library;
use crate::prompt::format::Input;
use crate::server::client::{Options, Profile};
use crate::server::convert::{Target, action_out, command_action, diagnostic_in, range_in, workspace_edit};
use crate::server::event::{Reply, RunId, TaskEvent};
use crate::server::live;
use crate::server::params::{Ask, PromptsParams, invalid, run_name};
use crate::server::warm;
use crate::workspace::{Index, MAX_BYTES, Snapshot};
use tree_sitter::Tree;

/// The kind of what can be done with a draft that is written or stands.
const DRAFT: &str = "refactor.rewrite.redraft.draft";

impl Session {
    pub(super) fn actions(&mut self, ask: Ask, reply: Reply) {
        let Some(doc) = self.documents.get(&ask.text_document.uri) else {
            let _ = reply.send(Ok(json!([])));
            return;
        };
        let snapshot = doc.document.snapshot().clone();
        let wants_parse = doc.document.wants_parse();
        // A mistake in it is told before a run needs it.
        self.reloads();
        self.warm_up(&snapshot);
        let mut actions = self.of_drafts(&snapshot, &ask);
        actions.extend(self.repairs(&snapshot, &ask));
        let profile = self.profile.clone();
        if snapshot.language.is_none() || snapshot.text.len_bytes() > MAX_BYTES {
            let _ = reply.send(Ok(Value::Array(actions)));
            return;
        }
        let library = self.library(&snapshot);
        if let Some(library) = library.as_ref().filter(|_| !wants_parse) {
            let tree = snapshot.parse();
            let around = self.around();
            actions.extend(listed(&snapshot, tree.as_ref(), &ask, &profile, library, &around.index));
            let _ = reply.send(Ok(Value::Array(actions)));
            return;
        }
        let (tasks, around, rules) = (self.tasks.clone(), self.around(), self.rules(&snapshot));
        let work = move || {
            // The client cancelled the request while it waited for its turn.
            if reply.is_closed() {
                return;
            }
            let tree = snapshot.parse();
            let listed = catch_unwind(AssertUnwindSafe(|| {
                let library = library.unwrap_or_else(|| rules.library());
                listed(&snapshot, tree.as_ref(), &ask, &profile, &library, &around.index)
            }));
            let answer = listed.map_err(|_| Error::internal_error()).map(|listed| {
                actions.extend(listed);
                Value::Array(actions)
            });
            let _ = reply.send(answer);
            let learnt = tree.as_ref().map(|tree| around.learnt(&snapshot, Some(tree)));
            let _ = tasks.blocking_send(TaskEvent::Parsed {
                stamp: snapshot.stamp(),
                uri: snapshot.uri.clone(),
                tree,
                learnt,
            });
        };
        let parses = self.parses.clone();
        tokio::spawn(async move {
            let _permit = parses.acquire_owned().await;
            let _ = tokio::task::spawn_blocking(work).await;
        });
    }

    /// `redraft/prompts`: what can run at a place, and what it asks its user.
    pub(super) fn prompts(&mut self, params: &PromptsParams, reply: Reply) {
        let snapshot = match self.document(&params.uri, params.range) {
            Ok(snapshot) => snapshot,
            Err(error) => return drop(reply.send(Err(error))),
        };
        self.reloads();
        self.warm_up(&snapshot);
        let (around, rules, library) = (self.around(), self.rules(&snapshot), self.library(&snapshot));
        let range = range_in(&snapshot.text, params.range, self.profile.encoding);
        off_the_loop(reply, move || {
            let library = library.unwrap_or_else(|| rules.library());
            let (tree, name) = (snapshot.parse(), snapshot.name());
            let source = snapshot.source(tree.as_ref(), &name);
            // Those of files are in no menu that does not ask for them.
            let only = ["", "source"].map(str::to_owned).to_vec();
            let query = Query { range, only, asks: true, ..Query::default() };
            let offers =
                source.map_or(Vec::new(), |source| action::list(&source, &query, &library, &around.index));
            let told = |offer: &Offer| {
                let prompt = library.get(&offer.action)?;
                let asked = |input: &Input| json!({ "name": input.name, "description": input.prompt, "default": input.default });
                Some(json!({
                    "action": offer.action,
                    "title": offer.title,
                    "description": prompt.description,
                    "kind": offer.kind,
                    "inputs": prompt.inputs.iter().map(asked).collect::<Vec<_>>(),
                }))
            };
            let prompts: Vec<Value> = offers.iter().filter_map(told).collect();
            Ok(json!({ "version": 1, "prompts": prompts }))
        });
    }

    /// What the client wants is another: models and rounds, or how drafts come. Runs at work go on as they began.
    pub(super) fn wants(&mut self, options: Options) {
        for problem in &options.problems {
            self.show(2, &format!("settings.redraft: {problem}"));
        }
        // Trust is the client's to say when it begins; what it says later begins with its next start.
        self.profile.options = Options { untrusted: self.profile.options.untrusted, ..options };
        self.is_warm = false;
        self.shown = None;
    }

    /// Who asks for actions may be about to run one, and who completes about to type.
    pub(super) fn warm_up(&mut self, snapshot: &Snapshot) {
        let Some(language) = snapshot.language.filter(|_| !self.is_warm) else { return };
        self.is_warm = true;
        let (registry, model) =
            (self.setup.registry.clone(), self.profile.options.choices.default_model.clone());
        drop(tokio::task::spawn_blocking(move || warm::run(language, &registry, model.as_deref())));
    }

    /// What can be done with the drafts that are being written, and with those that stand there.
    fn of_drafts(&self, snapshot: &Snapshot, ask: &Ask) -> Vec<Value> {
        let range = range_in(&snapshot.text, ask.range, self.profile.encoding);
        let wanted = ask.context.only.as_ref().is_none_or(|only| {
            only.iter().any(|kind| {
                kind.is_empty()
                    || DRAFT == kind
                    || DRAFT.strip_prefix(kind.as_str()).is_some_and(|rest| rest.starts_with('.'))
            })
        });
        let mut actions = Vec::new();
        if !wanted {
            return actions;
        }
        // Anywhere in the document, for its user types on elsewhere; most editors have no other way to stop a run.
        let automatic = ask.context.trigger_kind == Some(2);
        let at_work = self.runs.values().filter(|live| live.uri == snapshot.uri && live.run.can_stop());
        for live in at_work.filter(|live| !automatic || live.run.touches(&range)) {
            let (title, argument) =
                (format!("Stop: {}", live.sent.title), json!({ "run": run_name(live.id) }));
            actions.push(command_action(&title, DRAFT, "redraft.stop", &argument, &self.profile));
        }
        let standing = self
            .runs
            .values()
            .filter(|live| live.uri == snapshot.uri && live.run.stands() && live.run.touches(&range));
        for live in standing {
            let argument = json!({ "run": run_name(live.id) });
            for (title, command) in
                [("Keep the draft", "redraft.keep"), ("Revert the draft", "redraft.revert")]
            {
                actions.push(command_action(title, DRAFT, command, &argument, &self.profile));
            }
            let rest = live.run.rest();
            if !rest.is_empty() && self.profile.action_literals {
                let label = self.profile.change_annotations.then_some("The rest of the draft");
                let edit = workspace_edit(Target::open(snapshot), &rest, self.profile.encoding, label);
                actions.push(
                    json!({ "title": "Complete the draft over what you typed", "kind": DRAFT, "edit": edit }),
                );
            }
        }
        actions
    }

    pub(super) fn what_was_sent(&self, run: RunId, reply: Reply) {
        let found = self.sent.iter().find(|(id, _)| *id == run).map(|(id, sent)| live::sent(*id, sent));
        let _ =
            reply.send(found.ok_or_else(|| invalid(format!("there is no run {:?} any more", run_name(run)))));
    }
}

fn listed(
    snapshot: &Snapshot,
    tree: Option<&Tree>,
    ask: &Ask,
    profile: &Profile,
    library: &Library,
    index: &Index,
) -> Vec<Value> {
    let name = snapshot.name();
    let Some(source) = snapshot.source(tree, &name) else { return Vec::new() };
    // Only diagnostics that can be read are offered a fix; the indices are those of this list.
    let readable: Vec<(&Value, action::Diagnostic)> = ask
        .context
        .diagnostics
        .iter()
        .filter_map(|value| Some((value, diagnostic_in(&snapshot.text, value, profile.encoding)?)))
        .collect();
    let (values, diagnostics): (Vec<Value>, Vec<_>) =
        readable.into_iter().map(|(value, read)| (value.clone(), read)).unzip();
    let query = Query {
        range: range_in(&snapshot.text, ask.range, profile.encoding),
        diagnostics,
        only: ask.context.only.clone().unwrap_or_default(),
        automatic: ask.context.trigger_kind == Some(2),
        asks: false,
    };
    let offers = action::list(&source, &query, library, index);
    offers.iter().map(|offer| action_out(snapshot, offer, &values, profile)).collect()
}
