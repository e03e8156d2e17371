//! What is known of the file before an answer is read.

use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

use crate::draft::form::{Form, Shape};
use crate::draft::layout::Common;
use crate::draft::peel::squeezed;
use crate::draft::place::{Code, Place, in_class};
use crate::draft::secrets::Secrets;
use crate::draft::strings::Scanner;
use crate::syntax::Language;
use crate::syntax::bindings::Names;
use crate::syntax::items;

/// What the cleaner knows of the file beside the form.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Whether imports at the head of the answer go to the file's import block.
    pub hoist: bool,
    /// The lines of the file right above the region: of a function from its decorators on, else comments.
    pub opening: String,
    /// The name of the definition that it is about, if there is one.
    pub name: String,
    /// The definitions around the region (of a body: around its function), outermost first.
    pub around: Vec<String>,
    /// By how many columns the region's first line is deeper than its base.
    pub deeper: usize,
    /// What stands in the region for the marks that the model was shown.
    pub secrets: Secrets,
    /// What stands behind the last line: the line end before a brace that shared the region's line, or before what is documented.
    pub tail: String,
    /// The file; nothing where an answer is read for itself alone.
    pub place: Option<Place>,
    /// The opening, once it is parsed.
    pub(super) parsed: OnceCell<Option<Code>>,
    /// The code that was taken apart last: at an answer's end it is asked for twice.
    pub(super) last: RefCell<Option<Arc<Apart>>>,
}

/// Code of an answer, taken apart.
#[derive(Debug)]
pub(super) struct Apart {
    text: String,
    pub code: Code,
    pub names: Names,
}

/// What has to stand behind a draft's last line.
fn tail(place: &Place, form: &Form, is_above: bool) -> String {
    let (file, region) = (place.file(), place.region());
    let eol = form.eol.as_str();
    if is_above && region.is_empty() {
        return eol.to_owned();
    }
    let closer = place.language().closer;
    let rest = file.part(&(region.end..file.whole_lines(&(region.end..region.end)).end));
    let shares =
        !closer.is_empty() && rest.starts_with(closer) && file.whole_lines(region).start < region.start;
    match (&form.shape, place.around(&form.base).last()) {
        (Shape::Body { .. }, Some(own)) if shares => format!("{eol}{}", own.indent),
        _ => String::new(),
    }
}

/// Whether a function of this name is in it.
fn defines(code: &Code, name: &str) -> bool {
    let is_it = |one: &items::Nested| {
        one.item.kind == items::Kind::Function && one.definition().is_some_and(|own| own.name == name)
    };
    items::definitions(&code.source()).iter().any(is_it)
}

impl Setup {
    /// What an answer for the region of `place` may repeat.
    #[must_use]
    pub fn of(place: Place, form: &Form) -> Self {
        let mut around: Vec<String> = place.around(&form.base).into_iter().map(|one| one.name).collect();
        let is_above = form.shape == Shape::Docstring && place.language().docs.above().is_some();
        let own = matches!(form.shape, Shape::Body { .. } | Shape::Docstring) && !is_above;
        let name = if own { around.pop().unwrap_or_default() } else { String::new() };
        let region = place.file().part(place.region());
        let lexis = &place.language().lexis;
        let code = region
            .lines()
            .filter(|line| !lexis.comments.iter().any(|mark| line.trim_start().starts_with(mark)));
        let common =
            Common::of_code(code, Scanner::of(place.language())).filter(|_| form.shape == Shape::Block);
        let deeper = common.map_or(0, |common| common.first - common.least);
        let tail = tail(&place, form, is_above);
        let opening = if own { String::new() } else { place.comments_above() };
        Self { name, around, deeper, opening, tail, place: Some(place), ..Self::default() }
    }

    /// The language of the answer.
    pub(crate) fn language(&self) -> &'static Language {
        self.place.as_ref().map_or_else(Language::first, Place::language)
    }

    /// The decorators of the function, without their blanks.
    pub(super) fn decorators(&self) -> Vec<String> {
        let all = self.opening_code().map(|code| {
            let last = items::definitions(&code.source()).pop();
            let own = last.as_ref().and_then(|one| one.definition());
            own.map(|own| own.decorators.iter().map(|range| squeezed(&code.part(range))).collect())
                .unwrap_or_default()
        });
        all.unwrap_or_default()
    }

    /// Code of an answer, parsed, with its names; nothing without a file, or where there is too much of it.
    pub(super) fn apart(&self, lines: &[String]) -> Option<Arc<Apart>> {
        let text = lines.join("\n");
        if let Some(last) = self.last.borrow().as_ref().filter(|last| last.text == text) {
            return Some(last.clone());
        }
        let code = Code::parse(&text, self.place.as_ref()?.language())?;
        let names = Names::of(&code.source());
        let apart = Arc::new(Apart { text, code, names });
        *self.last.borrow_mut() = Some(apart.clone());
        Some(apart)
    }

    /// The same for the function `name`, which may be a method without its class.
    pub(super) fn apart_for(&self, lines: &[String], name: &str) -> Option<Arc<Apart>> {
        let text = lines.join("\n");
        let apart = self.apart(lines)?;
        let language = self.place.as_ref()?.language();
        if language.enclosing.is_none() || defines(&apart.code, name) {
            return Some(apart);
        }
        let (whole, _) = in_class(&text, language)?;
        let code = Code::parse(&whole, language)?;
        if !defines(&code, name) {
            return Some(apart);
        }
        let apart = Arc::new(Apart { text, names: Names::of(&code.source()), code });
        *self.last.borrow_mut() = Some(apart.clone());
        Some(apart)
    }

    /// The opening of a function, parsed.
    pub(super) fn opening_code(&self) -> Option<&Code> {
        let parse = || {
            let place = self.place.as_ref().filter(|_| !self.opening.trim().is_empty())?;
            Code::parse(&self.opening, place.language())
        };
        self.parsed.get_or_init(parse).as_ref()
    }
}
