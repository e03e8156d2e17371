//! What clients say of themselves, and what is made of it.

use serde_json::json;

use super::*;

#[test]
fn encodings_are_negotiated() {
    for (offered, expected) in [
        (json!(["utf-16", "utf-8"]), Encoding::Utf8),
        (json!(["utf-32", "utf-16"]), Encoding::Utf32),
        (json!(["utf-7"]), Encoding::Utf16),
        (json!([]), Encoding::Utf16),
        (json!(null), Encoding::Utf16),
        (json!("utf-8"), Encoding::Utf16),
    ] {
        assert_eq!(encoding(Some(&offered)), expected, "{offered}");
    }
}

#[test]
fn the_way_of_delivery_fits_the_client() {
    let annotations = json!({ "workspace": { "workspaceEdit": { "changeAnnotationSupport": {} } } });
    let grouping = json!({ "experimental": { "redraft": { "undoGrouping": true } } });
    for (capabilities, option, expected) in [
        (json!({}), json!(null), Delivery::Final),
        (grouping.clone(), json!(null), Delivery::Stream),
        (grouping, json!({ "delivery": "final" }), Delivery::Final),
        (json!({}), json!({ "delivery": "stream" }), Delivery::Stream),
        (json!({}), json!({ "delivery": "preview" }), Delivery::Final),
        (annotations, json!({ "delivery": "preview" }), Delivery::Preview),
        (json!({}), json!({ "delivery": 3 }), Delivery::Final),
    ] {
        let profile =
            Profile::read(&json!({ "capabilities": capabilities, "initializationOptions": option }));
        assert_eq!(profile.delivery(), expected, "{option}");
    }
}

/// What real editors sent (`tests/clients`), and what follows for them.
#[test]
fn real_clients_are_understood() {
    let (utf8, utf16) = (Encoding::Utf8, Encoding::Utf16);
    let mut complete = Vec::new();
    for (sent, encoding, progress, annotations, tag, unopened, creates) in [
        (
            include_str!("../../../tests/clients/emacs28-eglot1.9.json"),
            utf16,
            false,
            false,
            false,
            true,
            false,
        ),
        (
            include_str!("../../../tests/clients/emacs30-lsp-mode10.json"),
            utf8,
            true,
            false,
            false,
            true,
            true,
        ),
        (include_str!("../../../tests/clients/helix-25.07.1.json"), utf8, true, false, false, true, true),
        (include_str!("../../../tests/clients/kakoune-lsp-22.json"), utf8, true, true, false, true, true),
        (include_str!("../../../tests/clients/neovim-0.11.4.json"), utf8, true, false, false, true, true),
        (include_str!("../../../tests/clients/neovim-0.12.4.json"), utf8, true, true, false, true, true),
        (include_str!("../../../tests/clients/vim-ale-3.3.0.json"), utf16, false, false, false, false, false),
        (
            include_str!("../../../tests/clients/vscode-languageclient11.json"),
            utf16,
            true,
            true,
            true,
            true,
            true,
        ),
    ] {
        let profile = Profile::read(&serde_json::from_str(sent).unwrap());
        let shows = (profile.work_done_progress, profile.change_annotations, profile.llm_tag);
        let edits = (profile.edits_unopened, profile.creates_files);
        assert_eq!(
            (profile.encoding, shows, edits),
            (encoding, (progress, annotations, tag), (unopened, creates)),
            "{}",
            profile.name
        );
        assert_eq!(profile.delivery(), Delivery::Final, "none of them says that it groups undo");
        assert!(profile.options.problems.is_empty());
        if profile.completes_inline {
            complete.push(profile.name);
        }
    }
    assert_eq!(complete, ["emacs", "Neovim", "code-server"]);
}

#[test]
fn the_folders_are_those_of_the_newest_way_to_say_it() {
    let folder = |name: &str| json!({ "uri": format!("file:///{name}"), "name": name });
    for (params, expected) in [
        (json!({}), vec![]),
        (json!({ "rootUri": null, "rootPath": null, "workspaceFolders": null }), vec![]),
        (json!({ "rootPath": "/a" }), vec!["/a"]),
        (json!({ "rootPath": "a" }), vec![]),
        (json!({ "rootUri": "file:///b%20c", "rootPath": "/a" }), vec!["/b c"]),
        (json!({ "rootUri": "untitled:b", "rootPath": "/a" }), vec!["/a"]),
        (json!({ "rootUri": "file:///b", "workspaceFolders": [folder("c"), folder("d")] }), vec!["/c", "/d"]),
        (json!({ "rootUri": "file:///b", "workspaceFolders": [] }), vec![]),
        (json!({ "workspaceFolders": [{}, 3, { "uri": "http://c" }] }), vec![]),
    ] {
        let expected: Vec<PathBuf> = expected.into_iter().map(PathBuf::from).collect();
        assert_eq!(folders(&params), expected, "{params}");
    }
}

#[test]
fn what_an_editor_may_not_set_is_told() {
    let read = Options::read(
        &json!({ "config": { "provider": [{ "base_url": "http://evil" }], "inline": { "automatic": "always" }, "default_model": "fast" }, "other": 1 }),
    );
    assert_eq!(read.choices.default_model.as_deref(), Some("fast"));
    assert_eq!(read.problems.len(), 3, "{:?}", read.problems);
}

#[test]
fn an_editor_chooses_among_the_users_models() {
    let read = Options::read(&json!({ "config": {
        "routing": { "fallback": ["a", "b"], "tasks": { "fix": "c" } }, "refine": {}, "languages": {},
    } }));
    assert_eq!(read.problems, [""; 0]);
    assert_eq!(read.choices.fallback.as_deref(), Some(&["a".to_owned(), "b".to_owned()][..]));
    assert_eq!(read.choices.tasks[&Task::Fix], "c");
    for routing in [
        json!(7),
        json!({ "fallback": "a" }),
        json!({ "fallback": [7] }),
        json!({ "tasks": ["a"] }),
        json!({ "tasks": { "sing": "a" } }),
        json!({ "tasks": { "fix": 7 } }),
        json!({ "allow_cloud_fallback": true }),
    ] {
        let read = Options::read(&json!({ "config": { "routing": routing } }));
        assert_eq!(read.problems.len(), 1, "{routing}");
    }
}
