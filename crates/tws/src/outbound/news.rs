//! News.

use super::{responses, rows};

responses! {
    /// The news providers.
    85 NewsProviders<'a> {
        /// Rows.
        rows: &'a [NewsProvider<'a>];
    }
    /// A past headline.
    86 HistoricalNews<'a> {
        /// Request id.
        request_id: i32;
        /// Time, as text.
        time: &'a str;
        /// Provider.
        provider: &'a str;
        /// Article.
        article: &'a str;
        /// Headline.
        headline: &'a str;
    }
    /// The end of past headlines.
    87 HistoricalNewsEnd {
        /// Request id.
        request_id: i32;
        /// Whether there are more.
        has_more: bool;
    }
}

rows! {
    /// A news provider.
    NewsProvider<'a> {
        /// Code.
        code: &'a str;
        /// Name.
        name: &'a str;
    }
}
