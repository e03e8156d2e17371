//! The one retry loop: what is asked again, and what is not.

use super::*;

#[tokio::test]
async fn the_wait_that_a_server_asks_for_is_read() {
    for (headers, expect) in [
        ("retry-after: 3\r\n", Some(Duration::from_secs(3))),
        ("retry-after: 3\r\nretry-after-ms: 250\r\n", Some(Duration::from_millis(250))),
        ("retry-after: Fri, 31 Dec 1999 23:59:59 GMT\r\n", Some(Duration::ZERO)),
        ("retry-after: whenever\r\n", None),
        ("", None),
    ] {
        let server = FaultServer::start(vec![status("429 Too Many Requests", headers, "")]).await;
        let (outcome, _) = call(OpenAi, &server.origin(), patient()).await;
        let error = outcome.unwrap_err();
        assert_eq!((error.kind, error.retry_after), (ErrorKind::RateLimit, expect), "{headers}");
    }
}

#[tokio::test]
async fn the_loop_asks_again_what_may_pass_and_nothing_else() {
    let good = || stream(&openai_answer());
    let soon = "retry-after-ms: 1\r\n";
    let busy = || status("503 Service Unavailable", "", "");
    let error = |code| stream(&format!("data: {{\"error\":{{\"message\":\"e\",\"code\":{code}}}}}\n\n"));
    let ok: Result<&str, ErrorKind> = Ok("return \"é𝄞\"\n");
    for (scripts, asked, expect) in [
        (vec![good()], 1, ok),
        (vec![busy(), good()], 2, ok),
        (vec![busy(), busy(), good()], 2, Err(ErrorKind::Server)),
        (vec![vec![Act::Reset], good()], 2, ok),
        (vec![vec![Act::Reset], vec![Act::Reset], good()], 3, ok),
        (vec![vec![Act::send(SSE), Act::Reset], good()], 2, ok),
        (vec![status("408 Request Timeout", "", ""), good()], 2, ok),
        (vec![status("409 Conflict", "", ""), good()], 2, ok),
        (vec![status("429 Too Many Requests", soon, ""), good()], 2, ok),
        (
            vec![status("429 Too Many Requests", "retry-after: 60\r\n", ""), good()],
            1,
            Err(ErrorKind::RateLimit),
        ),
        (vec![status("429 Too Many Requests", "", ""), good()], 1, Err(ErrorKind::RateLimit)),
        (vec![status("529 Overloaded", "", ""), good()], 2, ok),
        (vec![status("529 Overloaded", "", ""); 3], 2, Err(ErrorKind::Overloaded)),
        (vec![error(502), good()], 2, ok),
        (vec![error(400), good()], 1, Err(ErrorKind::Rejected)),
        (vec![status("401 Unauthorized", soon, ""), good()], 1, Err(ErrorKind::Auth)),
        (vec![status("404 Not Found", soon, ""), good()], 1, Err(ErrorKind::Rejected)),
        (vec![stream("data: [DONE]\n\n"), good()], 1, Err(ErrorKind::Empty)),
        // Text was out: what comes after it is final, and is not joined with another attempt's.
        (
            vec![stream(&[&chunk("x"), "data: {\"error\":{\"code\":502}}\n\n"].concat()), good()],
            1,
            Err(ErrorKind::Server),
        ),
    ] {
        let server = FaultServer::start(scripts).await;
        let provider = provider(OpenAi, &server.origin(), patient());
        let retries = Retries::with_jitter(|| 0.0);
        let mut watch = Watch::new(None);
        let (outcome, text) =
            collect(|deltas| ask(&*provider, request(), deltas, &retries, &mut watch)).await;
        assert_eq!(server.requests().len(), asked, "{outcome:?}");
        match expect {
            Ok(expect) => assert_eq!((outcome.is_ok(), text.as_str()), (true, expect), "{outcome:?}"),
            Err(kind) => {
                let error = outcome.unwrap_err();
                assert_eq!(error.kind, kind, "{error}");
                assert_eq!(error.message.ends_with(&format!("(asked {asked} times)")), asked > 1, "{error}");
            }
        }
    }
}
