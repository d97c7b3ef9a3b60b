//! What the rewriting does to a body.

use quote::{ToTokens, quote};

use super::*;

/// The text without spaces: how tokens are spaced depends on how they were made.
fn spelled(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string().replace(' ', "")
}

fn rewritten(body: proc_macro2::TokenStream) -> (String, Vec<String>, Vec<String>) {
    let mut cx = Ctxt::new();
    let block = syn::parse2(quote!({ #body })).expect("a block");
    let program = rewrite(block, &syn::parse_quote!(rt), &mut cx);
    let sites = program.sites.into_iter().map(|site| site.text).collect();
    (spelled(&program.body), cx.messages(), sites)
}

fn text(body: proc_macro2::TokenStream) -> String {
    let (text, errors, _) = rewritten(body);
    assert_eq!(errors, Vec::<String>::new());
    text
}

fn errors(body: proc_macro2::TokenStream) -> Vec<String> {
    rewritten(body).1
}

#[test]
fn awaits_go_through_step() {
    assert_eq!(
        text(quote!(fetch(one().await?).await)),
        spelled(&quote!({
            rt::__private::step(fetch(rt::__private::step(one()).await?)).await
        }))
    );
}

#[test]
fn async_blocks_are_branches_wherever_they_stand() {
    assert_eq!(
        text(quote!(let a = vec![async { one().await }];)),
        spelled(&quote!({
            let a = vec![rt::__private::branch(async {
                rt::__private::step(one()).await
            })];
        }))
    );
}

#[test]
fn join_polls_steps_only() {
    assert_eq!(
        text(quote!(futures::join!(one(), two()))),
        spelled(&quote!({
            futures::join!(rt::__private::step(one()), rt::__private::step(two()))
        }))
    );
}

#[test]
fn closures_that_call_functions_are_guarded_and_others_stay() {
    let guarded = text(quote!(items.map(|x| fetch(x))));
    assert!(guarded.contains("closure_guard"), "{guarded}");
    let plain = quote!(poll(every, move || inner).until(|s| s.finished));
    assert_eq!(text(plain.clone()), spelled(&quote!({ #plain })));
}

#[test]
fn async_closures_stay_closures() {
    let text = text(quote!(let f = async move |x: u32| one(x).await;));
    assert!(
        text.contains("asyncmove|x:u32|{rt::__private::branch_late(async{"),
        "{text}"
    );
}

#[test]
fn known_macros_are_looked_into_nested_too() {
    let text = text(
        quote!(println!("{}", format!("{:?}", one().await)); assert!(matches!(one().await, Ok(x) if x > 1))),
    );
    assert_eq!(text.matches("__private::step(").count(), 2, "{text}");
}

#[test]
fn untracked_is_left_alone() {
    let body = quote!(let x = untracked(async { std::fs::read(p).await }););
    assert_eq!(text(body.clone()), spelled(&quote!({ #body })));
}

#[test]
fn unknown_macros_may_stand_but_not_await() {
    assert_eq!(
        errors(quote!(let v = json!({ "a": b });)),
        Vec::<String>::new()
    );
    let errors = errors(quote!(let v = json!({ "a": b().await });));
    assert!(errors[0].starts_with("`json!` awaits"), "{errors:?}");
}

#[test]
fn each_mistake_is_said() {
    let errors = errors(quote! {
        select! { a = b() => {} };
        let now = SystemTime::now();
        let key = std::env::var("KEY");
        one().after(two).await?;
    });
    assert_eq!(errors.len(), 4, "{errors:?}");
}

#[test]
fn nested_functions_are_their_own() {
    let body = quote!(
        async fn inner() {
            one().await;
        }
    );
    assert_eq!(text(body.clone()), spelled(&quote!({ #body })));
}

#[test]
fn call_sites_are_listed_as_written() {
    let (_, _, sites) =
        rewritten(quote!(let a = report::send(fetch::<u32>(1).await?).await?; Ok(a)));
    assert_eq!(sites, ["report::send", "fetch"]);
}

#[test]
fn what_a_map_calls_is_marked() {
    let body = quote!(
        map(items(), fetch).await?;
        map(more, |each| other::load(each)).await?;
        last().await
    );
    let block = syn::parse2(quote!({ #body })).expect("a block");
    let sites = rewrite(block, &syn::parse_quote!(rt), &mut Ctxt::new()).sites;
    let marked: Vec<_> = sites
        .iter()
        .filter(|site| site.mapped)
        .map(|site| &*site.text)
        .collect();
    assert_eq!(marked, ["fetch", "other::load"]);
    assert!(sites.iter().any(|site| site.text == "last" && !site.mapped));
}

#[test]
fn functions_of_types_are_no_call_sites() {
    let sites = rewritten(quote!(let mut seen = Vec::<u8>::new(); report::send(seen).await;)).2;
    assert_eq!(sites, ["report::send"]);
}
