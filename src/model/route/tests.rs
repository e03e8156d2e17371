//! Ways along plans, with scripted models.

use std::sync::Arc;

use super::*;
use crate::model::MicroUsd;
use crate::model::Provider;
use crate::model::account::{Accounts, Budget};
use crate::model::address::BaseUrl;
use crate::model::provider::http::Http;
use crate::model::provider::scripted::Scripted;
use crate::model::spec::{Abilities, BUILT_IN_MODEL, Catalogue, KeySource, Price, ProviderSpec};

/// What a prompt shows of the project.
const SHOWN: Tokens = Tokens(500);

fn error(kind: ErrorKind) -> ModelError {
    ModelError { kind, message: "no".to_owned(), retry_after: None }
}

/// Embedded models of these names; `gone` cannot be had.
fn registry(names: &[&str]) -> Registry {
    let model = |name: &&str| ModelSpec {
        name: (*name).to_owned(),
        provider: "embedded".to_owned(),
        source: ModelSource::Id("id".to_owned()),
        price: None,
        max_tokens: None,
        context_window: None,
        abilities: Abilities::default(),
        pace: None,
    };
    let catalogue = Catalogue::new(Vec::new(), names.iter().map(model).collect(), None);
    let make = |model: &ModelSpec| match model.name.as_str() {
        "gone" => Err(error(ErrorKind::Config)),
        _ => Ok(Arc::new(Scripted::default()) as Arc<dyn Provider>),
    };
    Registry::new(catalogue, Http::default(), Box::new(make))
}

fn walk(registry: &Registry, wanted: &Wanted) -> Vec<String> {
    let (first, mut route) = registry.route(wanted).unwrap();
    let mut names = vec![first.name];
    while let Some(next) = route.next(registry) {
        names.push(next.name);
    }
    assert_eq!(route.switches() as usize, names.len() - 1);
    names
}

#[test]
fn a_route_leads_through_the_users_models() {
    let pinned = Routing { pinned: BTreeMap::from([(Task::Fix, "c".to_owned())]), ..Routing::default() };
    let fallback = Routing { fallback: vec!["c".to_owned()], ..pinned.clone() };
    let named = |name: &str| Wanted { named: Some(name.to_owned()), ..Wanted::default() };
    let fix = Wanted { task: Some(Task::Fix), ..Wanted::default() };
    for (routing, wanted, want) in [
        (&Routing::default(), Wanted::default(), vec!["a", "b", "c"]),
        (&Routing::default(), named("b"), vec!["b", "a", "c"]),
        (&Routing::default(), named("gone"), vec!["a", "b", "c"]),
        (
            &Routing::default(),
            Wanted { default: Some("c".to_owned()), ..Wanted::default() },
            vec!["c", "a", "b"],
        ),
        (&pinned, fix.clone(), vec!["c", "a", "b"]),
        (&fallback, Wanted::default(), vec!["a", "c"]),
        (&fallback, Wanted { fallback: Some(vec!["b".to_owned()]), ..fix }, vec!["c", "b"]),
        (&fallback, named(BUILT_IN_MODEL), vec![BUILT_IN_MODEL, "c"]),
    ] {
        let registry = registry(&["a", "b", "gone", "c"]).with_routing(routing.clone());
        assert_eq!(walk(&registry, &wanted), want, "{wanted:?}");
        assert_eq!(registry.first(&wanted), if wanted == named("gone") { "gone" } else { want[0] });
    }
}

#[test]
fn what_nobody_can_do_is_told() {
    let registry = registry(&["gone"]);
    let named = Wanted { named: Some("nobody".to_owned()), ..Wanted::default() };
    let only = Wanted { fallback: Some(vec!["gone".to_owned()]), ..Wanted::default() };
    let requirements = Requirements { min_context: Some(Tokens(u32::MAX)), ..Requirements::default() };
    let large = Wanted { requirements: Some(requirements), ..Wanted::default() };
    for (wanted, kind, fragment) in [
        (named, ErrorKind::Config, "\"nobody\""),
        (only, ErrorKind::Config, "no"),
        (large, ErrorKind::Config, "gone: its window is 8192 tokens"),
    ] {
        let error = registry.route(&wanted).unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.message.contains(fragment), "{error}");
    }
}

#[test]
fn a_dear_model_is_held_against_the_budget_by_what_it_is_asked() {
    let base_url = BaseUrl::parse("https://host.example/v1").unwrap();
    let wire = Wire::OpenAi { base_url, key: KeySource::None };
    let price =
        Price { input: MicroUsd(0), cached: MicroUsd(0), written: None, output: MicroUsd(25_000_000) };
    let model = |price| ModelSpec {
        name: "dear".to_owned(),
        provider: "p".to_owned(),
        source: ModelSource::Id("id".to_owned()),
        price,
        max_tokens: None,
        context_window: None,
        abilities: Abilities::default(),
        pace: None,
    };
    let sized = |answer| Wanted { answer: Some(Tokens(answer)), ..Wanted::default() };
    for (price, wanted, fragment) in [
        (Some(price), Wanted::default(), None),
        (Some(price), sized(2_000), None),
        (Some(price), sized(4_096), Some("dear: it may cost $0.1024, and the budget (`per_run`")),
        (None, Wanted::default(), None),
        (None, sized(1), Some("set model.price or budget.unknown_price, or have its provider tell it")),
    ] {
        let providers = vec![ProviderSpec { name: "p".to_owned(), wire: wire.clone(), is_local: None }];
        let catalogue = Catalogue::new(providers, vec![model(price)], None);
        let make = |_: &ModelSpec| Err(error(ErrorKind::Config));
        let registry = Registry::new(catalogue, Http::default(), Box::new(make))
            .with_accounts(Accounts::new(None, Budget::default()));
        assert!(registry.weighs_prompts(&wanted));
        let told = registry.route(&wanted).err().map(|error| error.message).unwrap_or_default();
        assert_eq!(told.is_empty(), fragment.is_none(), "{wanted:?}: {told}");
        assert!(told.contains(fragment.unwrap_or_default()), "{wanted:?}: {told}");
    }
    assert!(!registry(&["a"]).weighs_prompts(&Wanted::default()), "what costs nothing needs no second look");
}

#[test]
fn what_is_done_about_each_error() {
    let rest = || VecDeque::from([Placed { name: "b".to_owned(), ..Placed::default() }]);
    for (kind, silent, written) in [
        (ErrorKind::Connect, Way::Next, Way::Next),
        (ErrorKind::Stream, Way::Next, Way::Next),
        (ErrorKind::Timeout, Way::Next, Way::Next),
        (ErrorKind::RateLimit, Way::Next, Way::Next),
        (ErrorKind::Server, Way::Next, Way::Next),
        (ErrorKind::Overloaded, Way::Next, Way::Next),
        (ErrorKind::Resting, Way::Next, Way::Next),
        (ErrorKind::Empty, Way::Next, Way::Next),
        (ErrorKind::TooLarge, Way::Next, Way::Next),
        (ErrorKind::Engine, Way::Next, Way::Next),
        (ErrorKind::Overflow, Way::Shrink, Way::End),
        (ErrorKind::Config, Way::End, Way::End),
        (ErrorKind::Auth, Way::End, Way::End),
        (ErrorKind::Rejected, Way::End, Way::End),
        (ErrorKind::Budget, Way::End, Way::End),
    ] {
        let route = Route { rest: rest(), ..Route::default() };
        assert_eq!(route.clone().after(&error(kind), false, SHOWN), silent, "{kind:?}");
        assert_eq!(route.clone().after(&error(kind), true, SHOWN), written, "{kind:?}");
        assert_ne!(Route::default().after(&error(kind), false, SHOWN), Way::Next, "{kind:?}: nobody is left");
    }
    // A fallback's wrong key hides neither the first error nor the next model.
    let mut route = Route { rest: rest(), ..Route::default() };
    assert_eq!(route.after(&error(ErrorKind::Overloaded), false, SHOWN), Way::Next);
    for kind in [ErrorKind::Auth, ErrorKind::Config] {
        assert_eq!(route.after(&error(kind), false, SHOWN), Way::Next);
    }
    let last = ModelError { message: "no key".to_owned(), ..error(ErrorKind::Auth) };
    let told = route.error(last);
    assert_eq!(told.kind, ErrorKind::Overloaded);
    assert!(told.message.ends_with("; then no key"), "{told}");
    let mut route = Route { rest: rest(), ..Route::default() };
    let mut fails = |written| {
        let way = route.after(&error(ErrorKind::Stream), written, SHOWN);
        // The next one's prompt may not fit; only what begins counts.
        assert_eq!(route.after(&error(ErrorKind::Stream), written, SHOWN), way);
        route.begins(written);
        way
    };
    let ways = [false, true, false, true].map(&mut fails);
    assert_eq!(ways, [Way::Next, Way::Next, Way::Next, Way::End], "once over what was written");
    assert_eq!(
        route.after(&error(ErrorKind::Overflow), false, Tokens(0)),
        Way::End,
        "there is nothing to leave out"
    );
    assert_eq!(route.after(&error(ErrorKind::Overflow), false, SHOWN), Way::Shrink);
    assert_eq!(route.after(&error(ErrorKind::Overflow), false, SHOWN), Way::End, "once");
}
