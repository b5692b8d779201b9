//! A plain page in the style of the HTML report, without a script: for documents that are not made of events.

use super::{Lang, escaped, html};

/// Text as it may stand in HTML.
pub(crate) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in escaped(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// The page; `title` is text, `body` is HTML.
pub(crate) fn whole(lang: Lang, title: &str, body: &str) -> String {
    let (title, policy, style) = (text(title), html::policy(), html::STYLE);
    let lang = lang.code();
    format!(
        "<!doctype html>\n<html lang=\"{lang}\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><link rel=\"icon\" href=\"data:,\"><style>{style}</style></head>\
         <body><header><p class=\"mark\">speur</p><h1>{title}</h1></header><main>{body}</main></body></html>\n"
    )
}
