//! News and corporate events.

use super::requests;

requests! {
    /// Begins news bulletins.
    12 "reqNewsBulletins" NewsBulletins [versioned unkeyed] {
        /// Also those of today that have gone out.
        "allMsgs" all_messages: bool;
    }
    /// Ends news bulletins.
    13 "cancelNewsBulletins" CancelNewsBulletins [versioned unkeyed] {}
    /// Asks for an article.
    84 "reqNewsArticle" NewsArticle [plain keyed] {
        /// Request id.
        "reqId" request_id: i32;
        /// Provider.
        "providerCode" provider: String;
        /// Article.
        "articleId" article: String;
        /// `tag=value;` pairs.
        "newsArticleOptions" options: String;
    }
    /// Asks for the news providers.
    85 "reqNewsProviders" NewsProviders [plain unkeyed] {}
    /// Asks for past headlines.
    86 "reqHistoricalNews" HistoricalNews [plain keyed] {
        /// Request id.
        "reqId" request_id: i32;
        /// Contract id.
        "conId" con_id: Option<i32>;
        /// Providers, with `+`.
        "providerCodes" providers: String;
        /// Start.
        "startDateTime" start: String;
        /// End.
        "endDateTime" end: String;
        /// How many, at most 300.
        "totalResults" total: Option<i32>;
        /// `tag=value;` pairs.
        "historicalNewsOptions" options: String;
    }
    /// Asks for the kinds of corporate events.
    100 "reqWshMetaData" WshMetaData [plain keyed] {
        /// Request id.
        "reqId" request_id: i32;
    }
    /// Ends that request.
    101 "cancelWshMetaData" CancelWshMetaData [plain keyed] {
        /// Request id of the request.
        "reqId" request_id: i32;
    }
    /// Asks for corporate events.
    102 "reqWshEventData" WshEventData [plain keyed] {
        /// Request id.
        "reqId" request_id: i32;
        /// Contract id.
        "conId" con_id: Option<i32>;
        /// Filter, JSON.
        "filter" filter: String, since 171;
        /// Fill with the watch list.
        "fillWatchlist" fill_watchlist: bool, since 171;
        /// Fill with the portfolio.
        "fillPortfolio" fill_portfolio: bool, since 171;
        /// Fill with competitors.
        "fillCompetitors" fill_competitors: bool, since 171;
        /// First day.
        "startDate" start: String, since 173;
        /// Last day.
        "endDate" end: String, since 173;
        /// How many.
        "totalLimit" limit: Option<i32>, since 173;
    }
    /// Ends that request.
    103 "cancelWshEventData" CancelWshEventData [plain keyed] {
        /// Request id of the request.
        "reqId" request_id: i32;
    }
}
