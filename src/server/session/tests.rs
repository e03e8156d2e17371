//! The session's loop, told events in an order that no client can bring about at will.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tower_lsp::jsonrpc;

use super::{Setup, run};
use crate::model::provider::http::Http;
use crate::model::provider::scripted::Scripted;
use crate::model::registry::Registry;
use crate::model::spec::Catalogue;
use crate::server::client::Profile;
use crate::server::event::{Asked, ClientEvent, Command, Taker, taking};
use crate::server::outgoing;
use crate::server::params::command;
use crate::workspace::Opened;

const URI: &str = "file:///project/a.py";

struct Loop {
    events: mpsc::Sender<ClientEvent>,
    told: mpsc::UnboundedReceiver<String>,
}

/// What leaves for the client.
struct Client(mpsc::UnboundedSender<String>);

impl Write for Client {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let _ = self.0.send(String::from_utf8_lossy(bytes).into_owned());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Loop {
    /// A session with one open document, whose model is this.
    async fn begin(provider: &Scripted) -> Self {
        let provider = Arc::new(provider.clone());
        let make = Box::new(move |_: &_| Ok(provider.clone() as Arc<dyn crate::model::Provider>));
        let registry = Ok(Arc::new(Registry::new(Catalogue::default(), Http::default(), make)));
        let (outgoing, queue) = outgoing::channel();
        let (client, told) = mpsc::unbounded_channel();
        std::thread::spawn(move || queue.write_to(Client(client)));
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
        let profile = Profile::read(&json!({ "capabilities": { "experimental": { "redraft": {} } } }));
        events.send(ClientEvent::Profile(Box::new(profile))).await.unwrap();
        events.send(ClientEvent::Opened(opened)).await.unwrap();
        Self { events, told }
    }

    /// The next status that the client is told.
    async fn status(&mut self) -> Value {
        loop {
            let told = tokio::time::timeout(Duration::from_secs(20), self.told.recv()).await;
            let told = told.expect("it is told").unwrap();
            let body = told.split_once("\r\n\r\n").unwrap().1;
            let message: Value = serde_json::from_str(body).unwrap();
            if message["method"] == "redraft/status" {
                return message["params"]["state"].clone();
            }
        }
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

/// Its answer is on its way: what becomes of the run is told behind that.
#[tokio::test]
async fn a_run_that_ends_before_its_client_knows_it_is_told_to_have_ended() {
    for by_stop in [true, false] {
        let provider = Scripted::saying(["    return 1\n"]);
        let mut session = Loop::begin(&provider).await;
        let (answer, taker) = session.asks().await;
        answer.await.unwrap().unwrap();
        assert_eq!(session.status().await, "gathering");
        let (reply, stopped) = oneshot::channel();
        if by_stop {
            let (_other, taken) = taking();
            let asked = Asked { reply, taken };
            session.events.send(ClientEvent::Command { command: Command::Stop(1), asked }).await.unwrap();
            stopped.await.unwrap().unwrap();
            while let Ok(told) = session.told.try_recv() {
                assert!(!told.contains("redraft/status"), "its client does not know it yet: {told}");
            }
        } else {
            session.events.send(ClientEvent::Closed { uri: URI.to_owned() }).await.unwrap();
        }
        taker.take();
        assert_eq!(session.status().await, "cancelled");
        assert!(provider.requests().is_empty());
    }
}
