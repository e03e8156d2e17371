//! Answers that come through, and calls that are given up.

use super::*;

#[tokio::test]
async fn a_whole_answer_comes_with_its_usage() {
    let usage = Usage { prompt: Tokens(11), cached: Tokens(8), completion: Tokens(5), ..Usage::default() };
    let openai = Answer { finish: Finish::Stop, usage: Usage { cost: Some(MicroUsd(2)), ..usage } };
    let anthropic = Answer { finish: Finish::Length, usage: Usage { written: Some(Tokens(0)), ..usage } };
    for (kind, answer, expect, path, auth) in [
        (OpenAi, openai_answer(), openai, "/v1/chat/completions", format!("authorization: Bearer {KEY}")),
        (Anthropic, anthropic_answer(), anthropic, "/v1/messages", format!("x-api-key: {KEY}")),
    ] {
        // In one piece, and one byte after the other.
        for send in [Act::Send as fn(_) -> _, Act::Drip as fn(_) -> _] {
            let server =
                FaultServer::start(vec![vec![Act::send(SSE), send(answer.clone().into_bytes())]]).await;
            let (outcome, text) = call(kind, &server.origin(), patient()).await;
            assert_eq!(outcome.as_ref(), Ok(&expect));
            assert_eq!(text, "return \"é𝄞\"\n");
            let request = &server.requests()[0];
            assert!(request.starts_with(&format!("POST {path} HTTP/1.1\r\n")), "{request}");
            assert!(request.contains(&auth) && request.contains("\"model\":\"coder-1\""), "{request}");
        }
    }
}

#[tokio::test]
async fn an_answer_cut_at_any_byte_is_whole_or_told_to_be_cut() {
    for (kind, answer, reason) in [
        (OpenAi, openai_answer(), "\"stop\"}]}\n\n"),
        (Anthropic, anthropic_answer(), "\"output_tokens\":5}}\n\n"),
    ] {
        let complete = answer.find(reason).unwrap() + reason.len();
        for cut in 0..answer.len() {
            let script = vec![Act::send(SSE), Act::Send(answer.as_bytes()[..cut].to_vec())];
            let server = FaultServer::start(vec![script]).await;
            let (outcome, text) = call(kind, &server.origin(), patient()).await;
            assert!("return \"é𝄞\"\n".starts_with(&text), "{text}");
            assert_eq!(outcome.is_ok(), cut >= complete, "cut at {cut}: {outcome:?}");
            if let Err(error) = outcome {
                check_error(&error, &server.origin(), ErrorKind::Stream, "");
            }
        }
    }
}

#[tokio::test]
async fn a_finished_answer_does_not_wait_for_its_end_marker() {
    let end = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\n\n";
    for after in [Act::Silence, Act::Flood(b":\n\n".to_vec())] {
        let server = FaultServer::start(vec![vec![Act::send(SSE), Act::send(end), after]]).await;
        let deadlines = Deadlines { trailer: Duration::from_millis(50), ..patient() };
        let (outcome, text) = call(OpenAi, &server.origin(), deadlines).await;
        assert_eq!((outcome.unwrap().finish, text.as_str()), (Finish::Stop, "x"));
    }
}

#[tokio::test]
async fn a_refusal_is_an_answer() {
    let filtered =
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"content_filter\"}]}\n\ndata: [DONE]\n\n";
    let refused = "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"refusal\"}}\n\n\
                   data: {\"type\":\"message_stop\"}\n\n";
    for (kind, text) in [(OpenAi, filtered), (Anthropic, refused)] {
        let server = FaultServer::start(vec![stream(text)]).await;
        let (outcome, _) = call(kind, &server.origin(), patient()).await;
        assert_eq!(outcome.unwrap().finish, Finish::Refusal);
    }
}

#[tokio::test]
async fn dropping_a_call_closes_its_connection() {
    for (script, text) in [
        (vec![Act::Silence], false),
        (vec![Act::send(SSE), Act::Silence], false),
        (vec![Act::send(SSE), Act::send(&chunk("x")), Act::Silence], true),
    ] {
        let mut server = FaultServer::start(vec![script]).await;
        let provider = provider(OpenAi, &server.origin(), patient());
        let (sender, mut deltas) = mpsc::channel::<String>(4);
        let running = tokio::spawn(async move { provider.ask(request(), sender).await });
        while server.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        if text {
            assert_eq!(deltas.recv().await.as_deref(), Some("x"));
        }
        running.abort();
        tokio::time::timeout(HANG, server.ended(1)).await.expect("the connection stays open");
        assert_eq!(deltas.recv().await, None, "nothing comes after a cancel");
    }
}

#[tokio::test]
async fn a_reader_that_goes_ends_the_call() {
    let mut server =
        FaultServer::start(vec![vec![Act::send(SSE), Act::send(&chunk("x")), Act::Silence]]).await;
    let provider = provider(OpenAi, &server.origin(), patient());
    let (sender, deltas) = mpsc::channel(4);
    drop(deltas);
    let retries = Retries::new();
    let outcome =
        tokio::time::timeout(HANG, ask(&*provider, request(), sender, &retries, &mut Watch::new(None)))
            .await
            .expect("it hangs");
    assert_eq!(outcome.unwrap_err().kind, ErrorKind::Stream);
    if !server.requests().is_empty() {
        server.ended(1).await;
    }
}

#[tokio::test]
async fn nothing_leaves_without_its_key() {
    let server = FaultServer::start(vec![stream(&openai_answer())]).await;
    let base_url = BaseUrl::parse(&server.origin()).unwrap();
    let key = KeySource::Env("OTHER_KEY".to_owned());
    let spec =
        ProviderSpec { name: "testing".to_owned(), wire: Wire::OpenAi { base_url, key }, is_local: None };
    let model = ModelSpec {
        name: "fast".to_owned(),
        provider: "testing".to_owned(),
        source: ModelSource::Id("coder-1".to_owned()),
        price: None,
        max_tokens: None,
        context_window: None,
        abilities: redraft::model::spec::Abilities::default(),
        pace: None,
    };
    let provider = hosted(&spec, &model, &Http::new(patient(), |_| None)).unwrap();
    let (outcome, _) = collect(|deltas| provider.ask(request(), deltas)).await;
    check_error(&outcome.unwrap_err(), &server.origin(), ErrorKind::Config, "variable OTHER_KEY is not set");
    assert_eq!(server.requests().len(), 0);
    assert!(!format!("{provider:?}").contains(KEY));
}

#[tokio::test]
async fn a_connection_serves_the_next_call_too() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    for (kind, answer) in [(OpenAi, openai_answer()), (Anthropic, anthropic_answer())] {
        let chunked = format!("{head}{:x}\r\n{answer}\r\n0\r\n\r\n", answer.len());
        let script = vec![Act::send(&chunked), Act::Request, Act::send(&chunked)];
        // A second connection would be reset.
        let server = FaultServer::start(vec![script, vec![Act::Reset]]).await;
        let provider = provider(kind, &server.origin(), patient());
        for _ in 0..2 {
            let (outcome, text) = collect(|deltas| provider.ask(request(), deltas)).await;
            assert_eq!((outcome.is_ok(), text.as_str()), (true, "return \"é𝄞\"\n"), "{outcome:?}");
        }
    }
}
