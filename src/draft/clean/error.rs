//! Why an answer gives no draft, as its user is told.

use thiserror::Error;

/// Why there is nothing to put into the region.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CleanError {
    #[error("the answer has no code in it")]
    NoCode,
    #[error("the answer has code, but not the body of the function that was asked for")]
    NoBody,
    #[error("the answer has more than one `{0}`, and none in the class that was asked for")]
    Ambiguous(String),
    #[error("the answer's code needs `{0}`, which the answer defines where nothing may change")]
    Outside(String),
    #[error("the answer's body needs the parameter `{0}`, which the function in the file does not have")]
    Parameter(String),
    #[error("the answer's body waits (`await`), and the function in the file is not `async`")]
    Async,
    #[error(
        "the answer writes `{0}` anew, which stands elsewhere in the file, and nothing new; say more exactly what is wanted, or select that to have it rewritten"
    )]
    Elsewhere(String),
    #[error(
        "the answer writes all of `{0}` anew, of which only this part may change; select all of it to have it rewritten"
    )]
    Around(String),
    #[error("the draft leaves code out: `{0}`")]
    LeftOut(String),
    #[error("the answer has nothing but what the file has already")]
    NothingNew,
    #[error(
        "the answer lost the indentation by which the selection's first line is deeper; select whole blocks"
    )]
    Flattened,
    #[error("the draft has our own mark for a secret that was not sent; write that place by hand")]
    Redacted,
    #[error("the answer has no docstring in it")]
    NoDocstring,
    #[error("the answer is too large for a draft of a region")]
    TooLarge,
}
