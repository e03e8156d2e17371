//! What a region wants of an answer: which part of it, and how that is laid out in the file.

use crate::text::{eol::Eol, indent::Indent};

/// Which part of the model's answer the region takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The statements of the body of the function `name`: an answer that repeats imports, the enclosing class, decorators,
    /// the signature or the docstring is peeled down to them. `docstring` is the docstring's source that stands in the
    /// file before the region, if any: an answer that repeats it has it removed.
    Body { name: String, docstring: Option<String> },
    /// Statements that take the place of a selection or a node, or stand at a position.
    Block,
    /// One docstring, with its quotes.
    Docstring,
    /// A whole file.
    File,
}

/// How the region's text is laid out. The region's text is `lead` + the lines joined with `eol`, without a final line
/// end (but for `Shape::File`, which ends with one).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    pub shape: Shape,
    /// What stands before the first line: a line end where the region begins at the end of the line above (a body after its
    /// header), nothing where it begins at a line's start.
    pub lead: String,
    /// The indentation of the least indented line.
    pub base: String,
    /// One level of indentation.
    pub unit: Indent,
    pub eol: Eol,
}
