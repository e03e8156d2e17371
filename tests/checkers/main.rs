//! Hostile checkers as real processes below the real supervisor: whatever they do, there is one outcome, and nothing is left.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod commands;
mod examples;
mod gates;
mod languages;
mod servers;
mod setup;

use std::time::{Duration, Instant};

use redraft::check::process::{ENVIRONMENT, Output, Trouble, run, spawn};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use setup::{World, gone, is_gone, left};

const LONG: Duration = Duration::from_secs(60);
/// Long enough for Python to start, where nothing else runs.
const SHORT: Duration = Duration::from_millis(700);
/// What an end may take on a machine that is busy with other tests.
const SLACK: Duration = Duration::from_secs(8);

type Told = Result<Output, Trouble>;

fn says(told: &Told, stdout: &str, status: i32) -> bool {
    told.as_ref().is_ok_and(|output| output.stdout == stdout.as_bytes() && output.status == status)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_checker_does_there_is_one_outcome_and_nothing_is_left() {
    type Row = (&'static str, &'static str, Duration, fn(&Told) -> bool);
    let rows: &[Row] = &[
        ("ends", "print('done', end='')", LONG, |told| says(told, "done", 0)),
        ("fails", "print('x', end=''); sys.exit(3)", LONG, |told| says(told, "x", 3)),
        ("ends with a code of the supervisor's", "sys.exit(124)", LONG, |told| says(told, "", 124)),
        ("hangs", "time.sleep(600)", SHORT, |told| *told == Err(Trouble::TimedOut(SHORT))),
        ("ignores every request to end", "deaf(); time.sleep(600)", SHORT, |told| {
            *told == Err(Trouble::TimedOut(SHORT))
        }),
        ("leaves children", "child(); child(); print('[]', end='')", LONG, |told| says(told, "[]", 0)),
        ("hangs with children", "child(); child(); time.sleep(600)", SHORT, |told| {
            *told == Err(Trouble::TimedOut(SHORT))
        }),
        ("leaves a daemon", "daemon(); print('[]', end='')", LONG, |told| says(told, "[]", 0)),
        ("hangs with daemons", "daemon(); daemon(); deaf(); time.sleep(600)", SHORT, |told| {
            *told == Err(Trouble::TimedOut(SHORT))
        }),
        ("forks on and on", "flee(400); print('[]', end='')", LONG, |told| says(told, "[]", 0)),
        ("says a gigabyte", "while True: sys.stdout.write('x' * 1000000)", LONG, |told| {
            *told == Err(Trouble::TooMuchOutput(1 << 20))
        }),
        (
            "says a hundred megabytes as errors",
            "for _ in range(100): sys.stderr.write('x' * 1000000)\nsys.stderr.write('\\x1b[1mlast')",
            LONG,
            |told| {
                let Ok(output) = told else { return false };
                output.status == 0
                    && output.stderr.len() < 70_000
                    && output.stderr.ends_with("x\\u{1b}[1mlast")
            },
        ),
        ("dies", "os.kill(os.getpid(), 11)", LONG, |told| *told == Err(Trouble::Died(11))),
        ("dies with children", "child(); daemon(); os.kill(os.getpid(), 6)", LONG, |told| {
            *told == Err(Trouble::Died(6))
        }),
        ("eats memory", "x = []\nwhile True: x.append(bytearray(8 << 20))", LONG, |told| {
            *told == Err(Trouble::TooMuchMemory(256))
        }),
        (
            "has its children eat memory",
            "for _ in range(4):\n  if os.fork() == 0:\n    x = bytearray(os.urandom(1) * (100 << 20)); time.sleep(600)\ntime.sleep(600)",
            LONG,
            |told| *told == Err(Trouble::TooMuchMemory(256)),
        ),
        (
            "kills its supervisor",
            "child(); daemon(); os.kill(os.getppid(), 9); time.sleep(600)",
            LONG,
            |told| *told == Err(Trouble::Died(9)),
        ),
        (
            "kills its supervisor, and nothing of it bears a mark",
            "bare(); bare(); os.kill(os.getppid(), 9); bare(); os.execve(sys.executable, [sys.executable, '-ISc', 'import time; time.sleep(600)', mark], {})",
            LONG,
            |told| *told == Err(Trouble::Died(9)),
        ),
        ("stops its supervisor", "os.kill(os.getppid(), 19); child(); time.sleep(600)", SHORT, |told| {
            *told == Err(Trouble::TimedOut(SHORT))
        }),
        ("closes its outputs", "os.close(1); os.close(2); time.sleep(600)", SHORT, |told| {
            *told == Err(Trouble::TimedOut(SHORT))
        }),
    ];
    let runs = rows.iter().map(|(name, script, time, is_right)| async move {
        let world = World::new();
        let mut spec = world.spec(script);
        (spec.limits.time, spec.limits.output, spec.limits.memory_mib) = (*time, 1 << 20, 256);
        let began = Instant::now();
        let told = run(spec).await;
        let took = began.elapsed();
        assert!(is_right(&told), "{name}: {told:?}");
        assert_eq!(left(&world.mark), [""; 0], "{name}: processes are left");
        // Those that do not stop the supervisor end as soon as their deadline or their limit has come.
        let most = if *time == SHORT { SHORT + SLACK } else { LONG / 2 };
        assert!(took < most, "{name} took {took:?}");
    });
    futures_util::future::join_all(runs).await;
}

#[tokio::test]
async fn what_cannot_be_started_says_why() {
    let world = World::new();
    std::fs::write(world.path("plain.txt"), "no program").unwrap();
    for (program, why) in [
        ("./nothing", "No such file"),
        ("./plain.txt", "Permission denied"),
        ("no-such-program-anywhere", "in the folders of PATH"),
    ] {
        let mut spec = world.spec("");
        spec.argv = vec![program.into(), world.mark.clone().into()];
        let told = run(spec).await;
        let Err(trouble @ Trouble::NotStarted(_)) = &told else { panic!("{program}: {told:?}") };
        let told = trouble.to_string();
        assert!(told.starts_with("cannot be started: ") && told.contains(why), "{program}: {told}");
    }
    let mut spec = world.spec("");
    spec.folder = world.path("no folder");
    assert!(matches!(run(spec).await, Err(Trouble::NotStarted(_))));
    assert_eq!(left(&world.mark), [""; 0]);
}

#[tokio::test]
async fn a_checker_reads_what_it_is_given_and_need_not() {
    let world = World::new();
    let text = "é\n".repeat(500_000).into_bytes();
    for (script, stdout) in [
        ("print(len(sys.stdin.buffer.read()), end='')", "1500000"),
        ("print('no', end='')", "no"),
        ("os.close(0); print('shut', end='')", "shut"),
    ] {
        let mut spec = world.spec(script);
        spec.stdin = Some(text.clone());
        let told = run(spec).await;
        assert!(says(&told, stdout, 0), "{script}: {told:?}");
    }
    let told = run(world.spec("print(repr(sys.stdin.read()), end='')")).await;
    assert!(says(&told, "''", 0), "without a text, there is nothing to read: {told:?}");
}

#[tokio::test]
async fn a_checkers_environment_holds_no_key() {
    let world = World::new();
    let output = run(world.spec("print('\\n'.join(os.environ))")).await.unwrap();
    let names = String::from_utf8(output.stdout).unwrap();
    assert!(
        std::env::vars_os().any(|(name, _)| name == "CARGO_MANIFEST_DIR"),
        "this test has more than those"
    );
    for name in names.lines() {
        let is_told = ENVIRONMENT.contains(&name) || name == "REDRAFT_SUPERVISOR";
        // Python sets one itself.
        assert!(is_told || name == "LC_CTYPE", "{name}");
    }
}

#[tokio::test]
async fn a_run_that_nobody_waits_for_any_more_is_ended() {
    let world = World::new();
    let script = "child(); daemon(); deaf(); open('ready', 'w').close(); time.sleep(600)";
    let ready = world.path("ready");
    let running = tokio::spawn(run(world.spec(script)));
    setup::until(|| ready.exists()).await;
    setup::until(|| left(&world.mark).len() >= 4).await;
    running.abort();
    gone(&world.mark).await;
}

#[tokio::test]
async fn a_server_is_spoken_to_and_ended_when_it_is_dropped() {
    let world = World::new();
    let script = "child(); daemon()\nsys.stderr.write('hello\\x07'); sys.stderr.flush()\nfor line in sys.stdin:\n  print(line.strip().upper(), flush=True)";
    let spec = world.spec(script);
    let mut server = spawn(&spec.argv, &spec.folder, 512, &spec.supervisor).unwrap();
    for word in ["one\n", "two\n"] {
        server.stdin.write_all(word.as_bytes()).await.unwrap();
        let mut answer = [0; 4];
        server.stdout.read_exact(&mut answer).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&answer), word.to_uppercase());
    }
    setup::until(|| server.process.stderr() == "hello\\u{7}").await;
    setup::until(|| left(&world.mark).len() >= 4).await;
    assert!(!server.process.has_ended());
    drop(server);
    gone(&world.mark).await;

    let mut server = spawn(&spec.argv, &spec.folder, 512, &spec.supervisor).unwrap();
    drop(server.stdin);
    let status = server.process.ended().await.unwrap();
    assert_eq!(
        (status.code(), left(&world.mark)),
        (Some(0), vec![]),
        "at the end of its input it ends by itself"
    );

    let mut server = spawn(&spec.argv, &spec.folder, 512, &spec.supervisor).unwrap();
    server.process.stop().await;
    assert_eq!(left(&world.mark), [""; 0]);
}

#[test]
fn a_parent_that_is_killed_leaves_nothing() {
    let script = "child(); daemon(); deaf(); open('ready', 'w').close(); time.sleep(600)";
    type End = fn(&mut std::process::Child, &World);
    let ends: [(&[&str], End); 3] = [
        (&[], |parent, _| parent.kill().unwrap()),
        // The parent was another one.
        (&["--parent", "1"], |_, _| {}),
        (&[], |_, world| {
            let supervisor = left(&world.mark).into_iter().find(|line| line.contains("supervise")).unwrap();
            let id = supervisor.split(' ').next().unwrap().parse().unwrap();
            let id = rustix::process::Pid::from_raw(id).unwrap();
            rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        }),
    ];
    for (options, end) in ends {
        let world = World::new();
        let spec = world.spec(script);
        // It does not have the mark in its arguments: what is counted is what it started.
        let list = world.path("argv.json");
        let mut argv = vec![world.supervisor().0.display().to_string(), "supervise".into()];
        argv.extend(options.iter().map(ToString::to_string));
        argv.extend(["--seconds", "0", "--memory-mib", "0", "--"].map(String::from));
        argv.extend(spec.argv.iter().map(|part| part.to_string_lossy().into_owned()));
        std::fs::write(&list, serde_json::to_string(&argv).unwrap()).unwrap();
        let start = "import json, subprocess, sys; subprocess.run(json.load(open(sys.argv[1])))";
        let mut parent = std::process::Command::new(setup::python())
            .args(["-c", start])
            .arg(&list)
            .current_dir(world.path(""))
            .spawn()
            .unwrap();
        if options.is_empty() {
            // A daemon's first child is on its way out: three stay, and the supervisor.
            setup::blocking_until(|| world.path("ready").exists() && left(&world.mark).len() >= 4);
        }
        end(&mut parent, &world);
        setup::blocking_until(|| parent.try_wait().unwrap().is_some() && is_gone(&world.mark));
    }
}

#[test]
fn the_supervisor_says_why_it_stopped() {
    let world = World::new();
    let supervise = |options: &[&str], script: &str| {
        let argv = world.spec(script).argv;
        let mut command = std::process::Command::new(&world.supervisor().0);
        let output = command.arg("supervise").args(options).arg("--").args(argv).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), stderr.lines().next_back().unwrap_or_default().to_owned())
    };
    let none = ["--seconds", "0", "--memory-mib", "0"];
    for (options, script, code, last) in [
        (none, "sys.stderr.write('own words')", 0, "own words"),
        (none, "sys.exit(7)", 7, ""),
        (none, "os.kill(os.getpid(), 9)", 137, "redraft: died of signal 9"),
        (["--seconds", "0.5", "--memory-mib", "0"], "time.sleep(600)", 124, "redraft: stopped after 0.5 s"),
        (
            ["--seconds", "60", "--memory-mib", "64"],
            "x = bytearray(os.urandom(1) * (200 << 20)); time.sleep(600)",
            125,
            "redraft: stopped, since it had more than 64 MiB of memory",
        ),
    ] {
        assert_eq!(supervise(&options, script), (Some(code), last.to_owned()), "{script}");
    }
    let mut command = std::process::Command::new(&world.supervisor().0);
    let output = command.arg("supervise").args(none).args(["--", "/no/such/program"]).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(127));
    assert!(
        stderr.trim().starts_with("redraft: /no/such/program cannot be started: No such file"),
        "{stderr}"
    );
}
