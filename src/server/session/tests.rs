//! The session's loop, told events in an order that no client can bring about at will.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tower_lsp::jsonrpc;

use super::{Setup, run};
use crate::model::provider::http::Http;
use crate::model::provider::scripted::Scripted;
use crate::model::registry::Registry;
use crate::model::spec::Catalogue;
use crate::server::event::{Asked, ClientEvent, Taker, taking};
use crate::server::outgoing;
use crate::server::params::command;
use crate::workspace::Opened;

const URI: &str = "file:///project/a.py";

struct Loop {
    events: mpsc::Sender<ClientEvent>,
}

impl Loop {
    /// A session with one open document, whose model is this.
    async fn begin(provider: &Scripted) -> Self {
        let provider = Arc::new(provider.clone());
        let make = Box::new(move |_: &_| Ok(provider.clone() as Arc<dyn crate::model::Provider>));
        let registry = Ok(Arc::new(Registry::new(Catalogue::default(), Http::default(), make)));
        let (outgoing, queue) = outgoing::channel();
        std::thread::spawn(move || queue.write_to(std::io::sink()));
        let (events, client) = mpsc::channel(64);
        tokio::spawn(run(
            Setup {
                shelves: Arc::default(),
                state: None,
                registry,
                config: Arc::default(),
                notices: Vec::new(),
                reload: None,
                supervisor: None,
            },
            client,
            outgoing,
        ));
        let opened = Opened {
            uri: URI.to_owned(),
            path: None,
            language: "python".to_owned(),
            version: 1,
            text: "def f():\n    pass\n".to_owned(),
        };
        events.send(ClientEvent::Opened(opened)).await.unwrap();
        Self { events }
    }

    /// Asks for the one function to be implemented; returns what a handler holds.
    async fn asks(&self) -> (oneshot::Receiver<jsonrpc::Result<Value>>, Taker) {
        let at = json!({ "line": 1, "character": 4 });
        let argument = json!({
            "action": "implement", "uri": URI, "version": 1, "range": { "start": at, "end": at },
        });
        let (reply, answer) = oneshot::channel();
        let (taker, taken) = taking();
        let command = command("redraft.run", vec![argument]).unwrap();
        let asked = Asked { reply, taken };
        self.events.send(ClientEvent::Command { command, asked }).await.unwrap();
        (answer, taker)
    }
}

#[tokio::test]
async fn nothing_begins_for_a_request_that_is_cancelled_while_its_answer_is_on_its_way() {
    let provider = Scripted::saying(["    return 1\n"]);
    let session = Loop::begin(&provider).await;
    for _ in 0..3 {
        let (answer, taker) = session.asks().await;
        assert!(answer.await.unwrap().is_ok(), "the place is free, whatever was cancelled before");
        assert!(provider.requests().is_empty(), "nothing is asked before the answer is taken");
        drop(taker);
    }
    let (answer, taker) = session.asks().await;
    assert!(answer.await.unwrap().is_ok());
    taker.take();
    provider.begun(1).await;
    assert_eq!(provider.requests().len(), 1);
}

#[tokio::test]
async fn a_place_that_is_offered_is_not_offered_again() {
    let provider = Scripted::saying(["    return 1\n"]);
    let session = Loop::begin(&provider).await;
    let (answer, taker) = session.asks().await;
    answer.await.unwrap().unwrap();
    let (second, _taker) = session.asks().await;
    assert_eq!(second.await.unwrap().unwrap_err().code.code(), -32801);
    taker.take();
    provider.begun(1).await;
}
