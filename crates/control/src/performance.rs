//! What an account has gained, as it is told.

use access::PaperAccountId;
use gate::Gate;
use rust_decimal::Decimal;

use crate::account;
use crate::amount::money;
use crate::answer::{CurrencyMoveRow, MoveRow, PerformanceNow, PerformanceRow};
use crate::credential::symbol;
use crate::fault::Fault;

/// Of the account that is named, or of the only one.
pub(crate) async fn performance(
    gate: &Gate,
    account: Option<PaperAccountId>,
) -> Result<PerformanceNow, Fault> {
    let view = gate.view_of(account::meant(gate, account)?).await?;
    let (accounts, known) = (gate.paper_accounts(), gate.markets().instruments());
    let moves = accounts.moves(view.account)?;
    let told =
        |amount: Decimal| money(amount.round_dp(view.currency.digits()), Some(view.currency));
    let rate = |rate: Decimal| rate.normalize().to_string();
    let ranges = accounts.performance(&view).await?;
    Ok(PerformanceNow {
        account: view.account.to_string(),
        currency: view.currency.to_string(),
        ranges: ranges
            .into_iter()
            .map(|(range, one)| PerformanceRow {
                range: range.to_owned(),
                from: one.from.to_string(),
                to: one.to.to_string(),
                begin_value: told(one.begin),
                flows: told(one.flows),
                end_value: told(one.end),
                gain: told(one.gain()),
                time_weighted: one.time_weighted.map(rate),
                money_weighted: one.money_weighted.map(rate),
            })
            .collect(),
        moves: moves
            .positions
            .iter()
            .map(|one| MoveRow {
                symbol: symbol(known, one.symbol),
                currency: one.currency.to_string(),
                price: told(one.price),
                rate: told(one.rate),
            })
            .collect(),
        currencies: moves
            .currencies
            .iter()
            .map(|(currency, gain)| CurrencyMoveRow {
                currency: currency.to_string(),
                gain: told(*gain),
            })
            .collect(),
    })
}
