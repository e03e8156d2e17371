//! What is done about a model that failed: a smaller question, or the next model of the run's plan.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::json;

use super::Session;
use super::ready::{Ready, Unready, question};
use crate::action::prepare::Room;
use crate::config::Refine;
use crate::job::Input;
use crate::model::ModelError;
use crate::model::route::Way;
use crate::server::event::{RunId, TaskEvent};

impl Session {
    /// A model gave no answer: somebody else is asked, or it is the run's error.
    pub(super) fn failed(&mut self, id: RunId, error: ModelError) {
        if self.goes_on(id, &error) {
            return;
        }
        let error = self.runs.get(&id).map_or(error.clone(), |live| live.route.error(error));
        self.step(id, Input::Answered(Err(error)));
    }

    fn goes_on(&mut self, id: RunId, error: &ModelError) -> bool {
        let around = self.around();
        let Some(live) = self.runs.get_mut(&id).filter(|live| live.run.is_asking()) else { return false };
        // Another model does not go on where this one redrafts.
        if live.run.has_draft() {
            return false;
        }
        let (chosen, room) = match live.route.after(error, live.run.has_written(), live.sent.shown()) {
            Way::End => return false,
            Way::Shrink => (live.chosen.clone(), Room::of(&live.chosen).shrunk(&live.sent)),
            Way::Next => match live.route.next(&live.registry) {
                Some(chosen) => {
                    let room = Room::of(&chosen);
                    (chosen, room)
                }
                None => return false,
            },
        };
        let what = if chosen.name == live.chosen.name {
            format!("{} is asked again with less context", chosen.name)
        } else {
            format!("{} is asked instead", chosen.name)
        };
        let message = format!("Redraft: {}: {error}; {what}", live.sent.title);
        let (snapshot, wish, route) = (live.snapshot.clone(), live.wish.clone(), live.route.clone());
        let (making, wanted) = (live.making.clone(), live.wanted.clone());
        self.outgoing.notify("window/logMessage", json!({ "type": 2, "message": message }));
        let (tasks, error) = (self.tasks.clone(), error.clone());
        tokio::task::spawn_blocking(move || {
            let work =
                catch_unwind(AssertUnwindSafe(|| question(&snapshot, &wish, room, (&around, &making))));
            let event = match work {
                Ok(outcome) => {
                    let refine = Refine::default();
                    let outcome = outcome.map(|(task, sent)| Ready {
                        task,
                        sent,
                        chosen,
                        route,
                        refine,
                        trusted: None,
                        wanted,
                        making,
                    });
                    TaskEvent::Rerouted { run: id, error, outcome: Box::new(outcome.map_err(Unready::from)) }
                }
                Err(_) => TaskEvent::Panicked { run: id },
            };
            let _ = tasks.blocking_send(event);
        });
        true
    }

    /// The question for the next model is made.
    pub(super) fn rerouted(&mut self, id: RunId, error: ModelError, outcome: Result<Ready, Unready>) {
        let Some(live) = self.runs.get_mut(&id).filter(|live| live.run.is_asking()) else { return };
        match outcome {
            Ok(Ready { task, sent, chosen, mut route, .. }) => {
                route.begins(live.run.has_written());
                (live.chosen, live.route, live.sent) = (chosen, route, sent.clone());
                if let Some((_, known)) = self.sent.iter_mut().find(|(run, _)| *run == id) {
                    *known = sent;
                }
                self.step(id, Input::Again(Box::new(task)));
                self.ask(id);
            }
            // It does not fit this one either.
            Err(why) => {
                tracing::info!(%why, "a model cannot be asked");
                self.failed(id, error);
            }
        }
    }
}
