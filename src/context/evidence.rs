//! What speaks for a candidate. Every piece is a number between 0 and about 1, so that one weight for each makes a likelihood.

use serde::Serialize;

use super::Reason;

/// See the module's head. Serialised for `redraft context --explain --json`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Evidence {
    /// The file imports it by name.
    pub imported: f32,
    /// It is imported, and no code that is there uses it: the body to be written may be why.
    pub unused_import: f32,
    /// How often the file uses its name.
    pub used: f32,
    /// The target's signature, docstring, decorators, or the instruction mention its name.
    pub mentioned: f32,
    /// The target's signature has it as a type.
    pub annotated: f32,
    /// An attribute of the enclosing class has it as its type.
    pub attribute_type: f32,
    /// A member of a class that the target's signature has as a type.
    pub of_annotated: f32,
    /// A member of the type of an attribute.
    pub of_attribute: f32,
    /// The class around the target.
    pub enclosing: f32,
    /// A class that the enclosing class inherits from.
    pub base: f32,
    /// A member of the class around the target.
    pub sibling: f32,
    /// A member of a class that it inherits from.
    pub inherited: f32,
    /// A member of a class that the file imports.
    pub of_imported: f32,
    /// A definition of a module that the file imports as a whole.
    pub of_module: f32,
    /// The file uses it as an attribute of what it is a member of.
    pub pair: f32,
    /// How many files use it as such an attribute: of the class, the module, or the parameter by their names.
    pub pair_known: f32,
    /// Made to be called on the class itself.
    pub of_class: f32,
    /// The file uses its name as an attribute of anything.
    pub attribute: f32,
    /// A definition of a module that the file imports other things from.
    pub same_module: f32,
    /// Of the target's file.
    pub own_file: f32,
    /// Nearness in the target's file.
    pub near: f32,
    /// Of a file in the target's directory.
    pub same_directory: f32,
    /// How much its name shares words with the target's name and class; with the rest of what is known of the target.
    pub name_words: f32,
    pub text_words: f32,
    /// The share of its name's words that the target has too.
    pub covered: f32,
    /// How many files import its name.
    pub popular: f32,
    /// How many files of the target's directory import its name.
    pub neighbours: f32,
    /// How many files use its name.
    pub known: f32,
    /// It uses the target.
    pub caller: f32,
    /// Of a file that was edited or looked at lately.
    pub recent: f32,
    /// It overrides the same base method, or is what the target overrides.
    pub overrides: f32,
    pub class: f32,
    pub method: f32,
    pub constant: f32,
    /// Its name begins with an underscore, as one that others should not use.
    pub private: f32,
    /// A name that the language calls on its own: `__init__`.
    pub special: f32,
    pub property: f32,
    /// Of a test, where the target is none.
    pub of_test: f32,
    /// Of the installed environment.
    pub outside: f32,
    /// How much of what its class or module is evidence for goes over to it.
    pub parent: f32,
}

impl Evidence {
    /// The strongest reason for a person.
    pub(super) fn reason(&self) -> Reason {
        let ordered = [
            (self.enclosing, Reason::EnclosingClass),
            (self.base, Reason::Base),
            (self.annotated, Reason::Type),
            // Before a mention: a method of the target's own name is always mentioned.
            (self.inherited, Reason::Inherited),
            (self.overrides, Reason::Implementation),
            (self.mentioned, Reason::Mentioned),
            (self.sibling, Reason::Member),
            (self.of_annotated, Reason::MemberOfType),
            (self.attribute_type, Reason::Type),
            (self.of_attribute, Reason::MemberOfType),
            (self.imported, Reason::Imported),
            (self.of_module, Reason::MemberOfImported),
            (self.of_imported, Reason::MemberOfImported),
            (self.caller, Reason::Caller),
            (self.own_file, Reason::SameFile),
            (self.same_module, Reason::SameModule),
            (self.text_words.max(self.name_words), Reason::Words),
            (self.neighbours, Reason::Neighbours),
            (self.recent, Reason::Recent),
        ];
        ordered.into_iter().find(|(strength, _)| *strength > 0.0).map_or(Reason::Words, |(_, reason)| reason)
    }
}
