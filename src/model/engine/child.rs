//! The engine process: reads frames from its standard input, answers questions one after the other.
//!
//! Two threads: one reads, so that a cancel and the end of the input are seen at any time; the main one computes. It
//! must not open a socket, read a file other than the model, or outlive its parent.

use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Hold;
use super::frames::{Decoder, End, Fault, FromChild, Question, Timings, ToChild, encode};
use super::llama::{Abort, Failure, Model, Sampler, Session};
use super::template;

/// Commands that may wait. The parent sends one question at a time, so this is never full but by its fault.
const WAITING: usize = 16;
/// How long the computation may take to notice that it shall end, before the process is killed under it.
const END_GRACE: Duration = Duration::from_millis(500);
/// Bytes read at once.
const CHUNK: usize = 64 << 10;
/// The most stop texts of a question, and the longest in bytes: each is searched for after every token.
const MAX_STOPS: usize = 16;
const MAX_STOP: usize = 256;

/// Runs until standard input ends.
#[must_use]
pub fn run() -> ExitCode {
    die_with_parent();
    super::llama::start(std::env::var("REDRAFT_LOG").is_ok_and(|level| matches!(&*level, "debug" | "trace")));
    let (abort, out) = (Arc::new(Abort::default()), Out::default());
    let (commands, inbox) = sync_channel(WAITING);
    let reader = std::thread::Builder::new().name("stdin".into());
    let (for_reader, out_for_reader) = (abort.clone(), out.clone());
    if reader.spawn(move || read(&commands, &for_reader, &out_for_reader)).is_err() {
        out.fail(None, Fault::Engine, "the engine cannot start a thread");
        return ExitCode::FAILURE;
    }
    match serve(&inbox, &abort, &out) {
        Ok(()) | Err(Stop::Ending) => ExitCode::SUCCESS,
        Err(Stop::Broken(message)) => {
            out.fail(None, Fault::Engine, &message);
            ExitCode::FAILURE
        }
    }
}

/// Why the process ends other than by the end of its input.
enum Stop {
    Ending,
    Broken(String),
}

/// Why a question was not answered.
enum Unanswered {
    Cancelled,
    Question(String),
    Engine(String),
}

impl From<Failure> for Unanswered {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Aborted => Self::Cancelled,
            Failure::Llama(message) => Self::Engine(message),
        }
    }
}

/// Standard output, of which whole frames are written by both threads.
#[derive(Clone, Default)]
struct Out(Arc<Mutex<()>>);

impl Out {
    fn send(&self, frame: &FromChild) {
        let Ok(line) = encode(frame) else { return };
        let _whole = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut stdout = io::stdout().lock();
        // A parent that does not read any more has gone, and then the input ends too.
        let _ = stdout.write_all(&line).and_then(|()| stdout.flush());
    }

    fn fail(&self, id: Option<u64>, fault: Fault, message: &str) {
        self.send(&FromChild::Error { id, fault, message: message.to_owned() });
    }
}

/// The reading thread. It never waits for the computing one.
fn read(commands: &SyncSender<ToChild>, abort: &Abort, out: &Out) {
    let (mut decoder, mut chunk) = (Decoder::default(), vec![0; CHUNK]);
    let mut stdin = io::stdin().lock();
    loop {
        match stdin.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => decoder.push(&chunk[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        }
        loop {
            match decoder.next_frame() {
                Ok(None) => break,
                Ok(Some(ToChild::Cancel { id })) => abort.cancel(id),
                Ok(Some(command)) => forward(commands, command, out),
                Err(error) => out.fail(None, Fault::Question, &format!("the engine was sent {error}")),
            }
        }
    }
    abort.end();
    // A command wakes the main thread if it waits for one; nothing is lost if the channel is full.
    let _ = commands.try_send(ToChild::Cancel { id: 0 });
    std::thread::sleep(END_GRACE);
    end_now();
}

fn forward(commands: &SyncSender<ToChild>, command: ToChild, out: &Out) {
    let id = if let ToChild::Ask { id, .. } = &command { Some(*id) } else { None };
    match commands.try_send(command) {
        Ok(()) | Err(TrySendError::Disconnected(_)) => {}
        Err(TrySendError::Full(_)) => out.fail(id, Fault::Question, "too many questions wait for the engine"),
    }
}

fn serve(inbox: &Receiver<ToChild>, abort: &Arc<Abort>, out: &Out) -> Result<(), Stop> {
    let Ok(ToChild::Load { path, context, threads }) = inbox.recv() else {
        return if abort.ending() {
            Ok(())
        } else {
            Err(Stop::Broken("the engine was not told its model".into()))
        };
    };
    let began = Instant::now();
    let stop = |failure| match failure {
        Failure::Aborted => Stop::Ending,
        Failure::Llama(why) => Stop::Broken(format!("llama.cpp cannot load {}: {why}", path.display())),
    };
    let model = Model::load(&path, abort).map_err(stop)?;
    let window = context.min(model.trained_window());
    let mut session = Session::new(&model, window, threads, abort.clone()).map_err(stop)?;
    out.send(&FromChild::Ready {
        model: model.describe(),
        context: u32::try_from(session.window()).unwrap_or(window),
        threads,
        load_ms: millis(began),
    });
    while let Ok(command) = inbox.recv() {
        if abort.ending() {
            break;
        }
        if let ToChild::Ask { id, request } = command {
            abort.begin(id);
            answer(&mut session, out, id, &request);
        }
    }
    Ok(())
}

fn answer(session: &mut Session<'_>, out: &Out, id: u64, question: &Question) {
    match generate(session, id, question, &|text| {
        if !text.is_empty() {
            out.send(&FromChild::Delta { id, text });
        }
    }) {
        Ok(done) => out.send(&done),
        Err(Unanswered::Cancelled) => out.send(&FromChild::Cancelled { id }),
        Err(Unanswered::Question(message)) => out.fail(Some(id), Fault::Question, &message),
        Err(Unanswered::Engine(message)) => out.fail(Some(id), Fault::Engine, &message),
    }
}

fn generate(
    session: &mut Session<'_>,
    id: u64,
    question: &Question,
    send: &dyn Fn(String),
) -> Result<FromChild, Unanswered> {
    check(question)?;
    let no_template = "the model has no chat template that llama.cpp knows; choose an instruct model";
    let prompt =
        template::tokens(session.model, question).filter(|tokens| !tokens.is_empty()).ok_or_else(|| {
            let no_fill =
                "the model does not fill in the middle; choose one that does (routing.tasks.inline)";
            Unanswered::Question(if question.fill.is_some() { no_fill } else { no_template }.into())
        })?;
    let room = session.window().saturating_sub(prompt.len());
    if room == 0 {
        let (length, window) = (prompt.len(), session.window());
        let message =
            format!("the prompt has {length} tokens, and the model's window {window}: send less context");
        return Err(Unanswered::Question(message));
    }
    let mut sampler = Sampler::new(question.temperature.unwrap_or(0.0))
        .ok_or_else(|| Unanswered::Engine("llama.cpp cannot make a sampler".into()))?;

    let began = Instant::now();
    let cached = session.read(&prompt)?;
    let prompt_ms = millis(began);
    send(question.prefill.clone().unwrap_or_default());

    let began = Instant::now();
    let limit = room.min(usize::try_from(question.max_tokens).unwrap_or(room));
    let mut hold = Hold::new(question.stop.iter().cloned());
    let (mut count, mut finish) = (0, End::Length);
    while count < limit {
        let token = session.sample(&mut sampler);
        if session.model.is_end(token) {
            finish = End::Stop;
            break;
        }
        count += 1;
        send(hold.push(&session.model.piece(token)));
        if hold.stopped() {
            finish = End::Stop;
            break;
        }
        // The last token's successor is not wanted, so it need not be read.
        if count < limit {
            session.decode(&[token])?;
        }
    }
    send(hold.finish());
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let timings = Timings { prompt_ms, generate_ms: millis(began) };
    let (prompt, cached, completion) = (number(prompt.len()), number(cached), number(count));
    Ok(FromChild::Done { id, finish, prompt, cached, completion, timings })
}

fn check(question: &Question) -> Result<(), Unanswered> {
    let refuse = |message: String| Err(Unanswered::Question(message));
    if question.turns.is_empty() && question.fill.is_none() {
        return refuse("a question needs at least one turn".into());
    }
    if question.stop.len() > MAX_STOPS || question.stop.iter().any(|stop| stop.len() > MAX_STOP) {
        return refuse(format!("the engine takes {MAX_STOPS} stop texts of {MAX_STOP} bytes"));
    }
    Ok(())
}

fn millis(since: Instant) -> u32 {
    u32::try_from(since.elapsed().as_millis()).unwrap_or(u32::MAX)
}

/// The end of standard input tells the parent's death on every system; on Linux the kernel does too, should the input
/// have been inherited by another process.
fn die_with_parent() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, set_parent_process_death_signal};
        // Failing means only that the end of the input is what is left.
        let _ = set_parent_process_death_signal(Some(Signal::KILL));
    }
}

/// Ends the process without running destructors: those of llama.cpp would free what the computation still uses.
fn end_now() -> ! {
    #[cfg(unix)]
    {
        use rustix::process::{Signal, getpid, kill_process};
        let _ = kill_process(getpid(), Signal::KILL);
    }
    std::process::exit(0)
}
