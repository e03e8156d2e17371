//! The base protocol (LSP 3.17, "Base Protocol"): headers, a body, nothing else.
//!
//! A frame that is malformed or too large is told and skipped; reading goes on at the next header.

use std::io::{self, BufRead, Read};

/// The largest body, in bytes; a document of the size that is followed fits several times.
pub(super) const MAX_BODY: usize = 64 * 1024 * 1024;
/// The longest line of a header, in bytes.
const MAX_HEADER: u64 = 8 * 1024;

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    Body(Vec<u8>),
    /// Something that is no frame; the text says what.
    Malformed(String),
}

/// Reads the next frame; nothing at the end of input.
pub(super) fn read(input: &mut impl BufRead) -> io::Result<Option<Frame>> {
    let mut length = None;
    let mut in_headers = false;
    loop {
        let mut line = Vec::new();
        let count = input.by_ref().take(MAX_HEADER).read_until(b'\n', &mut line)?;
        if count == 0 {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            match length {
                Some(length) => return body(input, length),
                // Blank lines between frames do no harm; headers without a length do.
                None if in_headers => {
                    return Ok(Some(Frame::Malformed("a header without a Content-Length".to_owned())));
                }
                None => continue,
            }
        }
        in_headers = true;
        match text.split_once(':') {
            Some((name, value)) if name.trim().eq_ignore_ascii_case("content-length") => {
                match value.trim().parse::<usize>() {
                    Ok(value) => length = Some(value),
                    Err(_) => {
                        return Ok(Some(Frame::Malformed(format!(
                            "the Content-Length {:?} is no number",
                            value.trim()
                        ))));
                    }
                }
            }
            Some(_) => {}
            // Left over from a body whose length was wrong: skipped up to the next header.
            None => {
                in_headers = false;
                length = None;
            }
        }
    }
}

fn body(input: &mut impl BufRead, length: usize) -> io::Result<Option<Frame>> {
    if length > MAX_BODY {
        let skipped = io::copy(&mut input.by_ref().take(length as u64), &mut io::sink())?;
        let message = format!("a body of {length} bytes is larger than the {MAX_BODY} that are taken");
        return Ok((skipped == length as u64).then_some(Frame::Malformed(message)));
    }
    let mut body = vec![0; length];
    match input.read_exact(&mut body) {
        Ok(()) => Ok(Some(Frame::Body(body))),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// `body` with its header.
pub(super) fn framed(body: &[u8]) -> Vec<u8> {
    let mut frame = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    frame.extend_from_slice(body);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(input: &[u8]) -> Vec<Result<String, String>> {
        let mut input = input;
        let mut frames = Vec::new();
        while let Some(frame) = read(&mut input).unwrap() {
            frames.push(match frame {
                Frame::Body(body) => Ok(String::from_utf8(body).unwrap()),
                Frame::Malformed(why) => Err(why),
            });
        }
        frames
    }

    #[test]
    fn frames_are_read_and_garbage_is_skipped() {
        let good = String::from_utf8(framed(b"{}")).unwrap();
        for (input, expected) in [
            (good.clone(), vec![Ok("{}")]),
            (format!("{good}{good}"), vec![Ok("{}"), Ok("{}")]),
            ("content-length:2\r\nContent-Type: x\r\n\r\n{}".to_owned(), vec![Ok("{}")]),
            (format!("garbage without an end\r\n{good}"), vec![Ok("{}")]),
            (
                format!("Content-Length: x\r\n{good}"),
                vec![Err("the Content-Length \"x\" is no number"), Ok("{}")],
            ),
            (format!("Other: 1\r\n\r\n{good}"), vec![Err("a header without a Content-Length"), Ok("{}")]),
            ("Content-Length: 99\r\n\r\n{}".to_owned(), vec![]),
            (String::new(), vec![]),
        ] {
            let read = frames(input.as_bytes());
            let read: Vec<Result<&str, &str>> =
                read.iter().map(|frame| frame.as_deref().map_err(String::as_str)).collect();
            assert_eq!(read, expected, "{input:?}");
        }
    }

    #[test]
    fn a_body_that_is_too_large_is_skipped() {
        let length = MAX_BODY + 1;
        let mut input = format!("Content-Length: {length}\r\n\r\n").into_bytes();
        input.resize(input.len() + length, b'x');
        input.extend(framed(b"{}"));
        let read = frames(&input);
        assert!(read[0].is_err());
        assert_eq!(read[1].as_deref(), Ok("{}"));
    }
}
