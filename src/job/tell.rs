//! A run whose answer is told: it has no draft, no checks and no rounds, and sends no edit.

use super::{Effect, Run, State};
use crate::draft::words::Words;
use crate::model::Finish;

impl Run {
    /// More of an answer in words.
    pub(super) fn hear_words(&mut self, text: &str) -> Vec<Effect> {
        let Some(words) = &mut self.words else { return Vec::new() };
        self.written += text.len();
        let lines = words.push(text);
        let mut effects = if self.state == State::Asking { self.enter(State::Streaming) } else { Vec::new() };
        self.told.extend(lines.iter().cloned());
        effects.extend(lines.into_iter().map(Effect::Line));
        if let Some(found) = self.repeats.push(text) {
            effects.extend(self.missed(format!(
                "the model repeats itself (`{}`, {} times in a row), so it was stopped; ask another way, or choose another model",
                found.text, found.times
            )));
        }
        effects
    }

    /// The answer is whole.
    pub(super) fn tell(&mut self, words: Words, finish: Finish) -> Vec<Effect> {
        if finish == Finish::Refusal {
            return self.missed("the model refused to answer".to_owned());
        }
        let Some(text) = words.finish() else {
            return self
                .missed("the model answered nothing; ask another way, or choose another model".to_owned());
        };
        if finish == Finish::Length {
            let most = self.task.request.max_tokens.0;
            self.message = Some(format!("the answer was cut at the limit of {most} tokens"));
        }
        let mut effects = self.tell_rest(text.split('\n').map(str::to_owned).collect());
        self.come_to_rest();
        effects.push(Effect::Told(text));
        effects.extend(self.enter(State::Done));
        effects
    }
}
