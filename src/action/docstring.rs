//! Write a docstring, or write the one that is there anew.
//!
//! ```text
//! def area(r):            def area(r):
//!     return PI * r * r   =>  """Return the area of a circle with radius `r`."""
//!                             return PI * r * r
//! ```

use super::plan::{Parts, title};
use super::{Ask, Plan, PlanError};
use crate::draft::form::Shape;
use crate::syntax::{Source, definition, definition::Definition, lines};

/// How much of a definition's source, in lines, the prompt shows: a long class is told by its beginning.
const LINES: usize = 120;

pub(super) fn plan(ask: &Ask<'_>) -> Result<Plan, PlanError> {
    let source = ask.source;
    source.tree.ok_or_else(|| ask.no_tree())?;
    let definitions = definition::around(source, &ask.range);
    let at =
        target(source, ask.range.start, &definitions).ok_or(PlanError::NoDefinition { line: ask.line() })?;
    let one = &definitions[at];
    let refuse = || PlanError::OneLine { line: ask.line(), name: one.name.clone() };
    let region = region(source, one).ok_or_else(refuse)?;
    let first = lines::of(source.text, one.whole.start);
    let end = one.whole.end.min(lines::end(source.text, first + LINES));
    let end = end.min(one.whole.start + super::rewrite::LIMIT);
    let shown = lines::slice(source.text, &(one.whole.start..end)).replace("\r\n", "\n");
    let mut inputs = ask.inputs(&definitions[..=at]);
    inputs.function = Some(lines::dedent(&shown, &one.indent));
    inputs.style = style(&source.text.to_string()).map(str::to_owned);
    let unit = source.indent();
    let is_above = source.language.docs.above().is_some();
    let parts = Parts {
        title: title(Some(one), ask.instruction),
        below: one.docstring.is_none() && !is_above,
        region,
        shape: Shape::Docstring,
        indent: if is_above { one.indent.clone() } else { one.base(unit) },
        unit,
        base: "docstring",
        inputs,
        focus: one.whole.clone(),
    };
    Ok(parts.plan(ask))
}

/// The innermost definition whose header or docstring holds the cursor, else the innermost.
pub(super) fn target(source: &Source<'_>, at: usize, definitions: &[Definition]) -> Option<usize> {
    let head = definitions.iter().rposition(|one| one.at_head(source.text, &(at..at)));
    head.or_else(|| definitions.len().checked_sub(1))
}

/// The docstring's lines from the start of its first, or the place below the header. `None` where the docstring does not
/// begin its line, or the body stands on the header's.
pub(super) fn region(source: &Source<'_>, one: &Definition) -> Option<std::ops::Range<usize>> {
    let is_above = source.language.docs.above().is_some();
    if one.one_line && !is_above {
        return None;
    }
    let Some(docstring) = &one.docstring else {
        let start = lines::start(source.text, lines::of(source.text, one.whole.start));
        let at = if is_above { start.max(super::select::bom(source)) } else { one.opened };
        return Some(at..at);
    };
    let line = lines::of(source.text, docstring.start);
    let start = lines::start(source.text, line);
    (lines::first(source.text, line) == docstring.start).then_some(start..docstring.end)
}

/// How the file's docstrings tell of parameters, by name; nothing where none does.
fn style(text: &str) -> Option<&'static str> {
    let count = |marks: &[&str]| marks.iter().map(|mark| text.matches(mark).count()).sum::<usize>();
    let styles = [
        (
            "Google's (`Args:`, `Returns:`, `Raises:`)",
            count(&["\n    Args:\n", "\n        Args:\n", "    Returns:\n", "    Raises:\n"]),
        ),
        (
            "NumPy's (sections underlined with dashes)",
            count(&[
                "Parameters\n    ----",
                "Parameters\n        ----",
                "Returns\n    ----",
                "Returns\n        ----",
            ]),
        ),
        ("Sphinx's (`:param name:`, `:returns:`)", count(&[":param ", ":returns:", ":return:", ":raises "])),
    ];
    let (style, most) = styles.into_iter().max_by_key(|(_, count)| *count)?;
    (most > 0).then_some(style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_are_known_by_their_sections() {
        for (text, expected) in [
            ("def f():\n    \"\"\"D.\n\n    Args:\n        x: y\n    \"\"\"\n", Some("Google")),
            (
                "def f():\n    \"\"\"D.\n\n    Parameters\n    ----------\n    x : int\n    \"\"\"\n",
                Some("NumPy"),
            ),
            ("def f():\n    \"\"\"D.\n\n    :param x: y\n    :returns: z\n    \"\"\"\n", Some("Sphinx")),
            ("def f():\n    \"\"\"D.\"\"\"\n", None),
        ] {
            assert_eq!(style(text).map(|style| style.split('\'').next().unwrap()), expected, "{text}");
        }
    }
}
