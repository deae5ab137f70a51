//! Limits, and what Python has and the engine has not. Whole templates are compared with transformers in
//! `tests/tests/goldens/chat.rs`.

use super::*;

fn user(text: &str) -> Json {
    Json::list(vec![Json::message("user", text).unwrap()]).unwrap()
}

fn render(source: &str) -> Result<String> {
    ChatTemplate::new(source)?.render(&user("hi"), &Rendering::default()).map(|rendered| rendered.text)
}

#[track_caller]
fn shows(source: &str, expected: &str) {
    assert_eq!(render(source).unwrap(), expected, "{source}");
}

#[track_caller]
fn refuses(source: &str, word: &str) {
    let error = match render(source) {
        Ok(text) => panic!("{} wrote {} bytes", &source[..source.len().min(80)], text.len()),
        Err(error) => error.to_string(),
    };
    assert!(error.contains(word), "{}: {error}", &source[..source.len().min(80)]);
}

#[test]
fn texts_cannot_grow_without_end() {
    for bomb in [
        "{% set ns = namespace(x='aaaaaaaaaaaaaaaa') %}{% for i in range(100) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x='aaaaaaaaaaaaaaaa') %}{% for i in range(100) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}",
        "{{ 'a' * 10**9 }}",
        "{{ 10**12 * 'a' }}",
        "{{ ('a' * 10**7) * 10**7 }}",
        "{{ 'a'.rjust(10**12) }}",
        "{{ 'a'.center(10**9) }}",
        "{{ ('a' * 10**6).replace('a', 'a' * 10**6) }}",
        "{{ ('a' * 10**6) | replace('a', 'a' * 10**6) }}",
        "{{ (['a' * 10**6] * 10**4) | join }}",
        "{{ ('a' * 10**6).join(['b'] * 10**5) }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '%.999999999f' % 1 }}",
        "{{ '{}{}{}'.format('a' * 10**7, 'a' * 10**7, 1) }}",
        "{{ [1] | tojson(indent=10**9) }}",
        "{{ 'a\nb' | indent(10**9) }}",
        "{% for i in range(100000) %}{% for j in range(100000) %}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa{% endfor %}{% endfor %}",
        "{% set x %}{% for i in range(100000) %}{% for j in range(100000) %}aaaaaaaaaaaaaaaaaaa{% endfor %}{% endfor %}{% endset %}",
    ] {
        refuses(bomb, "");
    }
}

#[test]
fn lists_cannot_grow_without_end() {
    let forty = |step: &str| {
        format!(
            "{{% set ns = namespace(x=[1]) %}}{{% for i in range(40) %}}{{% set ns.x = {step} %}}{{% endfor %}}{{{{ ns.x }}}}"
        )
    };
    for step in [
        "ns.x + ns.x",
        "[ns.x, ns.x]",
        "(ns.x, ns.x)",
        "{'a': ns.x, 'b': ns.x}",
        "ns.x * 2",
        "dict(a=ns.x, b=ns.x)",
        "[ns.x] | batch(1, ns.x) | list + [ns.x]",
    ] {
        // A list that doubles reaches another limit first: steps, or room for its items.
        let limit = if matches!(step, "ns.x + ns.x" | "ns.x * 2") { "" } else { "written out" };
        refuses(&forty(step), limit);
        // Unrolled, without a loop.
        refuses(
            &("{% set ns = namespace(x=[1]) %}".to_owned() + &format!("{{% set ns.x = {step} %}}").repeat(40)),
            limit,
        );
    }
    for bomb in [
        "{{ [0] * 10**9 }}",
        "{{ ([0] * 10**5) * 10**9 }}",
        "{{ range(10**9) }}",
        "{% for i in range(10**18) %}{% endfor %}",
        "{{ range(0, 10**18, 3) | list }}",
        "{{ range(100001) | length }}",
    ] {
        refuses(bomb, "");
    }
    shows("{{ range(100000) | length }} {{ range(-5) | length }}", "100000 0");
}

#[test]
fn loops_and_macros_come_to_an_end() {
    refuses("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}", "steps");
    refuses("{% macro m(x) %}{{ m(x) }}{% endmacro %}{{ m(1) }}", "recursion");
    refuses("{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}", "");
    refuses("{% macro m(n) %}{{ m(n + 1) }}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}", "");
    refuses("{% for x in [[1]] recursive %}{{ loop([x]) }}{% endfor %}", "");
    let wide = "{% macro m(n) %}{% if n > 0 %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}";
    refuses(wide, "steps");
    shows(
        "{% macro m(n) %}{% if n > 0 %}({{ m(n - 1) }}){% endif %}{% endmacro %}{{ m(20) }}",
        &("(".repeat(20) + &")".repeat(20)),
    );
}

#[test]
fn work_that_looks_small_is_counted() {
    let big = "{% set s = 'ab' * 4000000 %}{% set l = [0] * 500000 %}{% set d = {s: 1} %}";
    let twice = "{% set t = 'ab' * 4000000 %}{% set m = [0] * 500000 %}";
    for work in [
        "s == t",
        "s < t",
        "s in t",
        "l == m",
        "l in [m]",
        "[m].count(l)",
        "[l, m] | sort",
        "[l, m] | unique",
        "[l, m] | select('equalto', m) | list",
        "d[s]",
        "d.get(s)",
        "s in d",
        "s[-1]",
        "s[::2]",
        "s is upper",
        "s.strip(t)",
        "s | trim(t)",
        "l | string",
        "'' ~ l",
        "l | tojson",
        "dict(d, a=l).items() and l[1:]",
    ] {
        let source = format!("{big}{twice}{{% for i in range(100000) %}}{{% set x = {work} %}}{{% endfor %}}");
        refuses(&source, "steps");
    }
    for head in ["for c in s", "for c in l"] {
        let source =
            format!("{big}{{% for i in range(100000) %}}{{% {head} %}}{{% break %}}{{% endfor %}}{{% endfor %}}");
        // A list is gone over as it is; a text is taken apart first.
        assert_eq!(render(&source).is_err(), head.ends_with('s'), "{head}");
    }
    let loops = "{% for x in [1] %}{% for i in range(100000) %}{{ loop.changed(l, m) }}{% endfor %}{% endfor %}";
    refuses(&format!("{big}{twice}{loops}"), "steps");
}

#[test]
fn depth_is_bounded_however_it_is_made() {
    let nested = |step: &str| {
        format!(
            "{{% set ns = namespace(x=1) %}}{{% for i in range(50000) %}}{{% set ns.x = {step} %}}{{% endfor %}}done"
        )
    };
    for step in [
        "[ns.x]",
        "(ns.x,)",
        "{'a': ns.x}",
        "dict(a=ns.x)",
        "[ns.x] | batch(1) | list",
        "[[ns.x]] | map('first') | list",
    ] {
        match render(&nested(step)) {
            Err(e) => assert!(e.to_string().contains("deep"), "{step}: {e}"),
            // What goes in and out of a list does not get deeper.
            Ok(text) => assert_eq!((step, text.as_str()), ("[[ns.x]] | map('first') | list", "done")),
        }
    }
    // Nothing that is not data can be nested either.
    for step in ["namespace(y=ns.x)", "ns", "range"] {
        refuses(&nested(step), "holds text");
    }
    refuses("{% for y in [1] %}{{ [loop] }}{% endfor %}", "its parts");
    refuses("{% set ns = namespace() %}{{ [ns] }}", "holds text");
    refuses("{% set ns = namespace() %}{{ ns }}", "cannot be shown");
}

#[test]
fn sources_and_conversations_have_a_largest_size() {
    refuses(&"a".repeat(300_000), "bytes");
    assert!(ChatTemplate::new(&"a".repeat(200_000)).is_ok());
    let template = ChatTemplate::new("{{ messages[0].content }}").unwrap();
    let small = Limits { input: 1000, output: 100, ..Limits::default() };
    let template = template.with_limits(small);
    assert!(template.render(&user(&"a".repeat(90)), &Rendering::default()).is_ok());
    let output = template.render(&user(&"a".repeat(200)), &Rendering::default()).unwrap_err().to_string();
    assert!(output.contains("longer than 100"), "{output}");
    let input = template.render(&user(&"a".repeat(2000)), &Rendering::default()).unwrap_err().to_string();
    assert!(input.contains("conversation"), "{input}");
}

#[test]
fn long_conversations_fit() {
    let turns = |count: usize, text: &str| {
        let turn =
            |index: usize| Json::message(if index.is_multiple_of(2) { "user" } else { "assistant" }, text).unwrap();
        Json::list((0..count).map(turn).collect()).unwrap()
    };
    let source = "{% set ns = namespace(seen=[]) %}{% for m in messages %}{% set ns.seen = ns.seen + [m.role] %}{{ '<' + m.role + '>' + (m.content | trim) + '</s>' }}{% endfor %}{{ ns.seen | length }}";
    let template = ChatTemplate::new(source).unwrap();
    for (count, text) in [(1000, "hello there"), (4, &*"word ".repeat(200_000))] {
        let rendered = template.render(&turns(count, text), &Rendering::default()).unwrap();
        assert!(rendered.text.ends_with(&count.to_string()) && rendered.text.len() > count * text.trim().len());
    }
}

#[test]
fn templates_reach_no_files_and_no_code() {
    for source in [
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{% extends 'x' %}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id') }}",
        "{{ debug() }}",
        "{{ self.x }}",
        "{{ lipsum() }}",
        "{{ messages.append(1) }}",
        "{{ messages[0].update({'a': 1}) }}",
        "{{ messages[0].pop('role') }}",
        "{{ [1].sort() }}",
        "{% set n = namespace(a=1) %}{% set n._x = 1 %}",
        "{{ 'x' | attr('y') }}",
        "{{ 'x' | urlencode }}",
    ] {
        refuses(source, "");
    }
}

#[test]
fn what_undefined_may_do_is_what_jinja_allows() {
    shows(
        "[{{ a }}][{{ messages[0].a }}][{{ 'x' ~ a }}][{% for i in a %}{% endfor %}][{{ a | length }}]",
        "[][][x][][0]",
    );
    shows("[{{ none[0] }}][{{ true.x }}][{{ 3[0] }}]", "[][][]");
    shows(
        "{{ a is defined }}{{ a == b }}{{ a == none }}{{ a in [1] }}{{ 1 in a }}{{ not a }}",
        "FalseTrueFalseFalseFalseTrue",
    );
    for source in [
        "{{ a.b }}",
        "{{ a + 'x' }}",
        "{{ 'x' + a }}",
        "{{ a() }}",
        "{{ a | tojson }}",
        "{{ a < 1 }}",
        "{{ a[1:] }}",
        "{{ none + 'x' }}",
        "{{ 'x' + 1 }}",
        "{{ 1 in 'x' }}",
        "{{ 'a' < 1 }}",
        "{{ 1 % 0 }}",
        "{{ 1 in none }}",
        "{% for i in none %}{% endfor %}",
        "{% for i in 3 %}{% endfor %}",
        "{{ messages[0].content.x[1:] }}",
        "{{ (messages | length)[1:] }}",
    ] {
        refuses(source, "");
    }
}

#[test]
fn methods_of_mappings_come_before_their_keys() {
    let source = "{% set m = {'items': [1], 'keys': 2, 'a': 3} %}{{ m.items() | list | length }}{{ m.items is defined }}{{ m['items'] }}{{ m['values'] is defined }}{{ m.update is defined }}{{ m.a }}{{ m.get('items') }}";
    shows(source, "3True[1]TrueFalse3[1]");
    shows("{% set ns = namespace(items=[1]) %}{{ ns.items }}", "[1]");
}

#[test]
fn slices_are_those_of_python() {
    let parts = ["", "0", "1", "2", "-1", "-2", "9", "-9"];
    let steps = ["", "1", "2", "-1", "-3"];
    // Python: [0, 1, 2, 3, 4][a:b:c], written out by an independent walk over indices.
    for a in parts {
        for b in parts {
            for c in steps {
                let step: i64 = c.parse().unwrap_or(1);
                let bound = |text: &str, default: i64| {
                    text.parse::<i64>().map_or(default, |at| {
                        let at = if at < 0 { at + 5 } else { at };
                        if step > 0 { at.clamp(0, 5) } else { at.clamp(-1, 4) }
                    })
                };
                let (mut at, end) = if step > 0 { (bound(a, 0), bound(b, 5)) } else { (bound(a, 4), bound(b, -1)) };
                let mut expected = String::new();
                while (step > 0 && at < end) || (step < 0 && at > end) {
                    expected += &at.to_string();
                    at += step;
                }
                shows(
                    &format!("{{{{ '01234'[{a}:{b}:{c}] }}}}{{{{ [0, 1, 2, 3, 4][{a}:{b}:{c}] | join }}}}"),
                    &expected.repeat(2),
                );
            }
        }
    }
    refuses("{{ 'a'[::0] }}", "step");
}

#[test]
fn generation_changes_nothing_but_the_ranges() {
    let marked = "{% for m in messages %}\n<{{ m.role }}>\n  {%- if m.role == 'assistant' %}\n  {% generation %}\n   {{ m.content }}\n  {%- set x = 1 %}\n</s>{%- endgeneration %}\n{% else %}{{ m.content }}{% endif %}{{ x is defined }}\n{% endfor %}";
    // The same whitespace, scope and text, by tags that Jinja has always had.
    let plain = marked.replace("endgeneration", "endwith").replace("generation", "with");
    let texts = ["", "hello", "{% generation %}x{% endgeneration %}", "{{ _py_begin() }}", "e\u{301}👩‍🚀\n", " \n "];
    for first in texts {
        for second in texts {
            let messages = Json::list(vec![
                Json::message("user", first).unwrap(),
                Json::message("assistant", second).unwrap(),
                Json::message("assistant", first).unwrap(),
            ]);
            let messages = messages.unwrap();
            let with = Rendering::default();
            let found = ChatTemplate::new(marked).unwrap().render(&messages, &with).unwrap();
            let expected = ChatTemplate::new(&plain).unwrap().render(&messages, &with).unwrap();
            assert_eq!(found.text, expected.text);
            assert_eq!(expected.generated, None);
            let written: Vec<&str> = found.generated.unwrap().into_iter().map(|range| &found.text[range]).collect();
            let turns: Vec<String> = [second, first].iter().map(|text| format!("   {text}</s>")).collect();
            assert_eq!(written, turns);
        }
    }
}

#[test]
fn a_mask_that_cannot_be_told_is_not_given() {
    let source = "{% macro m() %}<a>{% generation %}x{% endgeneration %}{% endmacro %}{{ m() }}";
    let rendered = ChatTemplate::new(source).unwrap().render(&user("hi"), &Rendering::default()).unwrap();
    assert_eq!((rendered.text.as_str(), rendered.generated.as_ref()), ("<a>x", None));
    let tokenizer = crate::text::Tokenizer::parse(&crate::world::rules::tokenizer_json()).unwrap();
    assert!(rendered.tokens(&tokenizer).unwrap_err().to_string().contains("macro"));
}

#[test]
fn tokens_are_marked_where_the_assistant_wrote() {
    let tokenizer = crate::text::Tokenizer::parse(&crate::world::rules::tokenizer_json()).unwrap();
    let template =
        ChatTemplate::new("{{ messages[0].content }} {% generation %}the fox{% endgeneration %} sun").unwrap();
    let rendered = template.render(&user("must:fox <resp>"), &Rendering::default()).unwrap();
    let (ids, mask) = rendered.tokens(&tokenizer).unwrap();
    assert_eq!(ids, tokenizer.encode_piece("must:fox <resp> the fox sun").unwrap());
    assert_eq!(mask, [false, false, true, true, false]);
}

#[test]
fn conversations_that_are_none_are_refused() {
    let template = ChatTemplate::new("{{ messages[0].content }}").unwrap();
    let refusal =
        |json: &str, with: &Rendering| template.render(&Json::parse(json).unwrap(), with).unwrap_err().to_string();
    let with = Rendering::default();
    for (json, word) in [("[]", "empty"), ("{}", "list"), ("[1]", "object"), ("\"a\"", "list")] {
        assert!(refusal(json, &with).contains(word), "{json}");
    }
    let open = Rendering { continue_final_message: true, ..Rendering::default() };
    assert!(refusal("[{\"role\": \"user\"}]", &open).contains("content"));
    let both = Rendering { add_generation_prompt: true, ..open };
    assert!(refusal("[{\"role\": \"user\", \"content\": \"a\"}]", &both).contains("new one"));
    assert!(Json::parse(&("[".repeat(1000) + &"]".repeat(1000))).is_err());
    assert!(Json::parse("{").is_err());
}

#[test]
fn null_is_left_out_and_reasoning_has_all_its_names() {
    let template = ChatTemplate::new("{% for m in messages %}{{ m | tojson }}{% endfor %}").unwrap();
    let written = |json: &str| template.render(&Json::parse(json).unwrap(), &Rendering::default()).unwrap().text;
    assert_eq!(written(r#"[{"role": "a", "content": null, "tool_calls": null}]"#), r#"{"role": "a"}"#);
    assert_eq!(
        written(r#"[{"role": "a", "reasoning": "r"}]"#),
        r#"{"thinking": "r", "role": "a", "reasoning": "r", "reasoning_content": "r"}"#
    );
}

#[test]
fn the_hash_names_all_that_decides_the_text() {
    let template = ChatTemplate::new("a").unwrap();
    let other = template.clone().with_tokens([("bos_token".to_owned(), "<s>".to_owned())].into());
    assert_eq!(template.sha256(), ChatTemplate::new("a").unwrap().sha256());
    assert_ne!(template.sha256(), other.sha256());
    assert_ne!(template.sha256(), ChatTemplate::new("b").unwrap().sha256());
}
