use super::*;

fn errors(body: &str) -> Vec<String> {
    let body = syn::parse_str::<syn::Block>(&format!("{{ {body} }}")).expect("parses");
    let params = [syn::parse_quote!(region), syn::parse_quote!(pages)];
    let mut cx = Ctxt::new();
    let lowered = lower(
        &body,
        &params,
        &syn::parse_quote!(Result<Report>),
        false,
        &mut cx,
        &syn::parse_quote!(::flowrt),
    );
    assert_eq!(lowered.is_some(), cx.is_clean());
    cx.messages()
}

fn first_lines(body: &str) -> Vec<String> {
    errors(body)
        .iter()
        .map(|error| error.lines().next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn right_bodies_are_not_refused() {
    for body in [
        "let a = f(region.clone()); g(a, region)",
        "let (n, s) = pair(pages); (n, s, 3)",
        "let x = f(pages); let x = g(x); Ok(x)",
        "let x = if pages > 3 { let y = f(pages); g(y) } else { h(1) }; k(x)",
        "match kind(region) { _ => () }",
        "let t = { let mut t = 0; for i in 0..pages { t += i; } t }; for i in 0..3 { println!(\"{i}\"); } f(t)",
        "let a = f(1).attempt(); let b = g(2).after((a, region)).on(Trigger::AllDone).named(\"b\"); b",
        "use x::y; const N: u32 = 3; y(N)",
        "let a = map(0..pages, |page| f(region.clone(), page)).concurrency(3); sleep(S).after(a); { h() }",
        "let v: Vec<u32> = { Vec::new() }; let w = v.iter().map(|x| -> Option<u32> { let y = a(x)?; return y; }).collect(); f(w)",
    ] {
        assert_eq!(errors(body), Vec::<String>::new(), "{body}");
    }
}

#[test]
fn each_mistake_is_named() {
    for (body, expected) in [
        (
            "let a = f(b); let b = g(a); b",
            "these nodes wait for each other: a → b → a",
        ),
        ("let a = f(a); a", "`a` waits for itself: a → a"),
        ("let a = f(1).after(a); a", "`a` waits for itself: a → a"),
        (
            "let a = f(c); let b = g(a); let c = h(b); c",
            "these nodes wait for each other: a → c → b → a",
        ),
        (
            "let a = f(b); let b = g(1); b",
            "`b` is used before it is bound",
        ),
        (
            "let a = if pages > 1 { f(b) } else { 3 }; let b = g(a); b",
            "these nodes wait for each other: a → b → a",
        ),
        ("f(1).after(nobody)", "no node is bound to `nobody`"),
        (
            "f(1).named(\"x\"); g(2).named(\"x\")",
            "the name \"x\" is already taken by the node in line 1",
        ),
        (
            "f(1).on(Trigger::OneFailed)",
            "`Trigger::OneFailed` can never hold: this node waits for no other",
        ),
        (
            "let a = f(1); g(a).on(Trigger::AllDone)",
            "with `Trigger::AllDone` this node may run although `a` has failed and has no value",
        ),
        ("f(1).on(Trigger::AllDne)", "this is no trigger rule"),
        (
            "let a = f(1)?; a",
            "a DAG flow has no `?`: a node that fails stops what depends on it",
        ),
        (
            "let a = f(1).await; a",
            "a DAG flow has no `.await`: a node starts as soon as what it uses is ready",
        ),
        (
            "if pages > 2 { return f(1); } g(2)",
            "a DAG flow has no `return`: its value is its last line",
        ),
        (
            "for p in 0..pages { f(p); } g(2)",
            "a DAG flow cannot loop around a call: its nodes are known before it runs",
        ),
        (
            "let a = String::from(\"x\"); f(a)",
            "`String::from` is not a task or flow",
        ),
        (
            "#[cfg(unix)] let a = f(1); g(2)",
            "`#[cfg]` cannot stand on a part of a DAG flow: its graph is made before `#[cfg]` is decided",
        ),
        (
            "let mut a = f(1); g(a)",
            "each name of a DAG flow is one value that does not change",
        ),
        (
            "let a = &region; g(a)",
            "a name of a DAG flow owns its value: it cannot borrow from another node",
        ),
        (
            "fn inner() {} g(2)",
            "only `use` and `const` items may stand in a DAG flow",
        ),
        (
            "let Some(a) = region else { panic!() }; g(a)",
            "`let … else` leaves the flow early, which a DAG cannot",
        ),
    ] {
        assert_eq!(first_lines(body), [expected], "{body}");
    }
}

#[test]
fn several_mistakes_are_reported_together() {
    assert_eq!(
        first_lines("let a = f(1)?; g(a).after(nobody); String::new()").len(),
        3
    );
}

fn counts(body: &str) -> Vec<(String, usize)> {
    let block = syn::parse_str::<syn::Block>(&format!("{{ {body} }}")).expect("parses");
    let body = parse::parse(&block, &[syn::parse_quote!(x)], true, &mut Ctxt::new());
    let mut counts: Vec<_> = uses::count(&body)
        .into_iter()
        .map(|(binding, count)| (body.bindings[binding].name.to_string(), count))
        .collect();
    counts.sort();
    counts
}

#[test]
fn uses_are_summed_over_nodes_and_of_arms_the_most_counts() {
    let one = |count| vec![("x".to_owned(), count)];
    assert_eq!(counts("f(x.clone(), x)"), one(1));
    assert_eq!(counts("f(x); g(x)"), one(2));
    assert_eq!(counts("if true { f(x) } else { g(x) }"), one(1));
    assert_eq!(counts("if x.ok() { f(x) } else { g(x); h(x) }"), one(3));
    assert_eq!(counts("f(1).after(x)"), vec![]);
}
