//! One client that was let in: what it follows, and the answer to each of its requests.

use std::net::IpAddr;
use std::sync::Arc;

use access::{Act, PaperAccountId, Refusal, SymbolId};
use gate::{Admission, Gate, View};
use tws::inbound::StartApi;
use tws::outbound::{CurrentTime, ErrorCode, ManagedAccounts, NextValidId};
use tws::{DecodeError, Inbound};

use crate::account::Accounts;
use crate::contract::Directory;
use crate::historical::Charts;
use crate::managed::Managed;
use crate::market_data::Tickers;
use crate::order::Orders;
use crate::outgoing::Outgoing;
use crate::refusal::{self, Subject};
use crate::shared::Shared;
use crate::tick_by_tick::SingleTicks;

/// The state of one connection.
#[expect(clippy::struct_field_names, reason = "the client id is the protocol's word")]
pub(crate) struct Client {
    pub(crate) gate: Gate,
    pub(crate) admission: Admission,
    pub(crate) address: IpAddr,
    pub(crate) client_id: i32,
    /// The accounts.
    pub(crate) managed: Managed,
    pub(crate) directory: Arc<Directory>,
    pub(crate) orders: Orders,
    pub(crate) accounts: Accounts,
    pub(crate) tickers: Tickers,
    pub(crate) charts: Charts,
    pub(crate) single_ticks: SingleTicks,
}

impl Client {
    /// Begins the session: accounts, the next order id, and the notices that clients wait for.
    pub(crate) async fn begin(
        shared: &Shared,
        admission: Admission,
        address: IpAddr,
        client_id: i32,
        out: &mut Outgoing,
    ) -> Self {
        let mut client = Self {
            gate: shared.gate.clone(),
            managed: Managed::of(&admission),
            admission,
            address,
            client_id,
            directory: Arc::clone(&shared.directory),
            orders: Orders::default(),
            accounts: Accounts::default(),
            tickers: Tickers::default(),
            charts: Charts::default(),
            single_ticks: SingleTicks::default(),
        };
        client.remember(out).await;
        out.put(&ManagedAccounts { accounts: &client.managed.list(&client.admission) });
        out.put(&NextValidId { order_id: client.orders.next_free() });
        out.error(-1, ErrorCode::MARKET_DATA_OK, "Market data farm connection is OK:floorpass");
        out.error(-1, ErrorCode::HISTORICAL_DATA_OK, "HMDS data farm connection is OK:floorpass");
        out.error(-1, ErrorCode::DEFINITIONS_OK, "Sec-def data farm connection is OK:floorpass");
        client
    }

    /// Whether the client may look at something that is of no account; if not it is told so.
    pub(crate) fn may(
        &self,
        act: Act,
        symbol: Option<SymbolId>,
        request_id: i32,
        subject: Subject,
        out: &mut Outgoing,
    ) -> bool {
        match self.gate.admissions().may(&self.admission.standing(), self.address, act, symbol) {
            Ok(()) => true,
            Err(refusal) => {
                out.error(request_id, refusal::code(&refusal, subject), &self.words(&refusal));
                false
            }
        }
    }

    /// Those of some accounts that the client may look at. Where there is none it is told why.
    pub(crate) fn seen(
        &self,
        accounts: Vec<PaperAccountId>,
        request_id: i32,
        out: &mut Outgoing,
    ) -> Vec<PaperAccountId> {
        let mut why = None;
        let sees = |account: &PaperAccountId| {
            let admission = self.admission.on(*account);
            let act = Act::ViewAccount;
            admission.is_some_and(|one| {
                match self.gate.admissions().may(&one, self.address, act, None) {
                    Ok(()) => true,
                    Err(refusal) => {
                        why.get_or_insert(refusal);
                        false
                    }
                }
            })
        };
        let seen: Vec<_> = accounts.into_iter().filter(sees).collect();
        if let Some(refusal) = why.filter(|_| seen.is_empty()) {
            let code = refusal::code(&refusal, Subject::Account);
            out.error(request_id, code, &self.words(&refusal));
        }
        seen
    }

    /// An account as it stands; if it cannot be had the client is told why.
    pub(crate) async fn view(
        &self,
        account: PaperAccountId,
        request_id: i32,
        out: &mut Outgoing,
    ) -> Option<Arc<View>> {
        let view = self.gate.view_of(account).await;
        view.inspect_err(|refusal| {
            out.error(request_id, ErrorCode::PROCESSING, &refusal::told(refusal));
        })
        .ok()
    }

    /// Answers any request but orders and cancellations.
    pub(crate) async fn answer(&mut self, request: Inbound, out: &mut Outgoing) {
        match request {
            Inbound::CurrentTime(_) => {
                out.put(&CurrentTime { seconds: self.gate.wall().seconds() });
            }
            Inbound::ManagedAccts(_) => {
                out.put(&ManagedAccounts { accounts: &self.managed.list(&self.admission) });
            }
            Inbound::Ids(_) => out.put(&NextValidId { order_id: self.orders.next_free() }),
            Inbound::StartApi(StartApi { client_id, .. }) => {
                let text = format!(
                    "Error validating request: this connection is client {}, and startApi names {client_id}; send startApi once.",
                    self.client_id
                );
                out.error(-1, ErrorCode::VALIDATING, &text);
            }
            // Nothing here has a level of logging of its own, and no order is placed by hand.
            Inbound::SetServerLogLevel(_) | Inbound::AutoOpenOrders(_) => {}
            Inbound::OpenOrders(_) => self.open_orders(false, out).await,
            Inbound::AllOpenOrders(_) => self.open_orders(true, out).await,
            Inbound::CompletedOrders(request) => self.completed_orders(request.api_only, out).await,
            Inbound::Executions(request) => self.executions(&request, out).await,
            Inbound::ContractDetails(request) => self.contract_details(&request, out),
            Inbound::MatchingSymbols(request) => self.matching_symbols(&request, out),
            Inbound::MarketRule(request) => self.market_rule(&request, out),
            Inbound::SecDefOptParams(request) => self.option_chain(&request, out),
            Inbound::Unknown { id, .. } => {
                let text = format!(
                    "Error validating request: message {id} does not exist in version {}.",
                    out.version()
                );
                out.error(-1, ErrorCode::VALIDATING, &text);
            }
            request => self.answer_stream(request, out).await,
        }
    }

    /// Requests that begin or end something that goes on.
    async fn answer_stream(&mut self, request: Inbound, out: &mut Outgoing) {
        match request {
            Inbound::AccountUpdates(request) => self.account_updates(&request, out).await,
            Inbound::AccountUpdatesMulti(request) => {
                self.account_updates_multi(&request, out).await;
            }
            Inbound::CancelAccountUpdatesMulti(request) => {
                self.accounts.end_multi(request.request_id);
            }
            Inbound::AccountSummary(request) => self.account_summary(&request, out).await,
            Inbound::CancelAccountSummary(request) => self.accounts.end_summary(request.request_id),
            Inbound::Positions(_) => self.positions(out).await,
            Inbound::CancelPositions(_) => self.accounts.end_positions(),
            Inbound::PositionsMulti(request) => self.positions_multi(&request, out).await,
            Inbound::CancelPositionsMulti(request) => {
                self.accounts.end_positions_multi(request.request_id);
            }
            Inbound::Pnl(request) => self.pnl(&request, out).await,
            Inbound::CancelPnl(request) => self.accounts.end_pnl(request.request_id, out),
            Inbound::PnlSingle(request) => self.pnl_single(&request, out).await,
            Inbound::CancelPnlSingle(request) => {
                self.accounts.end_pnl_single(request.request_id, out);
            }
            Inbound::MktData(request) => self.market_data(&request, out),
            Inbound::CancelMktData(request) => self.tickers.end(request.request_id, out),
            Inbound::MarketDataType(request) => self.tickers.set_kind(request.data_type, out),
            Inbound::MktDepth(request) => self.market_depth(&request, out),
            Inbound::CancelMktDepth(request) => self.tickers.end_depth(request.request_id, out),
            Inbound::RealTimeBars(request) => self.real_time_bars(&request, out),
            Inbound::CancelRealTimeBars(request) => {
                self.charts.end_real_time(request.request_id, out);
            }
            Inbound::TickByTickData(request) => self.tick_by_tick(&request, out),
            Inbound::CancelTickByTickData(request) => {
                self.single_ticks.end(request.request_id, out);
            }
            Inbound::HistoricalData(request) => self.historical_data(&request, out),
            Inbound::CancelHistoricalData(request) => self.charts.end(request.request_id, out),
            Inbound::HeadTimestamp(request) => self.head_timestamp(&request, out),
            Inbound::CalculateImpliedVolatility(request) => self.implied_volatility(&request, out),
            Inbound::CalculateOptionPrice(request) => self.option_price(&request, out),
            Inbound::HistoricalTicks(request) => self.historical_ticks(&request, out),
            request => self.answer_absent(&request, out),
        }
    }

    /// Says what is wrong with a message that cannot be read.
    pub(crate) fn complain(&mut self, error: &DecodeError, out: &mut Outgoing) {
        if error.message == "placeOrder" {
            self.note_refused("ORDER_UNREADABLE", error.to_string());
        }
        self.tell_unreadable(error, out);
    }

    fn tell_unreadable(&mut self, error: &DecodeError, out: &mut Outgoing) {
        let text = error.to_string();
        if error.message == "placeOrder" {
            self.refuse_unreadable(error.request_id, error.parent_id.unwrap_or(0), &text);
        } else {
            // Not 321: `ib_async` takes that for a warning, and its request would wait for ever.
            let id = error.request_id.unwrap_or(-1);
            out.error(id, ErrorCode::READING, &format!("Error reading request: {text}"));
        }
    }

    /// Puts on record what is refused here, before the gate is asked.
    pub(crate) fn note_refused(&self, code: &'static str, text: String) {
        self.gate.admissions().note_refused(&self.admission, self.address, code, text);
    }

    /// The answer to the first request after the credential's end.
    pub(crate) fn refuse_last(
        &mut self,
        request: Result<Inbound, DecodeError>,
        reason: &Refusal,
        out: &mut Outgoing,
    ) {
        let text = reason.to_string();
        match request {
            Ok(Inbound::PlaceOrder(request)) => {
                self.refuse_unreadable(Some(request.order_id), request.order.parent_id, &text);
            }
            // The order goes on, so this must not look like its end.
            Ok(Inbound::CancelOrder(request)) => self.refuse_last_cancel(request.order_id, &text),
            Ok(request) => {
                if let Some(id) = request.request_id() {
                    out.error(id, ErrorCode::PROCESSING, &text);
                }
            }
            Err(error) => self.tell_unreadable(&error, out),
        }
        self.put_late(out);
    }

    /// Whether something follows the quotes.
    pub(crate) fn follows_quotes(&self) -> bool {
        !self.tickers.is_empty()
            || !self.charts.is_empty()
            || !self.single_ticks.is_empty()
            || self.accounts.follows_quotes()
    }

    /// The quotes changed. A client that does not read gets the next ones.
    pub(crate) async fn tick(&mut self, out: &mut Outgoing) {
        if out.is_high() {
            return;
        }
        self.end_unseen_data(out);
        let followed = self.end_unseen_accounts(out);
        self.tick_market_data(out);
        self.put_single_ticks(out);
        self.tick_charts(out);
        self.tick_accounts(followed, out).await;
    }
}
