//! A hub on loopback that answers as it is told to, one reply for each connection.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use super::setup::BYTES;

/// One answer.
pub struct Reply {
    status: u16,
    headers: String,
    body: Vec<u8>,
    length: Option<usize>,
    cut: usize,
}

impl Reply {
    pub fn whole() -> Self {
        Self::bytes(BYTES)
    }

    pub fn bytes(body: &[u8]) -> Self {
        Self {
            status: 200,
            headers: String::new(),
            body: body.into(),
            length: Some(body.len()),
            cut: usize::MAX,
        }
    }

    /// The rest, as asked for by a range.
    pub fn from(start: usize) -> Self {
        let (last, size) = (BYTES.len() - 1, BYTES.len());
        let headers = format!("Content-Range: bytes {start}-{last}/{size}\r\n");
        Self { status: 206, headers, ..Self::bytes(&BYTES[start..]) }
    }

    pub fn status(status: u16) -> Self {
        Self { status, ..Self::bytes(b"no") }
    }

    pub fn redirect(to: &str) -> Self {
        Self { status: 302, headers: format!("Location: {to}\r\n"), ..Self::bytes(b"") }
    }

    /// The connection breaks after so many bytes of the body.
    pub fn cut(self, cut: usize) -> Self {
        Self { cut, ..self }
    }

    pub fn without_length(self) -> Self {
        Self { length: None, ..self }
    }
}

pub struct Hub {
    pub address: String,
    ranges: Arc<Mutex<Vec<Option<usize>>>>,
}

impl Hub {
    pub fn start(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("bound"));
        let ranges = Arc::new(Mutex::new(Vec::new()));
        let asked = Arc::clone(&ranges);
        std::thread::spawn(move || {
            for reply in replies {
                let (stream, _) = listener.accept().expect("the client connects");
                let mut start = None;
                for line in BufReader::new(&stream).lines() {
                    let line = line.expect("a header").to_ascii_lowercase();
                    if let Some(range) = line.strip_prefix("range: bytes=") {
                        start = Some(range.trim_end_matches('-').parse().expect("an open range"));
                    }
                    if line.is_empty() {
                        break;
                    }
                }
                asked.lock().expect("no panic").push(start);
                let Reply { status, headers, body, length, cut } = reply;
                let length = length.map(|length| format!("Content-Length: {length}\r\n")).unwrap_or_default();
                let head = format!("HTTP/1.1 {status} X\r\n{headers}{length}Connection: close\r\n\r\n");
                // The client may hang up on an answer that it does not want.
                let _ = (&stream).write_all(head.as_bytes());
                let _ = (&stream).write_all(&body[..cut.min(body.len())]);
            }
        });
        Self { address, ranges }
    }

    /// An address at which nobody listens.
    pub fn refused() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        format!("http://{}", listener.local_addr().expect("bound"))
    }

    /// Where each request asked to begin.
    pub fn ranges(&self) -> Vec<Option<usize>> {
        self.ranges.lock().expect("no panic").clone()
    }
}
