//! A raw TCP server on this machine that answers HTTP as a script says, with every fault that a real one has: it drips,
//! floods, falls silent, resets. It can do what no HTTP library lets a server do, and it waits for nothing but its
//! client.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

/// The most that `Flood` sends: what an honest answer never has, and no test waits for.
pub const FLOOD_BYTES: usize = 100 * 1024 * 1024;

/// What the server does next on a connection. After the last one it closes the connection in an orderly way.
#[derive(Clone, Debug)]
pub enum Act {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends these bytes one by one, each as a packet of its own.
    Drip(Vec<u8>),
    /// Sends these bytes again and again until the client goes, or `FLOOD_BYTES` are sent.
    Flood(Vec<u8>),
    /// Says nothing until the client goes.
    Silence,
    /// Reads the next request of the same connection.
    Request,
    /// Waits until the test adds a permit.
    Await(Arc<Semaphore>),
    /// Breaks the connection with a reset.
    Reset,
}

impl Act {
    pub fn send(text: &str) -> Self {
        Self::Send(text.as_bytes().to_vec())
    }
}

/// The server. Each connection gets the next script, the last one over and over; its request is read first.
pub struct FaultServer {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    flooded: Arc<Mutex<usize>>,
    ended: watch::Receiver<usize>,
}

impl FaultServer {
    pub async fn start(scripts: Vec<Vec<Act>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let flooded = Arc::new(Mutex::new(0));
        let (ended_sender, ended) = watch::channel(0);
        let (log, flood) = (requests.clone(), flooded.clone());
        tokio::spawn(async move {
            for connection in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                let script = scripts[connection.min(scripts.len() - 1)].clone();
                let (log, flood, ended) = (log.clone(), flood.clone(), ended_sender.clone());
                tokio::spawn(async move {
                    serve(stream, script, &log, &flood).await;
                    ended.send_modify(|count| *count += 1);
                });
            }
        });
        Self { address, requests, flooded, ended }
    }

    /// `http://127.0.0.1:port`
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far, heads and bodies.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// How much was sent by `Flood`, in bytes.
    pub fn flooded(&self) -> usize {
        *self.flooded.lock().unwrap()
    }

    /// Waits until so many connections have ended, by script or because the client went.
    pub async fn ended(&mut self, count: usize) {
        self.ended.wait_for(|ended| *ended >= count).await.unwrap();
    }
}

/// An address where nothing listens.
pub async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

async fn serve(mut stream: TcpStream, script: Vec<Act>, log: &Mutex<Vec<String>>, flooded: &Mutex<usize>) {
    stream.set_nodelay(true).unwrap();
    let Some(request) = read_request(&mut stream).await else { return };
    log.lock().unwrap().push(request);
    for act in script {
        let done = match act {
            Act::Send(bytes) => stream.write_all(&bytes).await,
            Act::Drip(bytes) => drip(&mut stream, &bytes).await,
            Act::Flood(bytes) => flood(&mut stream, &bytes, flooded).await,
            Act::Silence => {
                let _gone = stream.read(&mut [0; 16]).await;
                Ok(())
            }
            Act::Request => {
                let Some(request) = read_request(&mut stream).await else { return };
                log.lock().unwrap().push(request);
                Ok(())
            }
            Act::Await(gate) => {
                gate.acquire().await.unwrap().forget();
                Ok(())
            }
            Act::Reset => return stream.set_zero_linger().unwrap(),
        };
        if done.is_err() {
            return;
        }
    }
    let _closed = stream.shutdown().await;
}

async fn drip(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    for byte in bytes {
        stream.write_all(&[*byte]).await?;
        tokio::task::yield_now().await;
    }
    Ok(())
}

async fn flood(stream: &mut TcpStream, bytes: &[u8], flooded: &Mutex<usize>) -> std::io::Result<()> {
    while *flooded.lock().unwrap() < FLOOD_BYTES {
        stream.write_all(bytes).await?;
        *flooded.lock().unwrap() += bytes.len();
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Head and body of one request; `None` if the client went before its end.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some(head) = text.find("\r\n\r\n") {
            let length = text[..head].lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            if bytes.len() >= head + 4 + length.unwrap_or(0) {
                return Some(text);
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
