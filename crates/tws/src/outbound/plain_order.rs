//! openOrder (5) of an order without special terms, from a template: nine tenths of its bytes are the
//! same for all such orders of a connection, and only the rest is written.

use rust_decimal::Decimal;

use super::open_order::{USUAL_OCA_TYPE, put_price};
use super::{Amount, OpenOrder, OrderState, Response as _, Status};
use crate::contract::Contract;
use crate::field::Put as _;
use crate::frame::write_frame;
use crate::handshake::ServerVersion;
use crate::order::OrderFields;

/// Runs of fields in which plain orders differ.
const RUNS: usize = 7;

/// A contract's fields, written once for all messages that have them.
#[derive(Debug, Clone)]
pub struct ContractFields(Vec<u8>);

impl ContractFields {
    /// Those of a contract, as openOrder has them.
    pub fn new(contract: &Contract) -> Self {
        let mut bytes = Vec::new();
        contract.put_response(&mut bytes);
        Self(bytes)
    }
}

/// An order of which nothing but this is set, and its state.
#[derive(Debug, Clone, Copy)]
pub struct PlainOrder<'a> {
    /// The client's order id.
    pub order_id: i32,
    /// Contract.
    pub contract: &'a ContractFields,
    /// `BUY` or `SELL`.
    pub action: &'a str,
    /// Shares or contracts.
    pub total_quantity: Decimal,
    /// `LMT`, `MKT`, `STP`, `STP LMT`.
    pub order_type: &'a str,
    /// Limit price.
    pub limit_price: Option<Decimal>,
    /// Stop price.
    pub aux_price: Option<Decimal>,
    /// Time in force.
    pub tif: &'a str,
    /// Group of orders of which one cancels the others.
    pub oca_group: &'a str,
    /// 1 cancel with block, 2 reduce with block, 3 reduce without block.
    pub oca_type: Option<i32>,
    /// Account.
    pub account: &'a str,
    /// The client's own reference.
    pub order_ref: &'a str,
    /// Client that placed it.
    pub client_id: i32,
    /// Id of the order, the same for all clients.
    pub perm_id: i64,
    /// Whether it also works outside regular hours.
    pub outside_rth: bool,
    /// Order id of the parent, 0 for none.
    pub parent_id: i32,
    /// State.
    pub status: Status,
    /// Commission, once there is one.
    pub commission: Option<Decimal>,
    /// Its currency, or nothing.
    pub commission_currency: &'a str,
}

/// openOrder with gaps for what a [`PlainOrder`] says.
#[derive(Debug, Clone)]
pub struct OrderTemplate([Vec<u8>; RUNS + 1]);

impl OrderTemplate {
    /// For orders that have everything else as `base` has it.
    ///
    /// The gaps are found by writing two orders that differ in all of them. The tests do that for every
    /// version and compare what comes out with what [`OpenOrder`] writes.
    pub fn new(version: ServerVersion, base: &OrderFields) -> Self {
        let (one, other) = (sample(version, base, false), sample(version, base, true));
        let mut parts: [Vec<u8>; RUNS + 1] = Default::default();
        let mut at = 0_usize;
        let mut in_gap = false;
        for (field, other) in fields(&one).zip(fields(&other)) {
            let differs = field != other;
            if differs && !in_gap {
                at = at.saturating_add(1);
            } else if !differs && let Some(part) = parts.get_mut(at) {
                part.extend_from_slice(field);
            }
            in_gap = differs;
        }
        debug_assert_eq!(at, RUNS, "the fields are not those that plain orders have");
        Self(parts)
    }

    /// Appends the frame.
    pub fn write(&self, order: &PlainOrder<'_>, out: &mut Vec<u8>) {
        let [head, roles, groups, parents, state, commission, currency, tail] = &self.0;
        write_frame(out, |out| {
            out.extend_from_slice(head);
            order.put_terms(out);
            out.extend_from_slice(roles);
            order.order_ref.put(out);
            order.client_id.put(out);
            order.perm_id.put(out);
            order.outside_rth.put(out);
            out.extend_from_slice(groups);
            order.oca_type.unwrap_or(USUAL_OCA_TYPE).put(out);
            out.extend_from_slice(parents);
            order.parent_id.put(out);
            out.extend_from_slice(state);
            order.status.put(out);
            out.extend_from_slice(commission);
            order.commission.put(out);
            out.extend_from_slice(currency);
            order.commission_currency.put(out);
            out.extend_from_slice(tail);
        });
    }
}

impl PlainOrder<'_> {
    /// From the order id to the account.
    fn put_terms(&self, out: &mut Vec<u8>) {
        self.order_id.put(out);
        out.extend_from_slice(&self.contract.0);
        self.action.put(out);
        self.total_quantity.put(out);
        self.order_type.put(out);
        put_price(self.limit_price, out);
        put_price(self.aux_price, out);
        self.tif.put(out);
        self.oca_group.put(out);
        self.account.put(out);
    }
}

/// The fields of a payload, each with its NUL.
fn fields(payload: &[u8]) -> impl Iterator<Item = &[u8]> {
    payload.split_inclusive(|byte| *byte == 0)
}

/// The payload of one of two orders that differ in every gap and in nothing else.
fn sample(version: ServerVersion, base: &OrderFields, other: bool) -> Vec<u8> {
    let number = if other { 7 } else { 5 };
    let text = || if other { "b".to_owned() } else { "a".to_owned() };
    let price = Some(Decimal::from(number));
    let contract = Contract {
        con_id: number,
        symbol: text(),
        sec_type: text(),
        last_trade_date: text(),
        strike: price,
        right: text(),
        multiplier: text(),
        exchange: text(),
        currency: text(),
        local_symbol: text(),
        trading_class: text(),
        ..Contract::default()
    };
    let order = OrderFields {
        action: text(),
        total_quantity: price,
        order_type: text(),
        limit_price: price,
        aux_price: price,
        tif: text(),
        oca_group: text(),
        oca_type: Some(number),
        account: text(),
        order_ref: text(),
        outside_rth: other,
        parent_id: number,
        ..base.clone()
    };
    let currency = text();
    let state = OrderState {
        status: if other { Status::Submitted } else { Status::PreSubmitted },
        commission: Amount(price),
        commission_currency: &currency,
        ..OrderState::default()
    };
    let (order_id, perm_id) = (number, i64::from(number));
    let message = OpenOrder {
        order_id,
        contract: &contract,
        order: &order,
        client_id: number,
        perm_id,
        state,
    };
    let mut payload = Vec::new();
    message.put_fields(version, &mut payload);
    payload
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    const STATES: [Status; 5] = [
        Status::PreSubmitted,
        Status::Submitted,
        Status::Filled,
        Status::Cancelled,
        Status::Inactive,
    ];

    /// Any number that an order can have, places and all.
    fn number() -> impl Strategy<Value = Decimal> {
        (any::<i64>(), 0..9_u32).prop_map(|(mantissa, scale)| Decimal::new(mantissa, scale))
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![Just(String::new()), "[A-Z ]{1,8}", any::<String>()]
    }

    prop_compose! {
        fn contract()(
            con_id: i32, texts in prop::collection::vec(text(), 9), strike in prop::option::of(number()),
        ) -> Contract {
            let mut texts = texts.into_iter();
            let mut next = || texts.next().unwrap();
            Contract {
                con_id,
                strike,
                symbol: next(),
                sec_type: next(),
                last_trade_date: next(),
                right: next(),
                multiplier: next(),
                exchange: next(),
                currency: next(),
                local_symbol: next(),
                trading_class: next(),
                ..Contract::default()
            }
        }
    }

    prop_compose! {
        fn order()(
            texts in prop::collection::vec(text(), 6), total_quantity in number(),
            prices in prop::array::uniform2(prop::option::of(number())),
            oca_type: Option<i32>, outside_rth: bool, parent_id: i32, hedged: bool,
        ) -> OrderFields {
            let mut texts = texts.into_iter();
            let mut next = || texts.next().unwrap();
            OrderFields {
                action: next(),
                total_quantity: Some(total_quantity),
                order_type: next(),
                limit_price: prices[0],
                aux_price: prices[1],
                tif: next(),
                oca_group: next(),
                oca_type,
                account: next(),
                order_ref: next(),
                outside_rth,
                parent_id,
                dont_use_auto_price_for_hedge: hedged,
                ..OrderFields::default()
            }
        }
    }

    fn plain<'a>(message: &OpenOrder<'a>, contract: &'a ContractFields) -> PlainOrder<'a> {
        let (order, state) = (message.order, &message.state);
        PlainOrder {
            order_id: message.order_id,
            contract,
            action: &order.action,
            total_quantity: order.total_quantity.unwrap(),
            order_type: &order.order_type,
            limit_price: order.limit_price,
            aux_price: order.aux_price,
            tif: &order.tif,
            oca_group: &order.oca_group,
            oca_type: order.oca_type,
            account: &order.account,
            order_ref: &order.order_ref,
            client_id: message.client_id,
            perm_id: message.perm_id,
            outside_rth: order.outside_rth,
            parent_id: order.parent_id,
            status: state.status,
            commission: state.commission.0,
            commission_currency: state.commission_currency,
        }
    }

    proptest! {
        #[test]
        fn template_writes_what_the_encoder_writes_at_every_version(
            contract in contract(), order in order(), ids: (i32, i32, i64),
            status in prop::sample::select(&STATES[..]), commission in prop::option::of(number()),
            commission_currency in text(),
        ) {
            let message = OpenOrder {
                order_id: ids.0,
                contract: &contract,
                order: &order,
                client_id: ids.1,
                perm_id: ids.2,
                state: OrderState {
                    status,
                    commission: commission.into(),
                    commission_currency: &commission_currency,
                    ..OrderState::default()
                },
            };
            let base = OrderFields {
                dont_use_auto_price_for_hedge: order.dont_use_auto_price_for_hedge,
                ..OrderFields::default()
            };
            let written = ContractFields::new(&contract);
            let versions = (157..=178).filter_map(ServerVersion::new);
            for version in versions {
                let (mut from_template, mut from_encoder) = (Vec::new(), Vec::new());
                let template = OrderTemplate::new(version, &base);
                template.write(&plain(&message, &written), &mut from_template);
                message.write(version, &mut from_encoder);
                prop_assert_eq!(&from_template, &from_encoder, "version {}", version);
            }
        }
    }
}
