//! That every prompt file is sound, and what a model is shown.

use super::*;

fn inputs() -> Inputs {
    let text = |text: &str| Some(text.to_owned());
    Inputs {
        language: "Python".to_owned(),
        fence: "python".to_owned(),
        comment: "#".to_owned(),
        path: "pkg/shapes.py".to_owned(),
        name: text("Circle.area"),
        method: true,
        instruction: None,
        opening: text("def area(self) -> float:\n    \"\"\"In square metres.\"\"\""),
        function: text("def area(self) -> float:\n    \"\"\"In square metres.\"\"\"\n    ..."),
        selection: text("x = 1"),
        diagnostic: text("undefined name `y` [ruff F821]"),
        before: "def f():\n".to_owned(),
        after: "\n    return x".to_owned(),
        findings: vec![Fault { line: "y = x + 1".to_owned(), message: "`x` is bound nowhere".to_owned() }],
        rejected: text("the draft is empty"),
        tried: vec!["`z` is bound nowhere".to_owned()],
        marked: text("x"),
        module: text("pkg.shapes"),
        ask: text("Write tests"),
        stage: "development".to_owned(),
        ..Inputs::default()
    }
}

fn context() -> Context {
    let excerpt = |text: &str| crate::context::Excerpt {
        label: "pkg/shapes.py".to_owned(),
        line: 0,
        name: String::new(),
        likely: 1.0,
        text: text.to_owned(),
        reason: crate::context::Reason::Import,
        tokens: 5,
    };
    Context { excerpts: vec![excerpt("import math")], omitted: 0 }
}

/// The built-in prompt `name`, rendered by itself.
fn render(name: &str, inputs: &Inputs, context: &Context) -> Result<Rendered, RenderError> {
    let prompt = Library::built_in().get(name).unwrap().clone();
    super::render(&prompt, &prompt, inputs, context)
}

#[test]
fn every_file_is_sound() {
    let library = Library::built_in();
    for prompt in library.iter() {
        let Body::Whole { system, .. } = &prompt.body else {
            let defaults =
                prompt.inputs.iter().map(|input| (input.name.clone(), input.default.clone().unwrap()));
            let inputs = Inputs { input: defaults.collect(), ..inputs() };
            assert!(
                instruction(prompt, &inputs, "").unwrap().is_some_and(|text| !text.is_empty()),
                "{}",
                prompt.name
            );
            continue;
        };
        // A redraft goes on from a question that has one.
        assert!(!system.is_empty() || prompt.name == "redraft", "{}", prompt.name);
        for context in [context(), Context::default()] {
            for instruction in [None, Some("be quick".to_owned())] {
                let rendered = render(&prompt.name, &Inputs { instruction, ..inputs() }, &context).unwrap();
                assert!(
                    !rendered.user.contains("\n\n\n") && !rendered.user.starts_with('\n'),
                    "{}",
                    rendered.user
                );
                assert!(rendered.user.matches("```").count().is_multiple_of(2), "{}", rendered.user);
            }
        }
    }
    for prompt in library.iter() {
        let is_action = prompt.replace.is_some();
        assert!(!prompt.title.is_empty() && !prompt.description.is_empty(), "{}", prompt.name);
        assert!(is_action || prompt.kind.is_empty(), "{}", prompt.name);
        let title = title(prompt, &Title { name: "f".to_owned(), ..Title::default() });
        assert!(title.is_ok_and(|title| !title.trim().is_empty()), "{}", prompt.name);
    }
}

#[test]
fn the_function_to_write_comes_last() {
    let rendered = render("implement", &inputs(), &context()).unwrap();
    assert_eq!(
        rendered.user,
        concat!(
            "The project has, among others:\n\n```python\n# pkg/shapes.py\nimport math\n```\n\n",
            "Write the Python method `Circle.area` of `pkg/shapes.py` in full.\n\n",
            // Without the placeholder: small models copy it.
            "```python\ndef area(self) -> float:\n    \"\"\"In square metres.\"\"\"\n```",
        )
    );
    assert_eq!(
        rendered.prefill.as_deref(),
        Some("```python\ndef area(self) -> float:\n    \"\"\"In square metres.\"\"\"\n")
    );
    let told = render(
        "implement",
        &Inputs { instruction: Some("Use `math`.".to_owned()), ..inputs() },
        &Context::default(),
    );
    let told = told.unwrap().user;
    assert!(
        told.starts_with(
            "Write the Python method `Circle.area` of `pkg/shapes.py` in full.\nUse `math`.\n\n```python\ndef"
        ),
        "{told}"
    );
    let docstring = render("docstring", &inputs(), &context()).unwrap();
    assert_eq!(docstring.prefill.as_deref(), Some("```python\n\"\"\""));
}

#[test]
fn the_rest_shows_where_the_part_stands() {
    let rendered = render("fix", &inputs(), &Context::default()).unwrap();
    assert_eq!(
        rendered.user,
        concat!(
            "The part to correct stands here:\n\n```python\ndef f():\n<<the part to correct>>\n    return x\n```\n\n",
            "A checker says of this part of `pkg/shapes.py`: undefined name `y` [ruff F821]\n\n```python\nx = 1\n```",
        )
    );
}

#[test]
fn code_cannot_close_its_fence() {
    let selection = Some("s = '''\n````\nx\n'''".to_owned());
    let rendered = render(
        "rewrite",
        &Inputs { selection, instruction: Some("{{ path }}".to_owned()), ..inputs() },
        &context(),
    )
    .unwrap();
    assert!(rendered.user.ends_with("`````python\ns = '''\n````\nx\n'''\n`````"), "{}", rendered.user);
    // What the user or the code says is text, never a template.
    assert!(rendered.user.contains("Rewrite this part of `pkg/shapes.py`: {{ path }}"));
}

#[test]
fn keys_in_the_code_of_the_project_do_not_come_out() {
    let key = "Zk3vQ9xW7tR2mL5pY8cB1nD6fG4hJ0sA";
    let long = key.repeat(12);
    let token = format!("ghp_{}", &long[..36]);
    let fixture = format!(
        "//- a.py\nfrom conf import *\ndef connect(api_key='{key}'):\n    $0pass\n//- conf.py\nAPI_KEY = '{key}'\n\
         SECRET_KEY = \"{long}\"\nTABLE = {{'name': 'x', 'password': '{key}'}}\nTOKEN = '{token}'\n\
         def connect_all(password='{key}'):\n    '''Uses {token}.'''\n    token = '{key}'\n    return token\n"
    );
    let workspace = crate::workspace::fixture::Workspace::new(&fixture);
    let (text, focus, region) = workspace.place();
    let view = workspace.view();
    let shown = |budget| {
        let (focus, region) = (&focus, &region);
        let ask =
            crate::context::Ask { text: &text, focus, region, hint: "", recent: &[], budget, least: 0.0 };
        crate::context::gather(&view, &ask).render("#")
    };
    for budget in [30, 60, 100, 200, 2_000] {
        let redacted = secret::Redactor::default().redact(&shown(budget));
        assert!(!redacted.contains(&key[..8]), "{redacted}");
    }
    let all = shown(2_000);
    assert!(all.contains("API_KEY") && all.contains("SECRET_KEY = …"), "{all}");
}

/// One of a workspace's must not hold a server up, or end it.
#[test]
fn hostile_templates_end_with_an_error() {
    let loops = "{% for i in range(100000) %}{% for j in range(100000) %}xxxx{% endfor %}{% endfor %}";
    let grows =
        format!("{{% set x = 'aaaaaaaaaa' %}}{}{{{{ x }}}}", "{% set x = x|replace('a', x) %}".repeat(20));
    for (template, expected) in [
        (loops, "fuel"),
        (grows.as_str(), "1 MiB"),
        ("{{ '%1000000000d'|format(1)|length }}", "format"),
        (
            "{% for i in range(9000) %}{{ '                                                                                                                                       ' }}{% endfor %}",
            "1 MiB",
        ),
        ("{% include 'nothing' %}", "nothing"),
        ("{% set x = 'a' %}{% for i in range(60) %}{% set x = x ~ x %}{% endfor %}", "`~`"),
        ("{{ 'a' * 10000000000 }}", "`*`"),
        ("{% set x %}{{ path }}{{ path }}{% endset %}", "`set`"),
        ("{% filter upper %}a{% endfilter %}", "`filter`"),
        (
            "{% set x = 'aaaaaaaaaa' %}{% set x = x|join(x) %}{% set x = x|join(x) %}{% set x = x|join(x) %}{% set x = x|join(x) %}{{ x }}",
            "1 MiB",
        ),
        ("{% set x = ['a'] %}{% set x = [x, x] %}{% if x|upper %}a{% endif %}", "a list in `set`"),
        ("{% set x = \"\\\"\" ~ path %}", "`~`"),
        ("{{ \"}}\" ~ path }}", "`~`"),
        ("{{ {'a': {}} ~ path }}", "`~`"),
        ("{{ [1]|batch(1000000000, 1)|length }}", "batch"),
    ] {
        let text = format!("---\nreplace: body\n---\n{template}\n");
        let told = match format::parse(std::path::Path::new("x.prompt.md"), &text) {
            Ok(prompt) => instruction(&prompt, &inputs(), "").unwrap_err().to_string(),
            Err(errors) => errors.iter().map(ToString::to_string).collect(),
        };
        assert!(told.contains(expected), "{told}\n{template:.60}");
    }
    let title =
        Prompt { title: loops.to_owned(), ..Prompt::clone(Library::built_in().get("implement").unwrap()) };
    assert!(super::title(&title, &Title::default()).is_err());
}

/// What its user says is in the question, whether or not the prompt speaks of it.
#[test]
fn an_instruction_is_never_lost() {
    for (template, expected) in [
        ("Follow the instructions there.", "Follow the instructions there.\nMINE"),
        ("Do {{ instruction }} now.", "Do MINE now."),
    ] {
        let text = format!("---\nreplace: body\n---\n{template}\n");
        let prompt = format::parse(std::path::Path::new("x.prompt.md"), &text).unwrap();
        let inputs = Inputs { instruction: Some("MINE".to_owned()), ..inputs() };
        assert_eq!(instruction(&prompt, &inputs, "").unwrap().as_deref(), Some(expected));
    }
}
