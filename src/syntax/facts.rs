//! The facts of one file: what it defines, imports and exports, and which names it uses; all that an index keeps of it.
//!
//! Texts live in one pool, so that a file's facts are a few allocations and can be kept on disk as they are. What functions
//! do inside is not entered, but for the attributes that initialisers set. Nothing here knows another file.

mod extract;
mod pool;
mod signature;
#[cfg(test)]
mod tests;

use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use self::extract::extract;
pub use self::pool::{Pool, Text};
pub use self::signature::{Parameter, Taken, Takes, bases, is_plain, parameters, takes, types};

/// See the module's head.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    pub(super) pool: Pool,
    /// In the file's order; a member stands behind its class.
    pub symbols: Box<[Symbol]>,
    pub imports: Box<[Import]>,
    /// What `__all__` names, where it is there.
    pub exports: Option<Box<[Text]>>,
    pub attributes: Box<[Attribute]>,
    /// There is no more of these than was found in the time that there was.
    pub is_whole: bool,
    /// Hashes of the identifiers that the file's code uses (not those in comments and strings), and of the pairs `base.name`
    /// (see `names`): sorted, no two the same.
    pub names: Box<[u32]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    Class,
    Function,
    Method,
    /// An assignment to a name, of the module or of a class.
    Constant,
    /// A name for a type.
    Alias,
}

/// One definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Symbol {
    pub kind: Kind,
    /// The class that holds it: one more than its index in `symbols`, or 0.
    pub(super) holder: u32,
    pub name: Text,
    /// As it is written, on one line, without the colon at its end; a constant's statement is cut at a few hundred bytes.
    pub signature: Text,
    /// The parameters or bases, in their brackets; empty where there are none.
    pub(super) list: Text,
    /// The type that it returns or has, where that is written.
    pub returns: Text,
    /// Its decorators, one on each line.
    pub decorators: Text,
    /// The docstring's first line, without its quotes.
    pub doc: Text,
    /// From its first decorator to its end, in bytes.
    pub(super) whole: (u32, u32),
    /// Where its keyword stands, in bytes.
    pub(super) start: u32,
    /// The line of its keyword, from 0.
    pub line: u32,
    /// Where its signature ends, in bytes: behind the colon.
    pub(super) header_end: u32,
}

/// One name that an import binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The module, with its leading dots where it is relative.
    pub module: Text,
    /// What is taken of it (`*` for all); empty where the module itself is imported.
    pub member: Text,
    /// The name that it is called by here; empty where it is not renamed.
    pub alias: Text,
}

/// An attribute that a class's initialiser sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// The class's index in `symbols`.
    pub class: u32,
    pub name: Text,
    /// An expression that names its class.
    pub of: Text,
}

impl Symbol {
    /// The class that holds it: an index into the file's symbols, smaller than its own.
    #[must_use]
    pub fn parent(&self) -> Option<usize> {
        (self.holder as usize).checked_sub(1)
    }

    /// With its decorators, in bytes of the file.
    #[must_use]
    pub fn whole(&self) -> Range<usize> {
        self.whole.0 as usize..self.whole.1 as usize
    }

    /// From its keyword through its colon (a constant's whole statement), in bytes of the file.
    #[must_use]
    pub fn header(&self) -> Range<usize> {
        self.start as usize..self.header_end as usize
    }

    #[must_use]
    pub fn is_definition(&self) -> bool {
        matches!(self.kind, Kind::Class | Kind::Function | Kind::Method)
    }
}

impl Facts {
    /// What `text` says.
    #[must_use]
    pub fn get(&self, text: Text) -> &str {
        self.pool.get(text)
    }

    #[must_use]
    pub fn name(&self, symbol: &Symbol) -> &str {
        self.pool.get(symbol.name)
    }

    #[must_use]
    pub fn signature(&self, symbol: &Symbol) -> &str {
        self.pool.get(symbol.signature)
    }

    /// The parameters or bases in their brackets, as they are written.
    #[must_use]
    pub fn list(&self, symbol: &Symbol) -> &str {
        self.pool.get(symbol.list)
    }

    /// The parameters of a function.
    #[must_use]
    pub fn parameters(&self, symbol: &Symbol) -> Vec<Parameter<'_>> {
        parameters(self.pool.get(symbol.list))
    }

    /// The expressions that a class's bases are, without their subscripts.
    #[must_use]
    pub fn bases(&self, symbol: &Symbol) -> Vec<&str> {
        if symbol.kind == Kind::Class { bases(self.pool.get(symbol.list)) } else { Vec::new() }
    }

    /// What stands in the brackets behind a class's name, item by item, as it is written.
    #[must_use]
    pub fn written_bases(&self, symbol: &Symbol) -> Vec<&str> {
        if symbol.kind == Kind::Class { signature::items_of(self.pool.get(symbol.list)) } else { Vec::new() }
    }

    /// The definition whose keyword stands at `start`, in bytes, with its index.
    #[must_use]
    pub fn starting_at(&self, start: usize) -> Option<(usize, &Symbol)> {
        self.symbols.iter().enumerate().find(|(_, symbol)| symbol.start as usize == start)
    }

    /// The members of the class at `index`, with their indices.
    pub fn members(&self, index: usize) -> impl Iterator<Item = (usize, &Symbol)> {
        let end = self.symbols.get(index).map_or(0, |class| class.whole.1);
        let inside = self.symbols.iter().enumerate().skip(index + 1);
        inside
            .take_while(move |(_, symbol)| symbol.whole.0 < end)
            .filter(move |(_, symbol)| symbol.parent() == Some(index))
    }

    /// The symbols of the module's level called `name`, with their indices.
    pub fn top<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (usize, &'a Symbol)> {
        self.symbols
            .iter()
            .enumerate()
            .filter(move |(_, symbol)| symbol.holder == 0 && self.pool.get(symbol.name) == name)
    }

    /// The name with those of the classes around it: `Config.load`.
    #[must_use]
    pub fn qualified(&self, index: usize) -> String {
        let chain = std::iter::successors(self.symbols.get(index), |symbol| {
            symbol.parent().and_then(|parent| self.symbols.get(parent))
        });
        let mut names: Vec<&str> = chain.take(16).map(|symbol| self.name(symbol)).collect();
        names.reverse();
        names.join(".")
    }

    /// Whether the file's code uses the name that hashes to `hash`.
    #[must_use]
    pub fn uses(&self, hash: u32) -> bool {
        self.names.binary_search(&hash).is_ok()
    }

    /// Whether what is counted on everywhere holds: parents stand before their members, ranges and indices are in order. Facts
    /// that were read from a file may be anything.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let symbols = self.symbols.iter().enumerate().all(|(at, symbol)| {
            symbol.holder as usize <= at
                && symbol.whole.0 <= symbol.start
                && symbol.start <= symbol.header_end
                && symbol.header_end <= symbol.whole.1
        });
        symbols
            && self.attributes.iter().all(|one| (one.class as usize) < self.symbols.len())
            && self.names.is_sorted()
    }

    /// How many bytes it takes, about.
    #[must_use]
    pub fn size(&self) -> usize {
        self.pool.len()
            + size_of_val(&*self.symbols)
            + size_of_val(&*self.imports)
            + size_of_val(&*self.attributes)
            + size_of_val(&*self.names)
            + self.exports.as_ref().map_or(0, |exports| size_of_val(&**exports))
            + size_of::<Self>()
    }
}

impl Import {
    /// What it binds in its file: the alias, the member, or the first part of the module's path.
    #[must_use]
    pub fn bound<'a>(&self, facts: &'a Facts) -> &'a str {
        if !self.alias.is_empty() {
            return facts.get(self.alias);
        }
        if !self.member.is_empty() {
            return facts.get(self.member);
        }
        let module = facts.get(self.module);
        module.split('.').next().unwrap_or(module)
    }
}
