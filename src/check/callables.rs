//! What calls come to: the parameters of functions, methods and classes that are surely the ones that are called.

use super::closed;
use super::objects::Objects;
use crate::syntax::bindings::Names;
use crate::syntax::calls::Call;
use crate::syntax::facts::{Facts, Kind, Symbol, Takes, is_plain, takes};
use crate::workspace::FileNo;
use crate::workspace::view::{Def, Target, View};

/// Something that can be called, with its parameters as they are written.
pub(super) struct Callable {
    pub name: String,
    /// The file whose level defines it, under the name that it has there.
    top: Option<(FileNo, String)>,
    list: String,
    /// The first parameter is given by what it is a member of.
    is_bound: bool,
}

impl Callable {
    /// What a call can give it.
    pub fn takes(&self) -> Takes<'_> {
        let mut takes = takes(&self.list);
        if self.is_bound && !takes.positional.is_empty() {
            takes.positional.remove(0);
            takes.positional_only = takes.positional_only.saturating_sub(1);
        }
        takes
    }
}

/// What is looked at for all calls of a file.
pub(super) struct Callables<'a> {
    pub view: &'a View<'a>,
    pub text: &'a str,
    pub names: &'a Names,
    pub objects: &'a Objects<'a>,
}

impl Callables<'_> {
    /// Whether nothing else comes to be called by its name.
    pub fn is_settled(&self, callable: &Callable) -> bool {
        let Some((file, name)) = &callable.top else { return true };
        if *file == self.view.own() {
            self.names.is_settled(name)
        } else {
            closed::is_settled(self.view, *file, name)
        }
    }

    /// What `call` calls, where that is known for sure.
    pub fn of(&self, call: &Call) -> Option<Callable> {
        self.called(call).filter(|callable| is_plain(&callable.list))
    }

    fn called(&self, call: &Call) -> Option<Callable> {
        let (view, own) = (self.view, self.view.own());
        let Some((object, at)) = &call.object else {
            self.names.is_of_the_module(&call.name, &call.range).then_some(())?;
            return self.target(&view.resolve(own, &call.name)?, &call.name);
        };
        if let Some(object) = self.objects.of(object, at) {
            return self.method(object.class, &call.name, object.is_class);
        }
        self.names.is_of_the_module(object, at).then_some(())?;
        let target = view.resolve(own, object)?;
        match &target {
            Target::Module(_) => self.target(&view.attribute(&target, &call.name)?, &call.name),
            Target::Def(class) if self.symbol(*class)?.kind == Kind::Class => {
                self.method(*class, &call.name, true)
            }
            Target::Def(_) => None,
        }
    }

    fn target(&self, target: &Target, name: &str) -> Option<Callable> {
        let Target::Def(def) = *target else { return None };
        let facts = self.view.facts(def.file)?;
        let symbol = facts.symbols.get(def.symbol)?;
        let called = facts.name(symbol);
        // Another one of the name may be the one that is there in the end.
        let is_only = facts.is_whole && closed::is_alone(&facts, called);
        match symbol.kind {
            Kind::Class if is_only => self.constructor(def, name),
            // What a decorator makes of a function takes what it takes.
            Kind::Function if is_only && facts.get(symbol.decorators).is_empty() => {
                let top = Some((def.file, called.to_owned()));
                Some(Callable {
                    name: name.to_owned(),
                    top,
                    list: facts.list(symbol).to_owned(),
                    is_bound: false,
                })
            }
            _ => None,
        }
    }

    fn method(&self, class: Def, name: &str, by_the_class: bool) -> Option<Callable> {
        let found = self.view.inherited(class, name)?;
        let facts = self.view.facts(found.file)?;
        let symbol = facts.symbols.get(found.symbol)?;
        let holder = Def { file: found.file, symbol: symbol.parent()? };
        let is_sure = facts.is_whole
            && symbol.kind == Kind::Method
            && facts.members(holder.symbol).filter(|(_, member)| facts.name(member) == name).count() == 1
            && (holder == class || closed::class(self.view, self.text, class).is_some())
            && !self.names.members(&(0..usize::MAX)).any(|member| member.stored && member.name == name)
            && !self.is_different_elsewhere(name, facts.list(symbol));
        let is_bound = match facts.get(symbol.decorators) {
            "" => !by_the_class,
            "@classmethod" => true,
            "@staticmethod" => false,
            _ => return None,
        };
        is_sure.then(|| Callable {
            name: name.to_owned(),
            top: None,
            list: facts.list(symbol).to_owned(),
            is_bound,
        })
    }

    /// Whether a class anywhere has a method of the name with other parameters: the object may be of it.
    fn is_different_elsewhere(&self, name: &str, list: &str) -> bool {
        let differs = |facts: &Facts| {
            facts.symbols.iter().any(|symbol| {
                symbol.parent().is_some() && facts.name(symbol) == name && facts.list(symbol) != list
            })
        };
        let index = self.view.index().files().iter().filter_map(|entry| entry.facts.as_ref());
        index.map(|facts| &**facts).chain(self.view.facts(self.view.own()).as_deref()).any(differs)
    }

    /// What an object is made with: by the first class of the lineage that says it.
    fn constructor(&self, class: Def, name: &str) -> Option<Callable> {
        let lineage = closed::class(self.view, self.text, class)?;
        let told = |list: String, is_bound: bool| {
            Some(Callable { name: name.to_owned(), top: None, list, is_bound })
        };
        if lineage.iter().any(|def| self.member(*def, "__new__").is_some()) {
            return None;
        }
        for (at, def) in lineage.iter().enumerate() {
            let facts = self.view.facts(def.file)?;
            if let Some(symbol) = self.member(*def, "__init__") {
                let is_plain = facts.get(symbol.decorators).is_empty()
                    && facts.members(def.symbol).filter(|(_, one)| facts.name(one) == "__init__").count()
                        == 1;
                return is_plain.then(|| told(facts.list(&symbol).to_owned(), true))?;
            }
            if is_dataclass(&facts, facts.symbols.get(def.symbol)?) {
                return told(self.fields(&lineage[at..])?, false);
            }
        }
        // What else there is of bases is not written here.
        let is_bare = |def: &Def| self.symbol(*def).is_some_and(|_| closed::is_bare(self.view, *def));
        lineage.iter().all(is_bare).then(|| told("()".to_owned(), false))?
    }

    /// The parameters that the fields of dataclasses make, those of the last class first.
    fn fields(&self, lineage: &[Def]) -> Option<String> {
        let mut fields: Vec<(String, bool)> = Vec::new();
        for def in lineage.iter().rev() {
            let facts = self.view.facts(def.file)?;
            let class = facts.symbols.get(def.symbol)?;
            if !is_dataclass(&facts, class) {
                continue;
            }
            let said = facts.get(class.decorators);
            if said.contains("kw_only") || said.contains("init") {
                return None;
            }
            for (_, field) in facts.members(def.symbol).filter(|(_, one)| one.kind == Kind::Constant) {
                let (of, signature) = (facts.get(field.returns), facts.signature(field));
                if of.is_empty() || of.contains("ClassVar") {
                    continue;
                }
                if of.contains("KW_ONLY") || signature.contains("kw_only") || signature.contains("init") {
                    return None;
                }
                let has_default = signature.contains('=');
                match fields.iter_mut().find(|(name, _)| name == facts.name(field)) {
                    Some(known) => known.1 = has_default,
                    None => fields.push((facts.name(field).to_owned(), has_default)),
                }
            }
        }
        let one = |(name, has_default): &(String, bool)| {
            if *has_default { format!("{name}=0") } else { name.clone() }
        };
        Some(format!("({})", fields.iter().map(one).collect::<Vec<_>>().join(", ")))
    }

    fn symbol(&self, def: Def) -> Option<Symbol> {
        self.view.facts(def.file)?.symbols.get(def.symbol).copied()
    }

    fn member(&self, class: Def, name: &str) -> Option<Symbol> {
        let facts = self.view.facts(class.file)?;
        facts.members(class.symbol).find(|(_, member)| facts.name(member) == name).map(|(_, member)| *member)
    }
}

/// Whether a decorator writes the class's initialiser from its fields.
fn is_dataclass(facts: &Facts, class: &Symbol) -> bool {
    let mut lines = facts.get(class.decorators).lines();
    lines.any(|line| closed::is_decorator(facts, line, "dataclass", &["dataclasses"]))
}
