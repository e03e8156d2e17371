//! llama.cpp's own decode loop, with nothing of ours around it: what the engine is measured against.

use std::ffi::CString;
use std::path::Path;
use std::time::{Duration, Instant};

use llama_cpp_sys_2 as sys;

/// A loaded model with a context.
pub struct Raw {
    model: *mut sys::llama_model,
    vocab: *const sys::llama_vocab,
    context: *mut sys::llama_context,
    batch: usize,
}

impl Raw {
    pub fn load(path: &Path, batch: u32, threads: i32) -> Self {
        unsafe extern "C" fn quiet(
            _: sys::ggml_log_level,
            _: *const std::ffi::c_char,
            _: *mut std::ffi::c_void,
        ) {
        }
        let path = CString::new(path.to_str().expect("Unicode")).expect("no NUL");
        // SAFETY: The calls are those of llama.cpp's own `simple` example, in its order.
        unsafe {
            sys::llama_log_set(Some(quiet), std::ptr::null_mut());
            sys::llama_backend_init();
            let model = sys::llama_model_load_from_file(path.as_ptr(), sys::llama_model_default_params());
            let mut params = sys::llama_context_default_params();
            (params.n_ctx, params.n_batch, params.n_ubatch) = (8192, batch, batch);
            (params.n_threads, params.n_threads_batch) = (threads, threads);
            let context = sys::llama_init_from_model(model, params);
            Self { model, vocab: sys::llama_model_get_vocab(model), context, batch: batch as usize }
        }
    }

    pub fn tokenize(&self, text: &str) -> Vec<sys::llama_token> {
        let mut tokens = vec![0; text.len() + 4];
        let (length, room) = (text.len() as i32, tokens.len() as i32);
        // SAFETY: Both lengths are told.
        let count = unsafe {
            sys::llama_tokenize(
                self.vocab,
                text.as_ptr().cast(),
                length,
                tokens.as_mut_ptr(),
                room,
                true,
                true,
            )
        };
        tokens.truncate(count as usize);
        tokens
    }

    /// Reads the prompt into an empty cache and generates `count` tokens greedily: how long each took.
    pub fn run(&mut self, prompt: &mut [sys::llama_token], count: usize) -> (Duration, Duration) {
        // SAFETY: The context lives; batches point to tokens that live during the call.
        unsafe {
            sys::llama_memory_clear(sys::llama_get_memory(self.context), true);
            let began = Instant::now();
            for batch in prompt.chunks_mut(self.batch) {
                assert_eq!(
                    sys::llama_decode(
                        self.context,
                        sys::llama_batch_get_one(batch.as_mut_ptr(), batch.len() as i32)
                    ),
                    0
                );
            }
            let sampler = sys::llama_sampler_init_greedy();
            let mut token = sys::llama_sampler_sample(sampler, self.context, -1);
            let read = began.elapsed();
            let began = Instant::now();
            for _ in 1..count {
                assert_eq!(sys::llama_decode(self.context, sys::llama_batch_get_one(&raw mut token, 1)), 0);
                token = sys::llama_sampler_sample(sampler, self.context, -1);
            }
            sys::llama_sampler_free(sampler);
            (read, began.elapsed())
        }
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // SAFETY: Both are owned, the context first.
        unsafe {
            sys::llama_free(self.context);
            sys::llama_model_free(self.model);
        }
    }
}
