//! Server-sent events: bytes in, events out, by the rules of WHATWG's HTML standard, section 9.2.6.
//!
//! A decoder of our own because the ready-made one panics on a byte-order mark and is quadratic in an event's size.
//! Sans-I/O: it reads nothing, waits for nothing and knows no provider. `id` and `retry` are ignored, because an
//! answer is never resumed.

/// The most that one event may hold, in bytes, its unfinished line included: the largest honest one is a whole answer in
/// one event.
pub const MAX_EVENT_BYTES: usize = 8 * 1024 * 1024;

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// One dispatched event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The `event` field; `message` where there was none.
    pub name: String,
    /// The `data` lines, joined by line feeds.
    pub data: String,
    /// Whether `data` held bytes that are not UTF-8 and stand as U+FFFD now, as the standard wants it. Code with such
    /// a hole must not reach a buffer.
    pub damaged: bool,
}

/// An event or a line grew past [`MAX_EVENT_BYTES`]; nothing more can be read from the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event of the stream is larger than {} MiB", MAX_EVENT_BYTES / (1024 * 1024))]
pub struct TooLarge;

/// The decoder of one stream. Time and memory are linear in what is pushed, however it is cut.
#[derive(Debug, Default)]
pub struct Decoder {
    /// The bytes of the line that has not ended yet.
    line: Vec<u8>,
    /// The first line may begin with a byte-order mark.
    past_first_line: bool,
    /// The last byte was a carriage return, which ended a line: a line feed now belongs to it.
    after_cr: bool,
    name: String,
    data: Vec<u8>,
}

impl Decoder {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the stream's next bytes and returns the events that they complete.
    ///
    /// # Errors
    /// [`TooLarge`] when an event outgrows its bound.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<Vec<Event>, TooLarge> {
        let mut events = Vec::new();
        if self.after_cr && !bytes.is_empty() {
            self.after_cr = false;
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            self.extend_line(&bytes[..end])?;
            events.extend(self.end_line());
            let rest = &bytes[end + 1..];
            bytes = match (bytes[end], rest.first()) {
                (b'\r', Some(b'\n')) => &rest[1..],
                (b'\r', None) => {
                    self.after_cr = true;
                    rest
                }
                _ => rest,
            };
        }
        self.extend_line(bytes)?;
        Ok(events)
    }

    /// Ends the stream. An event that no blank line ended is discarded, as the standard wants it; the answer says
    /// whether there was one, for the message to the user.
    #[must_use]
    pub fn finish(self) -> Tail {
        if self.line.is_empty() && self.data.is_empty() { Tail::Clean } else { Tail::CutInAnEvent }
    }

    fn extend_line(&mut self, bytes: &[u8]) -> Result<(), TooLarge> {
        if self.line.len() + self.data.len() + bytes.len() > MAX_EVENT_BYTES {
            return Err(TooLarge);
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn end_line(&mut self) -> Option<Event> {
        let buffer = std::mem::take(&mut self.line);
        let mut line = buffer.as_slice();
        if !std::mem::replace(&mut self.past_first_line, true) {
            line = line.strip_prefix(BOM).unwrap_or(line);
        }
        let event = if line.is_empty() { self.dispatch() } else { None };
        match field(line) {
            (b"data", value) => {
                self.data.extend_from_slice(value);
                self.data.push(b'\n');
            }
            (b"event", value) => self.name = String::from_utf8_lossy(value).into_owned(),
            _ => {}
        }
        // The line's allocation serves the next line; a huge one goes back to the system.
        if buffer.capacity() <= 64 * 1024 {
            self.line = buffer;
            self.line.clear();
        }
        event
    }

    /// The blank line: an event without data is none, but its name is forgotten.
    fn dispatch(&mut self) -> Option<Event> {
        let name = std::mem::take(&mut self.name);
        let mut data = std::mem::take(&mut self.data);
        data.pop()?;
        let (data, damaged) = match String::from_utf8(data) {
            Ok(data) => (data, false),
            Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), true),
        };
        Some(Event { name: if name.is_empty() { "message".to_owned() } else { name }, data, damaged })
    }
}

/// How a stream stood when it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// Between two events.
    Clean,
    /// Within an event, which was discarded.
    CutInAnEvent,
}

/// A line's field and value: a colon and at most one space divide them. A comment has the empty name, which is no field.
fn field(line: &[u8]) -> (&[u8], &[u8]) {
    match line.iter().position(|byte| *byte == b':') {
        Some(colon) => {
            let value = &line[colon + 1..];
            (&line[..colon], value.strip_prefix(b" ").unwrap_or(value))
        }
        None => (line, b""),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(chunks: &[&[u8]]) -> (Vec<(String, String)>, Tail) {
        let mut decoder = Decoder::new();
        let events = chunks.iter().flat_map(|chunk| decoder.push(chunk).unwrap());
        let events = events.map(|event| (event.name, event.data)).collect();
        (events, decoder.finish())
    }

    #[track_caller]
    fn check(stream: &[u8], expect: &[(&str, &str)]) {
        let expect: Vec<_> =
            expect.iter().map(|(name, data)| ((*name).to_owned(), (*data).to_owned())).collect();
        let whole = decode(&[stream]);
        assert_eq!(whole.0, expect, "{:?}", String::from_utf8_lossy(stream));
        for cut in 0..=stream.len() {
            assert_eq!(decode(&[&stream[..cut], &stream[cut..]]), whole, "cut at {cut}");
        }
        assert_eq!(decode(&stream.chunks(1).collect::<Vec<_>>()), whole, "byte by byte");
    }

    #[test]
    fn the_standards_own_examples() {
        check(b"data: YHOO\ndata: +2\ndata: 10\n\n", &[("message", "YHOO\n+2\n10")]);
        check(
            b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
            &[("message", "first event"), ("message", "second event"), ("message", " third event")],
        );
        check(b"data\n\ndata\ndata\n\ndata:", &[("message", ""), ("message", "\n")]);
        check(b"data:test\n\ndata: test\n\n", &[("message", "test"), ("message", "test")]);
    }

    #[test]
    fn line_ends_names_marks_and_comments() {
        check(
            b"data: a\r\n\r\ndata: b\r\rdata: c\n\r\n",
            &[("message", "a"), ("message", "b"), ("message", "c")],
        );
        check(b"event: ping\ndata: {}\n\ndata: x\n\n", &[("ping", "{}"), ("message", "x")]);
        check(b"event: lost\n\ndata: x\n\n", &[("message", "x")]);
        check(b"\xEF\xBB\xBFdata: a\n\n", &[("message", "a")]);
        check(b"data: a\n\n\xEF\xBB\xBFdata: b\n\n", &[("message", "a")]);
        check(b":\n: ping\n:\n\n", &[]);
        check(b"Data: a\nretry: 10\nnonsense\n\n", &[]);
        check("data: héllo 𝄞\n\n".as_bytes(), &[("message", "héllo 𝄞")]);
        check(b"", &[]);
    }

    #[test]
    fn what_no_blank_line_ended_is_discarded_and_told() {
        for (stream, tail) in [
            (&b"data: a\n\n"[..], Tail::Clean),
            (b"data: a\n\n: comment\n", Tail::Clean),
            (b"data: a\n", Tail::CutInAnEvent),
            (b"data: a\n\ndat", Tail::CutInAnEvent),
        ] {
            assert_eq!(decode(&[stream]).1, tail, "{:?}", String::from_utf8_lossy(stream));
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_replaced_and_told() {
        let mut decoder = Decoder::new();
        let events = decoder.push(b"data: a\xC3\ndata: \xF0\x9F\n\ndata: ok\xEF\xBF\xBD\n\n").unwrap();
        assert_eq!((events[0].data.as_str(), events[0].damaged), ("a\u{FFFD}\n\u{FFFD}", true));
        assert!(!events[1].damaged, "a replacement character that was sent is not damage");
    }

    #[test]
    fn an_event_has_a_bound_and_a_stream_has_none() {
        let piece = vec![b'x'; 1024 * 1024];
        let mut endless_line = Decoder::new();
        let pushed = (0..100).take_while(|_| endless_line.push(&piece).is_ok()).count();
        assert_eq!(pushed, 8);

        let mut endless_event = Decoder::new();
        let line = [b"data:", &piece[..], b"\n"].concat();
        let pushed = (0..100).take_while(|_| endless_event.push(&line).is_ok()).count();
        assert_eq!(pushed, 7);

        let mut pings = Decoder::new();
        let comment = [b":", &piece[..], b"\n\n"].concat();
        assert!((0..20).all(|_| pings.push(&comment).unwrap().is_empty()));
    }

    proptest! {
        #[test]
        fn any_cuts_give_the_same_events(
            lines in prop::collection::vec(
                prop_oneof![
                    "(data|event|id|retry|x)?:? ?[a-zäß𝄞: ]{0,6}", Just(String::new()), Just("\u{FEFF}data: b".to_owned())
                ],
                0..12,
            ),
            ends in prop::collection::vec(prop_oneof!["\n", "\r", "\r\n"], 12),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let stream: String = lines.iter().zip(&ends).flat_map(|(line, end)| [line.as_str(), end]).collect();
            let stream = stream.as_bytes();
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
            cuts.extend([0, stream.len()]);
            cuts.sort_unstable();
            let chunks: Vec<_> = cuts.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect();
            prop_assert_eq!(decode(&chunks), decode(&[stream]));
        }
    }
}
