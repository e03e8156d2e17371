//! llama.cpp, as little of it as we need: a model, one sequence with its cache, a sampler.
//!
//! All `unsafe` of the engine is here. The raw bindings are used, since the safe ones hide the context's pointer, and
//! with it the abort callback, without which a cancel would wait for a whole batch to be read. This module must not
//! know of processes, frames or texts to stop at.

use std::ffi::{CStr, CString, c_char, c_void};
use std::path::Path;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use llama_cpp_sys_2 as sys;

/// A token of the loaded model.
pub type Token = sys::llama_token;

/// The most tokens that are read at once. Measured with Qwen2.5-Coder-0.5B on two threads (`benches/engine.rs`): more
/// is not faster, and one step of the graph, after which an abort is seen, takes twice as long at twice the size.
const BATCH: u32 = 256;
/// Bytes of llama.cpp's error that are kept for the message.
const KEPT_ERROR: usize = 400;
/// How many candidates a sampler with a temperature looks at, the probability that they make up, and the least
/// probability of one relative to the best: what llama.cpp's own programs use.
const TOP_K: i32 = 40;
const TOP_P: f32 = 0.95;
const MIN_P: f32 = 0.05;
/// Has llama.cpp draw the seed itself (`LLAMA_DEFAULT_SEED`, a macro that the bindings lack).
const RANDOM_SEED: u32 = u32::MAX;

/// What asks a computation to end early: set by one thread, looked at by llama.cpp between two steps of its graph.
#[derive(Debug, Default)]
pub struct Abort {
    /// The highest question that was cancelled: ids rise, and one runs at a time.
    cancelled: AtomicU64,
    running: AtomicU64,
    ending: AtomicBool,
}

impl Abort {
    pub fn cancel(&self, id: u64) {
        self.cancelled.fetch_max(id, Ordering::Relaxed);
    }

    pub fn begin(&self, id: u64) {
        self.running.store(id, Ordering::Relaxed);
    }

    /// Everything is to end, loading too.
    pub fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    pub fn ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    pub fn is_set(&self) -> bool {
        self.ending() || self.cancelled.load(Ordering::Relaxed) >= self.running.load(Ordering::Relaxed)
    }
}

/// Why a step did not end well.
#[derive(Debug)]
pub enum Failure {
    Aborted,
    /// What llama.cpp said.
    Llama(String),
}

/// Starts llama.cpp; `verbose` lets its log through to standard error.
pub fn start(verbose: bool) {
    VERBOSE.store(verbose, Ordering::Relaxed);
    // SAFETY: `on_log` is a plain function that lives for ever and takes no data.
    unsafe {
        sys::llama_log_set(Some(on_log), std::ptr::null_mut());
        sys::llama_backend_init();
    }
}

/// Weights and vocabulary.
#[derive(Debug)]
pub struct Model {
    model: NonNull<sys::llama_model>,
    vocab: *const sys::llama_vocab,
}

impl Model {
    /// Maps the file into memory.
    pub fn load(path: &Path, abort: &Abort) -> Result<Self, Failure> {
        let path = path.to_str().and_then(|path| CString::new(path).ok());
        let path = path.ok_or_else(|| Failure::Llama("the path is not Unicode".into()))?;
        take_error();
        // SAFETY: The parameters are llama.cpp's defaults; `abort` outlives the call, which is the only user of it.
        let model = unsafe {
            let mut params = sys::llama_model_default_params();
            params.load_mode = sys::LLAMA_LOAD_MODE_MMAP;
            params.progress_callback = Some(on_load_progress);
            params.progress_callback_user_data = std::ptr::from_ref(abort).cast_mut().cast();
            sys::llama_model_load_from_file(path.as_ptr(), params)
        };
        let Some(model) = NonNull::new(model) else {
            return Err(if abort.ending() { Failure::Aborted } else { Failure::Llama(take_error()) });
        };
        // SAFETY: The model is loaded, and owns the vocabulary.
        let vocab = unsafe { sys::llama_model_get_vocab(model.as_ptr()) };
        Ok(Self { model, vocab })
    }

    /// The window that it was trained for, in tokens.
    pub fn trained_window(&self) -> u32 {
        // SAFETY: The model is loaded.
        u32::try_from(unsafe { sys::llama_model_n_ctx_train(self.model.as_ptr()) }).unwrap_or(0)
    }

    /// Architecture, size and quantisation, for people.
    pub fn describe(&self) -> String {
        let mut buffer = [0u8; 128];
        // SAFETY: llama.cpp writes at most the given length, with a final NUL.
        unsafe { sys::llama_model_desc(self.model.as_ptr(), buffer.as_mut_ptr().cast(), buffer.len()) };
        CStr::from_bytes_until_nul(&buffer)
            .map(|text| text.to_string_lossy().into_owned())
            .unwrap_or_default()
    }

    /// The conversation as the model's own chat template writes it, up to where the assistant's answer begins.
    /// `None`: the model has no template, or one that llama.cpp does not know.
    pub fn apply_template(&self, messages: &[(&str, &str)]) -> Option<String> {
        let texts: Vec<(CString, CString)> = messages
            .iter()
            .map(|(role, text)| Some((CString::new(*role).ok()?, CString::new(*text).ok()?)))
            .collect::<Option<_>>()?;
        let chat: Vec<_> = texts
            .iter()
            .map(|(role, text)| sys::llama_chat_message { role: role.as_ptr(), content: text.as_ptr() })
            .collect();
        // SAFETY: The model is loaded and owns the template; `chat` points into `texts`, which live on; the buffer's
        // length is told, and the length that would be needed comes back.
        unsafe {
            let template = sys::llama_model_chat_template(self.model.as_ptr(), std::ptr::null());
            if template.is_null() {
                return None;
            }
            let apply = |buffer: &mut [u8]| {
                let length = i32::try_from(buffer.len()).unwrap_or(i32::MAX);
                let buffer = buffer.as_mut_ptr().cast();
                sys::llama_chat_apply_template(template, chat.as_ptr(), chat.len(), true, buffer, length)
            };
            let mut buffer = vec![0; usize::try_from(apply(&mut [])).ok()?];
            apply(&mut buffer);
            String::from_utf8(buffer).ok()
        }
    }

    /// Appends the tokens of `text`; `special` says whether names of control tokens in it are those tokens.
    pub fn tokenize(&self, text: &str, special: bool, into: &mut Vec<Token>) {
        self.tokenize_raw(text, false, special, into);
    }

    /// The tokens with which every prompt begins, if the model has such.
    pub fn opening(&self) -> Vec<Token> {
        let mut tokens = Vec::new();
        self.tokenize_raw("", true, true, &mut tokens);
        tokens
    }

    /// The control tokens of a place to fill; nothing for a model that has none.
    pub fn fill_marks(&self) -> Option<FillMarks> {
        let known = |token: Token| Some(token).filter(|token| *token >= 0);
        // SAFETY: The vocabulary lives as long as the model.
        let (prefix, suffix, middle, file) = unsafe {
            (
                sys::llama_vocab_fim_pre(self.vocab),
                sys::llama_vocab_fim_suf(self.vocab),
                sys::llama_vocab_fim_mid(self.vocab),
                sys::llama_vocab_fim_sep(self.vocab),
            )
        };
        Some(FillMarks {
            prefix: known(prefix)?,
            suffix: known(suffix)?,
            middle: known(middle)?,
            file: known(file),
        })
    }

    /// Whether this token ends an answer.
    pub fn is_end(&self, token: Token) -> bool {
        // SAFETY: The vocabulary lives as long as the model.
        unsafe { sys::llama_vocab_is_eog(self.vocab, token) }
    }

    /// The bytes of a token, which may be a part of a character; none for a control token.
    pub fn piece(&self, token: Token) -> Vec<u8> {
        let mut buffer = vec![0u8; 32];
        loop {
            let length = i32::try_from(buffer.len()).unwrap_or(i32::MAX);
            // SAFETY: llama.cpp writes at most `length` bytes, and tells how many it wants otherwise.
            let written = unsafe {
                sys::llama_token_to_piece(self.vocab, token, buffer.as_mut_ptr().cast(), length, 0, false)
            };
            let enough = usize::try_from(written.unsigned_abs()).unwrap_or(0);
            buffer.resize(enough, 0);
            if written >= 0 {
                return buffer;
            }
        }
    }

    fn tokenize_raw(&self, text: &str, opening: bool, special: bool, into: &mut Vec<Token>) {
        // A token has at least one byte, but for the opening and closing ones.
        let mut buffer = vec![0; text.len() + 4];
        // A frame's limit keeps the text far below two gigabytes.
        let (length, room) = (i32::try_from(text.len()), i32::try_from(buffer.len()));
        let (Ok(length), Ok(room)) = (length, room) else { return };
        // SAFETY: Both lengths are told, and the vocabulary lives as long as the model.
        let count = unsafe {
            let text = text.as_ptr().cast::<c_char>();
            sys::llama_tokenize(self.vocab, text, length, buffer.as_mut_ptr(), room, opening, special)
        };
        buffer.truncate(usize::try_from(count).unwrap_or(0));
        into.append(&mut buffer);
    }
}

/// See `Model::fill_marks`.
#[derive(Clone, Copy, Debug)]
pub struct FillMarks {
    pub prefix: Token,
    pub suffix: Token,
    pub middle: Token,
    /// What stands between two files.
    pub file: Option<Token>,
}

impl Drop for Model {
    fn drop(&mut self) {
        // SAFETY: Sessions borrow the model, so none is left.
        unsafe { sys::llama_model_free(self.model.as_ptr()) }
    }
}

/// One sequence of tokens and the cache of what the model computed for it.
#[derive(Debug)]
pub struct Session<'model> {
    pub model: &'model Model,
    context: NonNull<sys::llama_context>,
    /// What the cache holds, in order: in step with llama.cpp's memory after every call.
    tokens: Vec<Token>,
    abort: Arc<Abort>,
}

impl<'model> Session<'model> {
    /// Allocates the cache for `window` tokens.
    pub fn new(model: &'model Model, window: u32, threads: u32, abort: Arc<Abort>) -> Result<Self, Failure> {
        take_error();
        let threads = i32::try_from(threads).unwrap_or(1).max(1);
        // SAFETY: The parameters are llama.cpp's defaults but for plain numbers and the callback, whose data is owned
        // by the session and so outlives the context.
        let context = unsafe {
            let mut params = sys::llama_context_default_params();
            params.n_ctx = window;
            params.n_batch = BATCH;
            params.n_ubatch = BATCH;
            params.n_seq_max = 1;
            params.n_threads = threads;
            params.n_threads_batch = threads;
            params.abort_callback = Some(on_abort_check);
            params.abort_callback_data = Arc::as_ptr(&abort).cast_mut().cast();
            sys::llama_init_from_model(model.model.as_ptr(), params)
        };
        let context = NonNull::new(context).ok_or_else(|| Failure::Llama(take_error()))?;
        Ok(Self { model, context, tokens: Vec::new(), abort })
    }

    /// The window in tokens; llama.cpp rounds it.
    pub fn window(&self) -> usize {
        // SAFETY: The context lives.
        usize::try_from(unsafe { sys::llama_n_ctx(self.context.as_ptr()) }).unwrap_or(0)
    }

    /// Makes `prompt` (not empty) the whole sequence, reading only what differs from the sequence so far. Returns how
    /// many tokens were there already. The last one is always read: its logits are what comes next.
    pub fn read(&mut self, prompt: &[Token]) -> Result<usize, Failure> {
        let common = prompt.iter().zip(&self.tokens).take_while(|(new, old)| new == old).count();
        let kept = self.keep(common.min(prompt.len().saturating_sub(1)));
        for batch in prompt[kept..].chunks(BATCH as usize) {
            self.decode(batch)?;
        }
        Ok(kept)
    }

    /// Appends tokens (at most a batch) to the sequence.
    pub fn decode(&mut self, batch: &[Token]) -> Result<(), Failure> {
        if self.abort.is_set() {
            return Err(Failure::Aborted);
        }
        let before = self.tokens.len();
        self.tokens.extend_from_slice(batch);
        let count = i32::try_from(batch.len()).unwrap_or(0);
        // SAFETY: llama.cpp reads `count` tokens during the call; positions go on from what its memory holds.
        let status = unsafe {
            let batch = sys::llama_batch_get_one(self.tokens[before..].as_mut_ptr(), count);
            sys::llama_decode(self.context.as_ptr(), batch)
        };
        if status == 0 {
            return Ok(());
        }
        // llama.cpp has removed the part that it was at, and kept the parts before: so do we.
        self.tokens.truncate(self.in_memory());
        if status == 2 {
            return Err(Failure::Aborted);
        }
        Err(Failure::Llama(format!("llama_decode returned {status}: {}", take_error())))
    }

    /// Chooses the next token after what was read last.
    pub fn sample(&mut self, sampler: &mut Sampler) -> Token {
        // SAFETY: Both live; -1 is the last token's output, which every batch has.
        unsafe { sys::llama_sampler_sample(sampler.0.as_ptr(), self.context.as_ptr(), -1) }
    }

    /// Cuts the sequence to its first `length` tokens, or to none where the model's memory cannot be cut.
    fn keep(&mut self, length: usize) -> usize {
        if length >= self.tokens.len() {
            return self.tokens.len();
        }
        // SAFETY: The context lives and owns the memory.
        unsafe {
            let memory = sys::llama_get_memory(self.context.as_ptr());
            let from = i32::try_from(length).unwrap_or(0);
            if !sys::llama_memory_seq_rm(memory, 0, from, -1) {
                sys::llama_memory_clear(memory, true);
            }
        }
        self.tokens.truncate(self.in_memory().min(length));
        self.tokens.len()
    }

    fn in_memory(&self) -> usize {
        // SAFETY: The context lives and owns the memory. The position is -1 when there is nothing.
        let last = unsafe { sys::llama_memory_seq_pos_max(sys::llama_get_memory(self.context.as_ptr()), 0) };
        usize::try_from(last + 1).unwrap_or(0)
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        // SAFETY: The session owns the context.
        unsafe { sys::llama_free(self.context.as_ptr()) }
    }
}

/// How the next token is chosen.
#[derive(Debug)]
pub struct Sampler(NonNull<sys::llama_sampler>);

impl Sampler {
    /// The likeliest token at temperature 0, else a random one.
    pub fn new(temperature: f32) -> Option<Self> {
        // SAFETY: The chain takes the samplers over and frees them.
        unsafe {
            let mut params = sys::llama_sampler_chain_default_params();
            params.no_perf = true;
            let chain = NonNull::new(sys::llama_sampler_chain_init(params))?;
            let add = |sampler| sys::llama_sampler_chain_add(chain.as_ptr(), sampler);
            if temperature > 0.0 {
                add(sys::llama_sampler_init_top_k(TOP_K));
                add(sys::llama_sampler_init_top_p(TOP_P, 1));
                add(sys::llama_sampler_init_min_p(MIN_P, 1));
                add(sys::llama_sampler_init_temp(temperature));
                add(sys::llama_sampler_init_dist(RANDOM_SEED));
            } else {
                add(sys::llama_sampler_init_greedy());
            }
            Some(Self(chain))
        }
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        // SAFETY: The sampler is owned.
        unsafe { sys::llama_sampler_free(self.0.as_ptr()) }
    }
}

static VERBOSE: AtomicBool = AtomicBool::new(false);
/// The first error since the last `take_error`: the later ones only say which callers failed with it.
static ERROR: Mutex<String> = Mutex::new(String::new());

fn take_error() -> String {
    let error = std::mem::take(&mut *ERROR.lock().unwrap_or_else(PoisonError::into_inner));
    if error.is_empty() { "no reason was given".into() } else { error }
}

unsafe extern "C" fn on_log(level: sys::ggml_log_level, text: *const c_char, _: *mut c_void) {
    // SAFETY: llama.cpp passes a string with a final NUL that lives during the call.
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
    if level == sys::GGML_LOG_LEVEL_ERROR {
        let mut error = ERROR.lock().unwrap_or_else(PoisonError::into_inner);
        if error.is_empty() {
            *error = text.trim().chars().take(KEPT_ERROR).collect();
        }
    }
    if VERBOSE.load(Ordering::Relaxed) {
        use std::io::Write;
        // A log that cannot be written is no reason to fail.
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
}

unsafe extern "C" fn on_load_progress(_: f32, abort: *mut c_void) -> bool {
    // SAFETY: `Model::load` passes its `Abort`, which it borrows during the load.
    !unsafe { &*abort.cast::<Abort>() }.ending()
}

unsafe extern "C" fn on_abort_check(abort: *mut c_void) -> bool {
    // SAFETY: `Session::new` passes its own `Abort`, which lives as long as the context.
    unsafe { &*abort.cast::<Abort>() }.is_set()
}
