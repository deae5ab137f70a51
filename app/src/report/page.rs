//! What all pages begin and end with: no script, no request, light and dark.

use crate::format::escape;

/// The look of all pages.
const STYLE: &str = include_str!("report.css");

/// What stands after the content.
pub const END: &str = "</main>\n</body>\n</html>\n";

/// Everything up to the content of a page of this title. The page may neither load nor run anything.
#[must_use]
pub fn begin(title: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n",
        escape(title)
    )
}
