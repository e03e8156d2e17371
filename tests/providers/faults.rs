//! Each fault of a server, and its one outcome.

use super::*;

#[tokio::test]
async fn connections_that_break() {
    let origin = nobody().await;
    let (outcome, _) = call(OpenAi, &origin, patient()).await;
    check_error(&outcome.unwrap_err(), &origin, ErrorKind::Connect, "connection refused");

    let before = (ErrorKind::Connect, "broke before the answer began", "");
    check(OpenAi, vec![Act::Reset], patient(), before).await;
    check(OpenAi, vec![], patient(), before).await;
    check(OpenAi, vec![Act::send("HTTP/1.1 200 OK\r\ncontent-")], patient(), before).await;
    check(OpenAi, vec![Act::send("SSH-2.0-OpenSSH_9.2\r\n")], patient(), before).await;
    check(OpenAi, vec![Act::send(SSE), Act::Reset], patient(), before).await;

    let chunked = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    let text = chunk("x = 1\n");
    let piece = format!("{:x}\r\n{text}\r\n", text.len());
    let within = (ErrorKind::Stream, "broke in the middle of the answer", "x = 1\n");
    check(OpenAi, vec![Act::send(chunked), Act::send(&piece), Act::send("5\r\nda")], patient(), within).await;
    // A model that reasons is at work, and paid for: the same is not asked again.
    let thought = "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n";
    let piece = format!("{:x}\r\n{thought}\r\n", thought.len());
    let thinking = (ErrorKind::Stream, "broke in the middle of the answer", "");
    let script = vec![Act::send(chunked), Act::send(&piece), Act::send("5\r\nda")];
    check(OpenAi, script, patient(), thinking).await;
}

#[tokio::test]
async fn a_reset_in_mid_stream_is_told_and_after_the_end_it_does_not_matter() {
    let finished = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\n\n";
    for (kind, text, complete) in
        [(OpenAi, chunk("x"), false), (Anthropic, block("x"), false), (OpenAi, finished.to_owned(), true)]
    {
        // A reset can overtake what was sent before it, so it waits until the text was read.
        let gate = Arc::new(Semaphore::new(0));
        let script = vec![Act::send(SSE), Act::send(&text), Act::Await(gate.clone()), Act::Reset];
        let server = FaultServer::start(vec![script]).await;
        let provider = provider(kind, &server.origin(), patient());
        let (sender, mut deltas) = mpsc::channel(4);
        let running = tokio::spawn(async move { provider.ask(request(), sender).await });
        assert_eq!(deltas.recv().await.as_deref(), Some("x"));
        gate.add_permits(1);
        let outcome = tokio::time::timeout(HANG, running).await.expect("the call hangs").unwrap();
        assert_eq!(outcome.is_ok(), complete, "{outcome:?}");
        if let Err(error) = outcome {
            check_error(&error, &server.origin(), ErrorKind::Stream, "broke in the middle of the answer");
        }
    }
}

#[tokio::test]
async fn silence_and_pings_meet_a_deadline() {
    let first = (ErrorKind::Timeout, "no answer began within 0.12 s", "");
    let between = (ErrorKind::Timeout, "nothing came for 0.12 s", "x");
    let ping = || Act::Flood(b": ping\n\n".to_vec());
    let empty = || Act::Flood(b"data: {\"choices\":[{\"delta\":{\"content\":\"\"}}]}\n\n".to_vec());
    let anthropic_ping = || Act::Flood(b"event: ping\ndata: {\"type\":\"ping\"}\n\n".to_vec());
    for (kind, script, expect) in [
        (OpenAi, vec![Act::Silence], first),
        (OpenAi, vec![Act::send(SSE), Act::Silence], first),
        (OpenAi, vec![Act::send(SSE), ping()], first),
        (OpenAi, vec![Act::send(SSE), empty()], first),
        (OpenAi, vec![Act::send(SSE), Act::send("data: {"), Act::Silence], first),
        (
            OpenAi,
            vec![Act::send("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{"), Act::Silence],
            first,
        ),
        (OpenAi, vec![Act::send(SSE), Act::send(&chunk("x")), Act::Silence], between),
        (OpenAi, vec![Act::send(SSE), Act::send(&chunk("x")), ping()], between),
        (Anthropic, vec![Act::send(SSE), anthropic_ping()], first),
        (Anthropic, vec![Act::send(SSE), Act::send(&block("x")), anthropic_ping()], between),
    ] {
        // Only the deadline in question is short, so that a busy machine meets no other.
        let deadlines = match expect == first {
            true => Deadlines { first_token: SHORT, ..patient() },
            false => Deadlines { between_tokens: SHORT, ..patient() },
        };
        check(kind, script, deadlines, expect).await;
    }
    // A status is told even if its body never ends.
    let endless = vec![Act::send("HTTP/1.1 500 Oops\r\ncontent-length: 99\r\n\r\n{"), Act::Silence];
    let deadlines = Deadlines { first_token: Duration::from_millis(600), ..patient() };
    check(OpenAi, endless, deadlines, (ErrorKind::Server, "500 Internal Server Error", "")).await;
    let whole = Deadlines { whole: SHORT, ..patient() };
    let reasoning = "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n";
    let script = vec![Act::send(SSE), Act::Flood(reasoning.as_bytes().to_vec())];
    check(OpenAi, script, whole, (ErrorKind::Timeout, "not complete after 0.12 s", "")).await;
}

#[tokio::test]
async fn streams_that_are_wrong() {
    let x = chunk("x");
    let half: &[u8] = b"data: {\"choices\":[{\"delta\":{\"content\":\"\xC3\"}}]}\n\n";
    let error = "data: {\"error\":{\"message\":\"upstream died\",\"code\":502}}\n\n";
    let overloaded = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\
                      \"message\":\"Overloaded\"}}\n\n";
    let length = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\ndata: [DONE]\n\n";
    for (kind, text, expect) in [
        (OpenAi, "", (ErrorKind::Stream, "sent nothing that is an answer", "")),
        (OpenAi, "data: [DONE]\n\n", (ErrorKind::Empty, "answered with nothing", "")),
        (OpenAi, length, (ErrorKind::Empty, "output limit of 256 tokens", "")),
        (OpenAi, &chunk(" \n"), (ErrorKind::Stream, "without an end marker", " \n")),
        (OpenAi, &[&chunk(" \n"), OPENAI_END].concat(), (ErrorKind::Empty, "answered with nothing", " \n")),
        (OpenAi, &x, (ErrorKind::Stream, "without an end marker", "x")),
        (OpenAi, &[&x, "data: {"].concat(), (ErrorKind::Stream, "in the middle of an event", "x")),
        (OpenAi, &[&x, "data: {nonsense}\n\n"].concat(), (ErrorKind::Stream, "not JSON", "x")),
        (OpenAi, error, (ErrorKind::Server, "\"upstream died\"", "")),
        (OpenAi, &[&x, error].concat(), (ErrorKind::Server, "\"upstream died\"", "x")),
        (Anthropic, overloaded, (ErrorKind::Overloaded, "\"Overloaded\"", "")),
        (Anthropic, &block("x"), (ErrorKind::Stream, "without an end marker", "x")),
        (Anthropic, ANTHROPIC_END, (ErrorKind::Empty, "output limit of 256 tokens", "")),
    ] {
        check(kind, stream(text), patient(), expect).await;
    }
    let script = vec![Act::send(SSE), Act::send(&x), Act::Send(half.to_vec())];
    check(OpenAi, script, patient(), (ErrorKind::Stream, "not UTF-8", "x")).await;
}

#[tokio::test]
async fn what_is_too_large_is_given_up() {
    let line = vec![Act::send(SSE), Act::send("data: "), Act::Flood(vec![b'x'; 64 * 1024])];
    let text = Act::Flood(chunk(&"x".repeat(64 * 1024)).into_bytes());
    for (script, fragment) in [(line, "larger than 8 MiB"), (vec![Act::send(SSE), text], "larger than 4 MiB")]
    {
        let mut server = FaultServer::start(vec![script]).await;
        let (outcome, text) = call(OpenAi, &server.origin(), patient()).await;
        check_error(&outcome.unwrap_err(), &server.origin(), ErrorKind::TooLarge, fragment);
        assert!(text.len() <= 4 * 1024 * 1024);
        server.ended(1).await;
        assert!(server.flooded() < FLOOD_BYTES, "the client went before the end");
    }
}

#[tokio::test]
async fn each_status_has_its_outcome() {
    let error = |message: &str| format!("{{\"error\":{{\"message\":\"{message}\"}}}}");
    let long = format!("{KEY} \u{1b}[2J{}", "y".repeat(5_000));
    for (line, kind, fragment) in [
        ("400 Bad Request", ErrorKind::Rejected, "400 Bad Request: \"why\". Check the settings of the model"),
        (
            "401 Unauthorized",
            ErrorKind::Auth,
            "\"why\". Check the key from the environment variable TEST_KEY",
        ),
        ("402 Payment Required", ErrorKind::Rejected, "account's balance"),
        ("403 Forbidden", ErrorKind::Auth, "may not do this"),
        ("404 Not Found", ErrorKind::Rejected, "Check base_url and the model's id, \"coder-1\""),
        ("408 Request Timeout", ErrorKind::Server, "408 Request Timeout"),
        ("409 Conflict", ErrorKind::Server, "409 Conflict"),
        ("413 Payload Too Large", ErrorKind::Overflow, "larger than the server takes"),
        ("422 Unprocessable Entity", ErrorKind::Rejected, "422"),
        ("429 Too Many Requests", ErrorKind::RateLimit, "wait a little"),
        ("500 Internal Server Error", ErrorKind::Server, "on the server's side"),
        ("503 Service Unavailable", ErrorKind::Server, "503 Service Unavailable: \"why\""),
        ("529 Overloaded", ErrorKind::Overloaded, "529 Overloaded: \"why\". The provider is overloaded"),
        ("700 Odd", ErrorKind::Rejected, "700"),
    ] {
        for provider in [OpenAi, Anthropic] {
            check(provider, status(line, "", &error("why")), patient(), (kind, fragment, "")).await;
        }
    }
    let key_echoed = status("401 No", "", &format!("bad key {long}"));
    check(OpenAi, key_echoed, patient(), (ErrorKind::Auth, "\"bad key [key] \\u{1b}[2Jyyy", "")).await;
    let page = status("404 Not Found", "", "<!DOCTYPE html><html>nginx</html>");
    check(OpenAi, page, patient(), (ErrorKind::Rejected, "404 Not Found: \"a web page\"", "")).await;
    let quota = "{\"error\":{\"code\":\"insufficient_quota\",\"message\":\"pay\"}}";
    let quota = status("429 Too Many Requests", "retry-after: 1\r\n", quota);
    check(OpenAi, quota, patient(), (ErrorKind::Rejected, "quota is used up", "")).await;
}

#[tokio::test]
async fn a_good_status_with_something_else_than_a_stream() {
    let html = "content-type: text/html; charset=utf-8\r\n";
    let json = "content-type: application/json\r\n";
    for (headers, body, expect) in [
        (html, "<html>Log in</html>", (ErrorKind::Rejected, "a web page")),
        (
            json,
            "{\"error\":{\"message\":\"no such model\",\"code\":404}}",
            (ErrorKind::Rejected, "no such model"),
        ),
        (json, "{\"error\":\"model not loaded\"}", (ErrorKind::Server, "model not loaded")),
        (json, "{\"hello\":1}", (ErrorKind::Stream, "neither a stream nor a complete answer")),
        (json, "{\"choices\":", (ErrorKind::Stream, "is not, or not to its end")),
        (json, "", (ErrorKind::Stream, "it is empty")),
        ("content-type: text/plain\r\n", "hello", (ErrorKind::Stream, "in the middle of an event")),
        ("", "", (ErrorKind::Stream, "sent nothing that is an answer")),
    ] {
        check(OpenAi, status("200 OK", headers, body), patient(), (expect.0, expect.1, "")).await;
    }
    let openai = "{\"choices\":[{\"message\":{\"content\":\"x = 1\"},\"finish_reason\":\"length\"}],\
                  \"usage\":{\"prompt_tokens\":2}}";
    let anthropic = "{\"content\":[{\"type\":\"text\",\"text\":\"x = 1\"}],\"stop_reason\":\"max_tokens\",\
                     \"usage\":{\"input_tokens\":2}}";
    for (kind, body) in [(OpenAi, openai), (Anthropic, anthropic)] {
        let server = FaultServer::start(vec![status("200 OK", json, body)]).await;
        let (outcome, text) = call(kind, &server.origin(), patient()).await;
        let answer = outcome.unwrap();
        assert_eq!((answer.finish, answer.usage.prompt, text.as_str()), (Finish::Length, Tokens(2), "x = 1"));
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_key_does_not_travel() {
    let other = FaultServer::start(vec![stream(&openai_answer())]).await;
    for line in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let location = format!("location: {}/v1?token=secret\r\n", other.origin());
        let message = format!("to {}\". Redirects are not followed", other.origin());
        for kind in [OpenAi, Anthropic] {
            let script = status(line, &location, "moved");
            check(kind, script, patient(), (ErrorKind::Rejected, &message, "")).await;
        }
    }
    assert_eq!(other.requests(), Vec::<String>::new());
}
