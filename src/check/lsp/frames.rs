//! The base protocol (LSP 3.17) as a language server speaks it to us: bytes come in, cut anywhere, whole messages go out. What is no
//! message is an error, not skipped: a server that says something else is not one.

use serde_json::Value;

/// The largest message, in bytes: the diagnostics of one file are far less.
const MAX_BODY: usize = 16 * 1024 * 1024;
/// The most bytes of headers.
const MAX_HEADERS: usize = 8 * 1024;

/// See the module's head.
#[derive(Debug, Default)]
pub(super) struct Frames {
    buffer: Vec<u8>,
}

impl Frames {
    /// Takes in bytes; returns the messages that are whole.
    ///
    /// # Errors
    /// What is wrong with them; nothing can be read behind that.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Value>, String> {
        self.buffer.extend_from_slice(bytes);
        let mut messages = Vec::new();
        while let Some((start, length)) = self.next()? {
            if self.buffer.len() < start + length {
                break;
            }
            let message = serde_json::from_slice(&self.buffer[start..start + length])
                .map_err(|error| format!("it sent what is no JSON ({error})"))?;
            messages.push(message);
            self.buffer.drain(..start + length);
        }
        Ok(messages)
    }

    /// Where the next message's body begins, and how long it is.
    fn next(&self) -> Result<Option<(usize, usize)>, String> {
        let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") else {
            let is_garbage = self.buffer.len() > MAX_HEADERS || !looks_like_headers(&self.buffer);
            return if is_garbage { Err(self.garbage()) } else { Ok(None) };
        };
        let headers = String::from_utf8_lossy(&self.buffer[..end]);
        let length = headers.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.trim().eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        match length {
            Some(length) if length <= MAX_BODY => Ok(Some((end + 4, length))),
            Some(length) => Err(format!("it sent a message of {length} bytes; at most {MAX_BODY} are taken")),
            None => Err(self.garbage()),
        }
    }

    fn garbage(&self) -> String {
        let text = String::from_utf8_lossy(&self.buffer[..self.buffer.len().min(80)]);
        format!("it does not speak LSP; it said {:?}", text.trim())
    }
}

/// Whether the bytes may be the beginning of headers: names of letters and dashes, then a colon.
fn looks_like_headers(bytes: &[u8]) -> bool {
    let name: Vec<u8> = bytes.iter().copied().take_while(|&byte| byte != b':').collect();
    name.len() <= 64 && name.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'-')
}

/// `message` with its header.
pub(super) fn framed(message: &Value) -> Vec<u8> {
    let body = message.to_string();
    format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_come_out_wherever_the_bytes_are_cut() {
        let messages = [json!({ "id": 1, "text": "é\r\n\r\n" }), json!({}), json!([1])];
        let bytes: Vec<u8> = messages.iter().flat_map(framed).collect();
        for size in [1, 2, 3, 7, 20, bytes.len()] {
            let mut frames = Frames::default();
            let read: Vec<Value> = bytes.chunks(size).flat_map(|chunk| frames.push(chunk).unwrap()).collect();
            assert_eq!(read, messages, "{size}");
        }
    }

    #[test]
    fn what_is_no_message_is_an_error() {
        for garbage in [
            "Usage: server [OPTIONS]\n",
            "hello world\n",
            "Content-Length: x\r\n\r\n{}",
            "Content-Length: 99999999999\r\n\r\n",
            "Content-Length: 1\r\n\r\n}",
            "Other: 1\r\n\r\n{}",
        ] {
            let mut frames = Frames::default();
            let told = frames.push(garbage.as_bytes()).and_then(|_| frames.push(&[b'x'; MAX_HEADERS + 1]));
            assert!(told.is_err(), "{garbage:?}");
        }
    }
}
