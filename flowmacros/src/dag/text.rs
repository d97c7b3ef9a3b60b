//! Source text out of tokens.

use proc_macro2::{Delimiter, LineColumn, TokenStream, TokenTree};
use quote::ToTokens;

/// The tokens as they were written, on one line: a space stands where there was one.
pub(super) fn text(tokens: impl ToTokens) -> String {
    let mut out = String::new();
    let mut end = None;
    write(tokens.to_token_stream(), &mut out, &mut end);
    out
}

fn write(tokens: TokenStream, out: &mut String, end: &mut Option<LineColumn>) {
    for tree in tokens {
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                // A group that syn printed knows only where the whole of it stands.
                let (start, stop) = (group.span().start(), group.span().end());
                push(out, end, open, (start, moved(start, open.len())));
                write(group.stream(), out, end);
                push(out, end, close, (moved_back(stop, close.len()), stop));
            }
            other => {
                let span = other.span();
                push(out, end, &other.to_string(), (span.start(), span.end()));
            }
        }
    }
}

fn moved(at: LineColumn, by: usize) -> LineColumn {
    LineColumn {
        column: at.column + by,
        ..at
    }
}

fn moved_back(at: LineColumn, by: usize) -> LineColumn {
    LineColumn {
        column: at.column.saturating_sub(by),
        ..at
    }
}

fn push(
    out: &mut String,
    end: &mut Option<LineColumn>,
    text: &str,
    (start, stop): (LineColumn, LineColumn),
) {
    if end.is_some_and(|end| end != start) && !text.is_empty() {
        out.push(' ');
    }
    out.push_str(text);
    *end = Some(stop);
}

#[cfg(test)]
mod tests {
    #[test]
    fn spaces_stand_where_they_were_written() {
        let expr: syn::Expr = syn::parse_str("0..pages.len()  +  f( &x,\n y )").expect("parses");
        assert_eq!(super::text(expr), "0..pages.len() + f( &x, y )");
    }
}
