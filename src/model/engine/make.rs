//! From a configured model to its engine: which file, which window.

use std::path::PathBuf;
use std::sync::Arc;

use super::{EmbeddedProvider, EngineOptions};
use crate::model::registry::MakeEmbedded;
use crate::model::spec::{ModelSource, ModelSpec};
use crate::model::store::{CATALOGUE, Store, catalogue};
use crate::model::{ErrorKind, ModelError, Provider};

/// What the registry asks for embedded models; the files are below the state directory. A file that is not there is
/// told by the first question, so that models can be listed and chosen without it.
#[must_use]
pub fn maker(state: PathBuf) -> MakeEmbedded {
    let store = Store::below(&state);
    Box::new(move |model| {
        let provider = EmbeddedProvider::new(options(&store, model)?);
        Ok(Arc::new(provider) as Arc<dyn Provider>)
    })
}

fn options(store: &Store, model: &ModelSpec) -> Result<EngineOptions, ModelError> {
    let file = match &model.source {
        ModelSource::Path(path) => path.clone(),
        ModelSource::Id(id) => store.path(catalogue::find(id).ok_or_else(|| unknown(model, id))?),
    };
    let options = EngineOptions::new(file);
    let window = model.context_window.unwrap_or(options.window);
    Ok(EngineOptions { window, ..options })
}

fn unknown(model: &ModelSpec, id: &str) -> ModelError {
    let names: Vec<_> = CATALOGUE.iter().map(|entry| entry.name).collect();
    let message = format!(
        "the model \"{}\" is embedded, and its id {id:?} is not in the catalogue ({}): choose one of them, or give \
         the `path` of a GGUF file",
        model.name,
        names.join(", ")
    );
    ModelError { kind: ErrorKind::Config, message, retry_after: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Tokens;
    use crate::model::engine::WINDOW;

    fn check(source: ModelSource, window: Option<u32>) -> Result<(PathBuf, Tokens), String> {
        let model = ModelSpec {
            name: "m".into(),
            provider: "embedded".into(),
            source,
            price: None,
            max_tokens: None,
            context_window: window.map(Tokens),
            abilities: crate::model::spec::Abilities::default(),
            pace: None,
        };
        let options = options(&Store::below("/state".as_ref()), &model).map_err(|error| error.message)?;
        Ok((options.model, options.window))
    }

    #[test]
    fn the_file_is_the_catalogues_or_the_users() {
        let small = "/state/models/SmolLM2-135M-Instruct.Q4_1.gguf";
        assert_eq!(check(ModelSource::Id("smollm2-135m".into()), None), Ok((small.into(), WINDOW)));
        let own = check(ModelSource::Path("/own.gguf".into()), Some(2048));
        assert_eq!(own, Ok(("/own.gguf".into(), Tokens(2048))));
        let error = check(ModelSource::Id("gpt".into()), None).expect_err("unknown");
        assert!(error.contains("\"gpt\"") && error.contains("smollm2-135m"), "{error}");
    }
}
