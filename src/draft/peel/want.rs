//! What is wanted of an answer's code, and where it begins.

/// What the region wants.
#[derive(Clone, Debug)]
pub(crate) enum Want {
    /// The body of the function of this name, which stands in the definitions `around` (outermost first) and has these
    /// `decorators`; `docstring` says whether the file has its docstring already.
    Body { name: String, around: Vec<String>, decorators: Vec<String>, docstring: bool },
    /// All statements, but for imports at their head where `hoist` is set. Where the answer begins with the header of one
    /// of `around`, which of its statements are wanted shows only at its end.
    Block { hoist: bool, around: Vec<String> },
}

/// Where the wanted statements begin, as the number of a line, where that is known from a look at the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// With the function's header.
    Header(usize),
    /// With the first of them: no header was repeated.
    Bare(usize),
}

impl Start {
    pub fn line(self) -> usize {
        let (Self::Header(line) | Self::Bare(line)) = self;
        line
    }
}
