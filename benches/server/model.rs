//! A scripted model: an OpenAI-compatible server on a loopback socket. Each request is handed to the benchmark, which
//! writes the answer itself, byte by byte where it wants to, and is told when the connection closes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Nothing that is waited for takes longer, on however busy a machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// See the module's head.
#[derive(Debug)]
pub struct Model {
    pub address: String,
    asked: Receiver<Asked>,
    connections: Arc<AtomicUsize>,
}

/// A request that waits for its answer.
#[derive(Debug)]
pub struct Asked {
    /// When its first byte was there.
    pub at: Instant,
    pub body: Value,
    stream: TcpStream,
    closed: Arc<Mutex<Receiver<Instant>>>,
}

impl Model {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let address = format!("http://{}/v1", listener.local_addr().expect("bound"));
        let (requests, asked) = channel();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = connections.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::Relaxed);
                let requests = requests.clone();
                std::thread::spawn(move || read(stream, &requests));
            }
        });
        Self { address, asked, connections }
    }

    /// The next request.
    pub fn asked(&self) -> Asked {
        self.asked.recv_timeout(PATIENCE).expect("a request comes")
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

/// Reads the requests of one connection to its end.
fn read(stream: TcpStream, requests: &Sender<Asked>) -> Option<()> {
    let _ = stream.set_nodelay(true);
    let (tell_closed, closed) = channel();
    let closed = Arc::new(Mutex::new(closed));
    let mut input = BufReader::new(stream.try_clone().expect("a socket is cloned"));
    loop {
        let nothing = input.fill_buf().map_or(true, <[u8]>::is_empty);
        let at = Instant::now();
        if nothing {
            let _ = tell_closed.send(at);
            return None;
        }
        let mut length = 0;
        loop {
            let mut line = String::new();
            input.read_line(&mut line).ok()?;
            let line = line.trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().expect("a number");
            }
        }
        let mut body = vec![0; length];
        input.read_exact(&mut body).ok()?;
        let body = serde_json::from_slice(&body).expect("JSON");
        let stream = stream.try_clone().expect("a socket is cloned");
        requests.send(Asked { at, body, stream, closed: closed.clone() }).ok()?;
    }
}

impl Asked {
    /// The question's text, without the system's part.
    pub fn question(&self) -> &str {
        let messages = self.body["messages"].as_array().expect("messages");
        messages.last().expect("a message")["content"].as_str().expect("a text")
    }

    /// The answer's head; events follow.
    pub fn begin(&mut self) {
        self.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
        );
    }

    /// One event with this text.
    pub fn say(&mut self, text: &str) {
        let event = chunk(&event(&json!({ "delta": { "content": text } })));
        self.write(&event);
    }

    /// The last text and the end, in one write.
    pub fn end(&mut self, text: &str) {
        let mut last = chunk(&event(&json!({ "delta": { "content": text } })));
        last.extend(ending());
        self.write(&last);
    }

    /// The end by itself.
    pub fn close(&mut self) {
        self.write(&ending());
    }

    /// A refusal: the run fails, and the document stays as it is.
    pub fn refuse(mut self) {
        self.begin();
        let mut answer = chunk(&event(&json!({ "delta": {}, "finish_reason": "content_filter" })));
        answer.extend(chunk("data: [DONE]\n\n"));
        answer.extend(chunk(""));
        self.write(&answer);
    }

    /// Waits until the client has closed the connection.
    pub fn closed(&self) -> Instant {
        let closed = self.closed.lock().expect("one waits");
        closed.recv_timeout(PATIENCE).expect("the connection closes")
    }

    fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the client reads");
    }
}

fn ending() -> Vec<u8> {
    let mut ending = chunk(&event(&json!({ "delta": {}, "finish_reason": "stop" })));
    ending.extend(chunk("data: [DONE]\n\n"));
    ending.extend(chunk(""));
    ending
}

fn event(choice: &Value) -> String {
    format!("data: {}\n\n", json!({ "object": "chat.completion.chunk", "choices": [choice] }))
}

fn chunk(text: &str) -> Vec<u8> {
    format!("{:x}\r\n{text}\r\n", text.len()).into_bytes()
}
