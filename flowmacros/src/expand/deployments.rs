//! `deployments!`.

use std::path::Path;

use flowrt_grammar::deployments::{Entry, File, Key, Node, Place, Value, parse};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::{LitStr, Token};

use crate::ctxt::Ctxt;

/// The file, and where the macro's own names come from.
struct Input {
    file: LitStr,
    rt: syn::Path,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let shape =
            "`deployments!` takes the name of a file: `flowrt::deployments!(\"flowrt.yaml\")`";
        let file = input
            .parse()
            .map_err(|error| syn::Error::new(error.span(), shape))?;
        let mut rt = syn::parse_quote!(::flowrt);
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        if !input.is_empty() {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            rt = input.parse()?;
        }
        Ok(Self { file, rt })
    }
}

/// Expands `deployments!("flowrt.yaml")`.
pub(crate) fn expand(tokens: TokenStream) -> TokenStream {
    let Input { file, rt } = match syn::parse2(tokens) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let written = file.value();
    // A text of several lines is no name of a file: it is what would be in one.
    let is_inside = written.contains('\n');
    let (name, text, source) = if is_inside {
        ("deployments!".to_owned(), written, quote!(#file))
    } else {
        match read(&written) {
            Ok(text) => {
                let source = quote!(::core::include_str!(
                    ::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/", #file)
                ));
                (written, text, source)
            }
            Err(message) => return syn::Error::new(file.span(), message).to_compile_error(),
        }
    };
    let parsed = parse(&text);
    let mut cx = Ctxt::new();
    for fault in &parsed.faults {
        cx.error(&file, fault.shown(&name, &text));
    }
    let checks = checks(&rt, &parsed, &name, file.span());
    let errors = cx.into_errors();
    quote! {
        #errors
        #checks
        #rt::__private::inventory::submit! {
            #rt::__private::RegisteredDeployments { file: #name, text: #source }
        }
    }
}

/// Relative to the folder of the package, as everything in it is.
fn read(name: &str) -> Result<String, String> {
    let folder = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    std::fs::read_to_string(Path::new(&folder).join(name)).map_err(|error| {
        format!("the file {name} cannot be read: {error}\n\nit is looked for beside the package's Cargo.toml")
    })
}

/// Constants that stop the compiler where a deployment does not fit its flow.
fn checks(rt: &syn::Path, file: &File, name: &str, span: Span) -> TokenStream {
    let p = quote!(#rt::__private);
    let mut singles: Vec<String> = file
        .deployments
        .iter()
        .map(rust_path)
        .filter(|path| is_ident(path))
        .collect();
    singles.sort();
    singles.dedup();
    let singles = singles.iter().map(|name| Ident::new(name, span));
    let entries = file
        .deployments
        .iter()
        .map(|entry| entry_checks(&p, entry, name, span));
    // The inner block sees what stands beside the macro; what is not there comes from the outer one.
    quote_spanned! {span=>
        const _: () = {
            mod __missing {
                #(pub(super) use #p::missing as #singles;)*
            }
            #[allow(unused_imports)]
            use __missing::*;
            {
                #[allow(unused_imports)]
                use self::*;
                #(#entries)*
            }
        };
    }
}

fn entry_checks(p: &TokenStream, entry: &Entry, file: &str, span: Span) -> TokenStream {
    let path = rust_path(entry);
    let Ok(path) = syn::parse_str::<syn::Path>(&path) else {
        let message = format!("{file}:{}: `{path}` is no name of a flow", entry.flow.place);
        return syn::Error::new(span, message).to_compile_error();
    };
    let path = spanned(path, span);
    let place = at(file, entry.flow.place);
    let flow = entry.flow_name();
    let mut messages = vec![quote!(#p::flow_fault(__FLOW, #place, #flow))];
    let own = entry
        .schedules
        .iter()
        .flat_map(|schedule| &schedule.parameters);
    for (key, node) in entry.parameters.iter().chain(own) {
        let given = given_param(p, key, node, file);
        messages.push(quote!(#p::param_fault(__FLOW, &#given)));
    }
    for schedule in &entry.schedules {
        let names = entry.parameters.iter().chain(&schedule.parameters);
        let names = names.map(|(key, _)| &key.text);
        let place = at(file, entry.name.place);
        messages.push(quote!(#p::lack(__FLOW, #place, &[#(#names),*])));
    }
    quote_spanned! {span=>
        const _: () = {
            const __FLOW: &#p::Meta = #p::meta_of(&#path);
            #(
                const _: () = {
                    const MESSAGE: #p::Message = #messages;
                    if !MESSAGE.is_empty() {
                        ::core::panic!("{}", MESSAGE.text());
                    }
                };
            )*
        };
    }
}

fn rust_path(entry: &Entry) -> String {
    entry.flow.value.replace('-', "_")
}

fn is_ident(text: &str) -> bool {
    syn::parse_str::<Ident>(text).is_ok()
}

/// Every name of the path at the place of the macro's argument.
fn spanned(mut path: syn::Path, span: Span) -> syn::Path {
    for segment in &mut path.segments {
        segment.ident.set_span(span);
    }
    path
}

fn at(file: &str, place: Place) -> String {
    format!("{file}:{place}")
}

fn given_param(p: &TokenStream, key: &Key, node: &Node, file: &str) -> TokenStream {
    let name = &key.text;
    let place = at(file, key.place);
    let value = given(p, node);
    let shown = node.to_json();
    let shown: String = shown.chars().take(60).collect();
    quote!(#p::GivenParam { name: #name, place: #place, value: #value, shown: #shown })
}

fn given(p: &TokenStream, node: &Node) -> TokenStream {
    match &node.value {
        Value::Null => quote!(#p::Given::Null),
        Value::Bool(_) => quote!(#p::Given::Bool),
        Value::Number(number) => match number.parse::<i128>() {
            Ok(number) => quote!(#p::Given::Integer(#number)),
            Err(_) => quote!(#p::Given::Float),
        },
        Value::Text { .. } => quote!(#p::Given::Text),
        Value::List(items) => {
            let items = items.iter().map(|item| given(p, item));
            quote!(#p::Given::List(&[#(#items),*]))
        }
        Value::Map(_) => quote!(#p::Given::Map),
    }
}
