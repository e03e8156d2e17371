//! `textDocument/inlineCompletion` (LSP 3.18): the rest of what is being typed. One at most is at work for a document; the next key ends
//! it. What was shown last is shown on while its user types along it, without asking anyone.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc, oneshot};

mod shown;

pub(in crate::server) use self::shown::Shown;
use self::shown::before;
use super::Session;
use super::project::Around;
use super::ready::Rules;
use crate::action::inline::{Held, Room, prepare};
use crate::config::Automatic;
use crate::draft::inline::{AROUND, Inline};
use crate::model::account::{self, Accounts, Entry};
use crate::model::ask::Retries;
use crate::model::choose::Task;
use crate::model::registry::{Chosen, Place, Registry};
use crate::model::route::Wanted;
use crate::model::{MicroUsd, Request};
use crate::prompt::Library;
use crate::server::convert::{position_in, range_out};
use crate::server::event::{Reply, TaskEvent};
use crate::server::params::{InlineAsk, invalid};
use crate::syntax::lines;
use crate::text::position::to_offset;
use crate::workspace::disk::leaves_out;
use crate::workspace::{MAX_BYTES, Snapshot};

/// Nobody waits longer for a completion.
const PATIENCE: Duration = Duration::from_secs(15);
/// Deltas between the provider and us.
const DELTAS: usize = 16;
/// The most that are shown of one place, and the temperature that brings others than the first.
const ALTERNATIVES: usize = 4;
const OTHERWISE: f32 = 0.8;

/// What a completion is made of.
struct Making {
    registry: Arc<Registry>,
    rules: Rules,
    around: Around,
    snapshot: Snapshot,
    at: usize,
    is_automatic: bool,
    /// What is shown already, and another one is wanted.
    known: Vec<String>,
    run: String,
    held: Option<Held>,
    parses: Arc<Semaphore>,
    tasks: mpsc::Sender<TaskEvent>,
}

impl Session {
    pub(super) fn inline(&mut self, ask: &InlineAsk, reply: Reply) {
        let uri = &ask.text_document.uri;
        let is_automatic = ask.context.trigger_kind == Some(2);
        // What was asked for by hand is shown on all the same.
        let is_unwanted = is_automatic && self.setup.config.automatic == Automatic::Never;
        if !is_unwanted {
            // At most one is at work.
            self.inlines.remove(uri);
        }
        let nothing = |reply: Reply| drop(reply.send(Ok(Value::Null)));
        let Some(doc) = self.documents.get(uri) else { return nothing(reply) };
        let snapshot = doc.document.snapshot().clone();
        let is_fit = snapshot.language.is_some() && snapshot.text.len_bytes() <= MAX_BYTES;
        // What a menu has selected is what its user looks at.
        if !is_fit || ask.context.selected_completion_info.is_some() {
            return nothing(reply);
        }
        let at = to_offset(&snapshot.text, position_in(ask.position), self.profile.encoding);
        let before = before(&snapshot, at);
        let shown = self.shown.as_ref().filter(|shown| shown.uri == *uri);
        let behind =
            lines::slice(&snapshot.text, &(at..lines::end(&snapshot.text, lines::of(&snapshot.text, at))));
        let known = shown.map(|shown| shown.on(&before, &behind)).unwrap_or_default();
        // Who asks by hand where something is shown wants to see another.
        let wants_another =
            !is_automatic && known.len() < ALTERNATIVES && shown.is_some_and(|shown| shown.before == before);
        if !known.is_empty() && !wants_another {
            return drop(reply.send(Ok(self.items(&snapshot, at, &known))));
        }
        // The next completion knows of a configuration that has changed; this one waits for no file.
        self.reloads();
        if is_unwanted {
            return nothing(reply);
        }
        let registry = match &self.setup.registry {
            Ok(registry) => registry.clone(),
            // Who did not ask is not told.
            Err(_) if is_automatic => return nothing(reply),
            Err(message) => return drop(reply.send(Err(invalid(message.clone())))),
        };
        self.next_run += 1;
        let making = Making {
            registry,
            rules: self.rules(&snapshot),
            around: self.around(),
            at,
            is_automatic,
            known: known.clone(),
            run: account::run_name(self.next_run),
            held: self.held.as_ref().filter(|(of, _)| of == uri).map(|(_, held)| held.clone()),
            snapshot: snapshot.clone(),
            parses: self.parses.clone(),
            tasks: self.tasks.clone(),
        };
        let (cancel, ended) = oneshot::channel();
        self.inlines.insert(uri.clone(), cancel);
        let items = {
            let (encoding, snapshot) = (self.profile.encoding, snapshot);
            move |texts: &[String]| items(&snapshot, at, texts, encoding)
        };
        let (tasks, uri) = (self.tasks.clone(), uri.clone());
        tokio::spawn(async move {
            let mut reply = reply;
            let answer = tokio::select! {
                biased;
                // Its user typed on, or asked again.
                _ = ended => Ok(None),
                // The client wants no answer any more.
                () = reply.closed() => return,
                answer = completed(making) => answer,
            };
            let _ = match answer {
                Ok(Some(text)) => {
                    let mut texts = known;
                    if !texts.contains(&text) {
                        texts.push(text);
                    }
                    // Remembered before it is told: the key after it may be typed along it.
                    let (items, shown) = (items(&texts), Shown { uri, before, behind, texts });
                    let _ = tasks.send(TaskEvent::Shown { shown, items, reply }).await;
                    return;
                }
                Ok(None) if known.is_empty() => reply.send(Ok(Value::Null)),
                Ok(None) => reply.send(Ok(items(&known))),
                Err(message) => reply.send(Err(invalid(message))),
            };
        });
    }

    fn items(&self, snapshot: &Snapshot, at: usize, texts: &[String]) -> Value {
        items(snapshot, at, texts, self.profile.encoding)
    }
}

fn items(
    snapshot: &Snapshot,
    at: usize,
    texts: &[String],
    encoding: crate::text::position::Encoding,
) -> Value {
    let eol = crate::text::eol::Eol::of(&snapshot.text).as_str();
    let range = range_out(&snapshot.text, &(at..at), encoding);
    let item = |text: &String| json!({ "insertText": text.replace('\n', eol), "range": range });
    json!({ "items": texts.iter().map(item).collect::<Vec<_>>() })
}

/// The completion, or why there is none; nothing where that is nobody's matter.
async fn completed(making: Making) -> Result<Option<String>, String> {
    let is_automatic = making.is_automatic;
    let (registry, run) = (making.registry.clone(), making.run.clone());
    // Of many that are typed past in a large file, few are at work; one that is typed past while it waits never is.
    let permit = making.parses.clone().acquire_owned().await;
    let work = move || {
        let _permit = permit;
        let asked = catch_unwind(AssertUnwindSafe(|| asked(&making)))?;
        if let Ok(Some((_, (_, held), _))) = &asked {
            // Also where the next key has ended this: it need not be gathered again.
            let (uri, held) = (making.snapshot.uri.clone(), held.clone());
            let project = making.around.number;
            let _ = making.tasks.blocking_send(TaskEvent::Held { uri, held, project });
        }
        Ok::<_, Box<dyn std::any::Any + Send>>(asked)
    };
    let asked = tokio::task::spawn_blocking(work).await;
    let Ok(Ok(asked)) = asked else { return Err("Redraft met an error of its own".to_owned()) };
    let outcome = match asked {
        Ok(Some((chosen, (request, _), inline))) => {
            said(registry.accounts(), &chosen, run, request, inline).await
        }
        Ok(None) => Ok(None),
        Err(message) => Err(message),
    };
    match outcome {
        // Who did not ask is not told.
        Err(message) if is_automatic => {
            tracing::info!(message, "no completion");
            Ok(None)
        }
        outcome => outcome,
    }
}

/// Who is asked, and what; and what becomes of the answer.
type Question = (Chosen, (Request, Held), Inline);

/// Who is asked, and what. Off the loop.
fn asked(making: &Making) -> Result<Option<Question>, String> {
    let Making { registry, rules, around, snapshot, at, is_automatic, known, held, .. } = making;
    let mut wanted =
        Wanted { task: Some(Task::Inline), prompt_name: Some("inline".to_owned()), ..Wanted::default() };
    rules.model(registry, &mut wanted).map_err(|error| error.message)?;
    let (chosen, _) = registry.route(&wanted).map_err(|error| error.message)?;
    let room = Room::new(chosen.place != Place::Hosted, chosen.fills);
    // What costs is asked for by hand, unless its user wants it otherwise.
    let is_free_only = *is_automatic && rules.config.automatic != Automatic::Always;
    if is_free_only && !is_free(registry, &chosen, room) {
        return Ok(None);
    }
    // What is left out of contexts leaves this machine when its user asks for it.
    let is_left_out = || snapshot.path.as_deref().is_some_and(leaves_out);
    if *is_automatic && chosen.place == Place::Hosted && is_left_out() {
        return Ok(None);
    }
    let tree = snapshot.parse();
    let path = around.path(snapshot);
    let Some(source) = snapshot.source(tree.as_ref(), &path) else { return Ok(None) };
    let view = || around.view(snapshot, tree.as_ref(), &path);
    let library = if room.fills { Library::built_in() } else { rules.library() };
    let beside = (around.recent.as_slice(), held.as_ref());
    let (request, held) =
        prepare(&source, view, *at, room, &library, beside).map_err(|error| error.to_string())?;
    let temperature = if known.is_empty() { request.temperature } else { Some(OTHERWISE) };
    let request = (Request { temperature, ..request }, held);
    // No more of the document is copied than is looked at.
    let (text, line) = (&snapshot.text, lines::of(&snapshot.text, *at));
    let start = lines::start(text, line.saturating_sub(AROUND));
    let end = lines::end(text, (line + AROUND).min(lines::count(text).saturating_sub(1)));
    let (before, after) = (lines::slice(text, &(start..*at)), lines::slice(text, &(*at..end.max(*at))));
    let lf = |text: String| text.replace("\r\n", "\n");
    let inline = Inline::new(source.language, &lf(before), &lf(after));
    let inline = match &tree {
        Some(tree) => inline.in_document(text, tree, *at),
        None => inline,
    };
    Ok(Some((chosen, request, inline)))
}

/// Whether nothing is known by which a completion would cost anything.
fn is_free(registry: &Registry, chosen: &Chosen, room: Room) -> bool {
    let Chosen { name, provider_name, .. } = chosen;
    // A server of this machine may have told that it costs all the same.
    let told = || registry.accounts().dearest(provider_name, name, SystemTime::now());
    chosen.most(crate::model::Tokens(1_000), room.output) == Some(MicroUsd(0))
        && (chosen.price.is_some() || chosen.place == Place::Embedded || told() == MicroUsd(0))
}

/// Asks, and stops where what comes makes no difference any more.
async fn said(
    accounts: &Arc<Accounts>,
    chosen: &Chosen,
    run: String,
    request: Request,
    mut inline: Inline,
) -> Result<Option<String>, String> {
    let fills = request.fill.is_some();
    let enough = Arc::new(AtomicBool::new(false));
    let entry = Entry {
        run,
        task: Task::Inline.name(),
        failover: false,
        spent: Arc::default(),
        enough: enough.clone(),
        due: Instant::now() + PATIENCE,
    };
    let (deltas, mut said) = mpsc::channel(DELTAS);
    let retries = Retries::once();
    let mut asking = Box::pin(account::call(accounts, chosen, entry, request, deltas, &retries));
    let (mut outcome, mut prose) = (None, String::new());
    loop {
        tokio::select! {
            biased;
            text = said.recv(), if !said.is_closed() || !said.is_empty() => if let Some(text) = text {
                if !fills {
                    prose.push_str(&text);
                } else if inline.push(&text) {
                    break;
                }
            },
            answered = &mut asking, if outcome.is_none() => outcome = Some(answered),
            else => break,
        }
        if outcome.is_some() && said.is_empty() {
            break;
        }
    }
    enough.store(true, Ordering::Relaxed);
    drop(asking);
    if let Some(Err(error)) = outcome {
        return Err(error.message);
    }
    if !fills {
        inline.push(fenced(&prose));
    }
    Ok(inline.finish())
}

/// What is in the answer's first block of code; all of it without one.
fn fenced(prose: &str) -> &str {
    let Some((_, rest)) = prose.split_once("```") else { return prose };
    let code = rest.split_once('\n').map_or("", |(_, code)| code);
    code.split_once("```").map_or(code, |(code, _)| code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::model::Tokens;
    use crate::model::ledger::{Limits, Outcome, Reserve, Settled};
    use crate::model::provider::http::Http;
    use crate::model::provider::scripted::Scripted;

    #[test]
    fn a_gateway_that_told_a_cost_is_not_free() {
        let folder = std::env::temp_dir().join(format!("redraft-free-{}", std::process::id()));
        let path = folder.join("ledger.sqlite");
        let provider = |name: &str, more: &str| {
            format!(
                "[[provider]]\nname = \"{name}\"\nkind = \"openai\"\nbase_url = \"http://127.0.0.1:1/v1\"\n{more}"
            )
        };
        let model = |name: &str, more: &str| {
            format!("[[model]]\nname = \"{name}\"\nprovider = \"{name}\"\nid = \"x\"\n{more}")
        };
        let text = [
            provider("near", ""),
            provider("told", ""),
            provider("far", "privacy = \"cloud\"\n"),
            model("near", ""),
            model("told", ""),
            model("far", "price = { input = 0, output = 0 }\n"),
            "[[model]]\nname = \"dear\"\nprovider = \"near\"\nid = \"x\"\nprice = { input = 1, output = 1 }\n".to_owned(),
        ];
        let config = Config::parse(&text.concat(), "config.toml".as_ref()).unwrap();
        let make = Box::new(|_: &_| Ok(Arc::new(Scripted::default()) as _));
        let registry = Registry::new(config.catalogue, Http::default(), make)
            .with_accounts(Accounts::new(Some(path.clone()), config.budget));
        let is_free = |name: &str| {
            let chosen = registry.choose(Some(name)).unwrap();
            is_free(&registry, &chosen, Room::new(true, true))
        };
        assert_eq!(
            ["near", "told", "far", "dear", "qwen2.5-coder-0.5b"].map(is_free),
            [true, true, true, false, true]
        );
        let (now, ledger) = (SystemTime::now(), registry.accounts().ledger().unwrap());
        let reserve = Reserve {
            run: "r".to_owned(),
            provider: "told".to_owned(),
            model: "told".to_owned(),
            task: "inline".to_owned(),
            amount: MicroUsd(70),
            local: true,
        };
        let id = ledger.reserve(&reserve, &Limits::default(), now).unwrap();
        ledger
            .settle(
                id,
                &Settled {
                    spent: MicroUsd(70),
                    prompt: Tokens(1),
                    cached: Tokens(0),
                    completion: Tokens(1),
                    outcome: Outcome::Ok,
                    first_token: None,
                    whole: Duration::ZERO,
                    retries: 0,
                    failover: false,
                },
            )
            .unwrap();
        assert_eq!(["near", "told"].map(is_free), [true, false]);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn code_is_taken_out_of_its_block() {
        for (prose, code) in
            [("Here:\n```py\na\nb\n```\nSo.", "a\nb\n"), ("a", "a"), ("```py\na", "a"), ("", "")]
        {
            assert_eq!(fenced(prose), code);
        }
    }
}
