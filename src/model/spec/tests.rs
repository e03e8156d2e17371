//! Catalogues: what is there without configuration, what is known, what it costs.

use super::*;
use crate::model::listing::{List, Listed};

#[test]
fn without_configuration_the_embedded_model_is_the_default() {
    let catalogue = Catalogue::default();
    let model = catalogue.model(None).unwrap();
    assert_eq!((model.name.as_str(), model.provider.as_str()), (BUILT_IN_MODEL, BUILT_IN_PROVIDER));
    assert_eq!(catalogue.provider_of(model).unwrap().wire, Wire::Embedded);
    let error = catalogue.model(Some("gpt")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Config);
    assert!(error.message.contains("\"gpt\"") && error.message.contains(BUILT_IN_MODEL), "{error}");
}

#[test]
fn every_model_that_can_be_fetched_can_be_named_without_configuration() {
    for entry in CATALOGUE {
        let catalogue = Catalogue::new(Vec::new(), Vec::new(), Some(entry.name.to_owned()));
        let model = catalogue.model(None).unwrap();
        assert_eq!(model.source, ModelSource::Id(entry.name.to_owned()));
        assert_eq!(catalogue.provider_of(model).unwrap().wire, Wire::Embedded);
    }
}

/// A model of which its user says nothing.
fn model(id: &str, provider: &str) -> ModelSpec {
    ModelSpec {
        name: "m".to_owned(),
        provider: provider.to_owned(),
        source: ModelSource::Id(id.to_owned()),
        price: None,
        max_tokens: None,
        context_window: None,
        abilities: Abilities::default(),
        pace: None,
    }
}

/// The model `id` at `base_url`, as its user configured it, in a catalogue.
fn hosted(base_url: &str, id: &str, configure: impl FnOnce(&mut ModelSpec)) -> (ModelSpec, Limits) {
    let wire = Wire::OpenAi { base_url: BaseUrl::parse(base_url).unwrap(), key: KeySource::None };
    let mut model = model(id, "p");
    configure(&mut model);
    let providers = vec![ProviderSpec { name: "p".to_owned(), wire: wire.clone(), is_local: None }];
    let catalogue = Catalogue::new(providers, vec![model], None);
    let model = catalogue.model(None).unwrap().clone();
    let limits = model.limits(&wire);
    (model, limits)
}

#[test]
fn what_is_known_of_a_hosted_model_stands_where_its_user_says_nothing() {
    let openai = "https://api.openai.com/v1";
    let known = prices::known(&BaseUrl::parse(openai).unwrap(), "gpt-4o").unwrap();
    let (model, limits) = hosted(openai, "gpt-4o", |_| {});
    assert_eq!((model.price, model.abilities), (Some(known.price), known.abilities));
    let expect = Limits { output: HOSTED_OUTPUT, window: known.window, context: HOSTED_CONTEXT };
    assert_eq!(limits, expect, "the output and the context keep their defaults");

    let price = Price { input: MicroUsd(1), cached: MicroUsd(1), written: None, output: MicroUsd(1) };
    let (model, limits) = hosted(openai, "gpt-4o", |model| {
        model.price = Some(price);
        model.max_tokens = Some(Tokens(9_000));
        model.abilities.fim = true;
    });
    assert_eq!((model.price, limits.output, limits.window), (Some(price), Tokens(9_000), known.window));
    assert_eq!(model.abilities, Abilities { fim: true, ..known.abilities });
    let (model, limits) = hosted(openai, "gpt-4o", |model| model.context_window = Some(Tokens(20_000)));
    assert_eq!((model.price, limits.window), (Some(known.price), Tokens(20_000)));
}

#[test]
fn of_a_model_that_is_not_in_the_table_nothing_is_known() {
    for (base_url, id) in [("https://api.openai.com/v1", "gpt-0"), ("http://127.0.0.1:8080/v1", "gpt-4o")] {
        let (model, limits) = hosted(base_url, id, |_| {});
        assert_eq!((model.price, model.max_tokens, model.context_window), (None, None, None), "{base_url}");
        assert_eq!((limits.output, limits.window), (HOSTED_OUTPUT, HOSTED_WINDOW));
    }
}

#[test]
fn an_answer_costs_what_its_tokens_cost() {
    let price = Price {
        input: MicroUsd(150_000),
        cached: MicroUsd(30_000),
        written: None,
        output: MicroUsd(600_000),
    };
    let usage = |prompt, cached, completion, cost| Usage {
        prompt: Tokens(prompt),
        cached: Tokens(cached),
        completion: Tokens(completion),
        cost,
        written: None,
    };
    for (usage, expect) in [
        (usage(0, 0, 0, None), 0),
        (usage(1_000_000, 0, 0, None), 150_000),
        (usage(1_000_000, 500_000, 1_000_000, None), 75_000 + 15_000 + 600_000),
        (usage(1, 0, 0, None), 1),
        (usage(10, 99, 0, None), 1),
        // What a provider tells goes before a price only where it is more: some tell a part, or nothing.
        (usage(1_000_000, 0, 0, Some(MicroUsd(7))), 150_000),
        (usage(1_000_000, 0, 0, Some(MicroUsd(0))), 150_000),
        (usage(1_000_000, 0, 0, Some(MicroUsd(150_001))), 150_001),
        (usage(u32::MAX, 0, u32::MAX, None), 3_221_225_472),
    ] {
        assert_eq!(price.cost(&usage), MicroUsd(expect), "{usage:?}");
    }
}

#[test]
fn limits_fit_into_the_window() {
    let mut model = Catalogue::default().model(None).unwrap().clone();
    let limits = |model: &ModelSpec| {
        let Limits { output, window, context } = model.limits(&Wire::Embedded);
        (output.0, window.0, context.0)
    };
    assert_eq!(limits(&model), (1_024, 8_192, 1_000));
    model.context_window = Some(Tokens(2_048));
    assert_eq!(limits(&model), (1_024, 2_048, 512));
    model.max_tokens = Some(Tokens(9_999));
    assert_eq!(limits(&model), (1_024, 2_048, 512));
}

#[test]
fn what_is_written_to_a_cache_costs_more() {
    let price = Price { input: MicroUsd(100), cached: MicroUsd(10), written: None, output: MicroUsd(0) };
    let dear = price.with_cache_writes();
    assert_eq!(dear.written, Some(MicroUsd(125)));
    assert_eq!(
        Price { written: Some(MicroUsd(200)), ..price }.with_cache_writes().written,
        Some(MicroUsd(200))
    );
    let usage = |cached, written| Usage {
        prompt: Tokens(4_000_000),
        cached: Tokens(cached),
        written,
        ..Usage::default()
    };
    for (price, usage, expect) in [
        (price, usage(1_000_000, Some(Tokens(2_000_000))), 310),
        (dear, usage(1_000_000, Some(Tokens(2_000_000))), 100 + 250 + 10),
        (dear, usage(1_000_000, Some(Tokens(0))), 310),
        // Before the call, and where nobody says it, all of it may be written.
        (dear, usage(0, None), 500),
        (dear, usage(1_000_000, None), 375 + 10),
        (dear, usage(1_000_000, Some(Tokens(u32::MAX))), 375 + 10),
    ] {
        assert_eq!(price.cost(&usage), MicroUsd(expect), "{usage:?}");
    }
}

#[test]
fn anthropics_prompts_are_reckoned_with_their_cache() {
    for (is_anthropic, expect) in [(true, Some(MicroUsd(5))), (false, None)] {
        let base_url = BaseUrl::parse("https://gateway.example").unwrap();
        let key = KeySource::None;
        let wire = match is_anthropic {
            true => Wire::Anthropic { base_url, key },
            false => Wire::OpenAi { base_url, key },
        };
        let price = Price { input: MicroUsd(4), cached: MicroUsd(1), written: None, output: MicroUsd(9) };
        let model = ModelSpec { price: Some(price), ..model("m", "p") };
        let providers = vec![ProviderSpec { name: "p".to_owned(), wire, is_local: None }];
        let catalogue = Catalogue::new(providers, vec![model], None);
        assert_eq!(catalogue.model(None).unwrap().price.unwrap().written, expect);
    }
}

#[test]
fn of_a_fetched_price_and_a_built_in_one_the_newer_counts() {
    let base_url = BaseUrl::parse("https://api.openai.com/v1").unwrap();
    let known = prices::known(&base_url, "gpt-4o").unwrap();
    let day = |days: u64| std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(days * 86_400);
    for (at, is_listed) in [(day(1), false), (day(100_000), true)] {
        let wire = Wire::OpenAi { base_url: base_url.clone(), key: KeySource::None };
        let providers = vec![ProviderSpec { name: "p".to_owned(), wire, is_local: None }];
        let mut listings = Listings::default();
        let listed = Listed { id: "gpt-4o".to_owned(), price: Some((1, 2, 3)), ..Listed::default() };
        listings.providers.insert("p".to_owned(), List::new(base_url.origin(), vec![listed], at));
        let catalogue = Catalogue::new(providers, vec![model("gpt-4o", "p")], None).with_listings(&listings);
        let price = catalogue.model(None).unwrap().price.unwrap();
        assert_eq!(price.input == MicroUsd(1), is_listed);
        assert_eq!(price == known.price, !is_listed);
    }
}
