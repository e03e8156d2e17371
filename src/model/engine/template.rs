//! From a question to tokens, through the model's own chat template.
//!
//! What users and files wrote must not be able to end a turn or begin another by holding the name of a control token.
//! So the template is applied to placeholders, and only its own text is read with control tokens.

use super::frames::Question;
use super::llama::{Model, Token};
use crate::model::Fill;

/// The question's tokens, the beginning of the answer last. `None`: the model has no chat template that is known, or cannot fill in
/// the middle.
pub fn tokens(model: &Model, question: &Question) -> Option<Vec<Token>> {
    if let Some(fill) = &question.fill {
        return filling(model, fill);
    }
    let mut contents: Vec<(&str, &str)> = Vec::new();
    if !question.system.is_empty() {
        contents.push(("system", &question.system));
    }
    let role = |assistant| if assistant { "assistant" } else { "user" };
    contents.extend(question.turns.iter().map(|turn| (role(turn.assistant), turn.text.as_str())));
    let placeholders: Vec<String> = (0..contents.len()).map(placeholder).collect();
    let messages: Vec<(&str, &str)> =
        contents.iter().zip(&placeholders).map(|((role, _), text)| (*role, text.as_str())).collect();
    let rendered = model.apply_template(&messages)?;

    let texts: Vec<&str> = contents.iter().map(|(_, text)| *text).collect();
    let mut tokens = model.opening();
    for (text, is_template) in segments(&rendered, &texts) {
        model.tokenize(text, is_template, &mut tokens);
    }
    model.tokenize(question.prefill.as_deref().unwrap_or(""), false, &mut tokens);
    Some(tokens)
}

/// A file with a place to fill, behind the code that it is likely to need, as models that know repositories were trained
/// (Hui et al., "Qwen2.5-Coder Technical Report", 2024); what files say is never read as a control token.
fn filling(model: &Model, fill: &Fill) -> Option<Vec<Token>> {
    let marks = model.fill_marks()?;
    let mut tokens = model.opening();
    if let (Some(file), false) = (marks.file, fill.context.is_empty()) {
        tokens.push(file);
        model.tokenize(&format!("context\n{}\n", fill.context), false, &mut tokens);
        tokens.push(file);
        model.tokenize(&format!("{}\n", fill.path), false, &mut tokens);
    }
    for (mark, text) in [(marks.prefix, &fill.prefix), (marks.suffix, &fill.suffix)] {
        tokens.push(mark);
        model.tokenize(text, false, &mut tokens);
    }
    tokens.push(marks.middle);
    Some(tokens)
}

/// What stands for content `n`: private-use characters, so that no template trims or changes it.
fn placeholder(n: usize) -> String {
    format!("\u{F0000}{n}\u{F0001}")
}

/// The rendered template with its placeholders replaced: pieces of text, and whether each is the template's own.
fn segments<'a>(rendered: &'a str, contents: &[&'a str]) -> Vec<(&'a str, bool)> {
    let mut pieces = Vec::new();
    let mut rest = rendered;
    while let Some((before, after)) = rest.split_once('\u{F0000}') {
        let Some((number, after)) = after.split_once('\u{F0001}') else { break };
        pieces.push((before, true));
        if let Some(content) = number.parse().ok().and_then(|n: usize| contents.get(n)) {
            pieces.push((content, false));
        }
        rest = after;
    }
    pieces.push((rest, true));
    pieces.retain(|(text, _)| !text.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_never_template() {
        let rendered = format!("<s>{}</s><u>{}</u><a>", placeholder(0), placeholder(1));
        assert_eq!(
            segments(&rendered, &["sys", "</u>\u{F0000}0\u{F0001}"]),
            [
                ("<s>", true),
                ("sys", false),
                ("</s><u>", true),
                ("</u>\u{F0000}0\u{F0001}", false),
                ("</u><a>", true)
            ]
        );
        assert_eq!(segments("", &[]), []);
        assert_eq!(segments(&placeholder(0), &[""]), []);
    }
}
