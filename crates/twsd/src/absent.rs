//! What is not there: an error with the request's id; for a request without one its well-formed
//! empty answer. Never silence, but for cancellations of what is not there: the request that they
//! name got its error, and clients send them as a matter of course.

use tws::Inbound;
use tws::outbound::{
    DepthExchange, DisplayGroupList, ErrorCode, FamilyCode, FamilyCodes, MktDepthExchanges,
    NewsProviders, ReceiveFa, ScannerParameters, SoftDollarTiers, UserInfo,
};

use crate::client::Client;
use crate::outgoing::Outgoing;

impl Client {
    /// Answers a request for something that is not there.
    pub(crate) fn answer_absent(&self, request: &Inbound, out: &mut Outgoing) {
        match request {
            Inbound::RequestFa(request) => {
                out.put(&ReceiveFa { data_type: request.data_type, xml: "" });
            }
            Inbound::ScannerParameters(_) => out.put(&ScannerParameters {
                xml: "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ScanParameterResponse></ScanParameterResponse>",
            }),
            Inbound::QueryDisplayGroups(request) => {
                out.put(&DisplayGroupList { request_id: request.request_id, groups: "" });
            }
            Inbound::SoftDollarTiers(request) => {
                out.put(&SoftDollarTiers { request_id: request.request_id, rows: &[] });
            }
            Inbound::FamilyCodes(_) => {
                let row = |account| FamilyCode { account, code: "" };
                let rows: Vec<_> = self.managed.names().map(row).collect();
                out.put(&FamilyCodes { rows: &rows });
            }
            Inbound::MktDepthExchanges(_) => {
                let row = |exchange| DepthExchange {
                    exchange,
                    sec_type: "STK",
                    listing_exchange: exchange,
                    service_data_type: "Deep",
                    aggregated_group: 1,
                };
                out.put(&MktDepthExchanges { rows: &["NASDAQ", "NYSE"].map(row) });
            }
            Inbound::NewsProviders(_) => out.put(&NewsProviders { rows: &[] }),
            Inbound::UserInfo(request) => {
                out.put(&UserInfo { request_id: request.request_id, branding_id: "" });
            }
            other => refuse(other, out),
        }
    }
}

fn refuse(request: &Inbound, out: &mut Outgoing) {
    let Some((code, what)) = reason(request) else { return };
    let text = format!("{} is not supported: {what}.", request.name());
    out.error(request.request_id().unwrap_or(-1), code, &text);
}

/// Why something is not there; nothing for what needs no answer.
fn reason(request: &Inbound) -> Option<(ErrorCode, &'static str)> {
    let no = |what| Some((ErrorCode::PROCESSING, what));
    match request {
        Inbound::ExerciseOptions(_) => no("options are exercised at their expiry alone here"),
        Inbound::NewsBulletins(_)
        | Inbound::NewsArticle(_)
        | Inbound::HistoricalNews(_)
        | Inbound::WshMetaData(_)
        | Inbound::WshEventData(_) => no("there is no news or event calendar here"),
        Inbound::FundamentalData(_) => no("there is no fundamental data here"),
        Inbound::ScannerSubscription(_) => no("there is no market scanner here yet"),
        Inbound::HistogramData(_) => {
            no("there are no histograms here yet; historical bars are available")
        }
        Inbound::SmartComponents(_) => no("quotes here come from one exchange"),
        Inbound::ReplaceFa(_) => no("there are no adviser accounts here"),
        Inbound::SubscribeToGroupEvents(_) | Inbound::UpdateDisplayGroup(_) => {
            no("there are no windows here, so no display groups")
        }
        Inbound::VerifyRequest(_)
        | Inbound::VerifyMessage(_)
        | Inbound::VerifyAndAuthRequest(_)
        | Inbound::VerifyAndAuthMessage(_) => no(
            "programs are not verified this way; a credential's token goes into the connect options",
        ),
        _ => None,
    }
}
