//! Excerpts as one text: a section for each file, headed by its path.

use super::Context;

pub(super) fn render(context: &Context, comment: &str) -> String {
    let mut out = String::new();
    let mut label: Option<&str> = None;
    for excerpt in &context.excerpts {
        if label != Some(&excerpt.label) {
            if label.is_some() {
                out.push('\n');
            }
            label = Some(&excerpt.label);
            out.push_str(comment);
            out.push(' ');
            out.push_str(&excerpt.label);
            out.push('\n');
        }
        out.push_str(&excerpt.text);
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out
}
