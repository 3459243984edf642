//! What an account stands to gain and to lose, as it is told.

use access::PaperAccountId;
use gate::Gate;
use rust_decimal::Decimal;
use trade::risk::LongShort;

use crate::account;
use crate::amount::money;
use crate::answer::{
    ExposureRow, RequirementPart, RequirementRow, RiskNow, StressRow, UnderlyingRow,
};
use crate::credential::symbol;
use crate::fault::Fault;

/// Of the account that is named, or of the only one.
pub(crate) fn risk(gate: &Gate, account: Option<PaperAccountId>) -> Result<RiskNow, Fault> {
    let account = account::meant(gate, account)?;
    let risk = gate.paper_accounts().risk(account)?;
    let known = gate.markets().instruments();
    let told = |amount: Decimal| money(amount.round_dp(2), Some(risk.currency));
    Ok(RiskNow {
        account: account.to_string(),
        currency: risk.currency.to_string(),
        products: risk.products.iter().map(|one| row(one, told)).collect(),
        currencies: risk.currencies.iter().map(|one| row(one, told)).collect(),
        underlyings: risk
            .underlyings
            .iter()
            .map(|(exposure, answers)| UnderlyingRow {
                symbol: symbol(known, exposure.of),
                long: told(exposure.long),
                short: told(exposure.short),
                delta: told(answers.delta),
                gamma: told(answers.gamma),
                vega: told(answers.vega),
                theta: told(answers.theta),
            })
            .collect(),
        requirements: risk
            .requirements
            .iter()
            .map(|one| RequirementRow {
                symbol: one
                    .parts
                    .iter()
                    .map(|(id, _)| symbol(known, *id))
                    .collect::<Vec<_>>()
                    .join(" + "),
                strategy: one.strategy.to_string(),
                parts: one
                    .parts
                    .iter()
                    .map(|(id, steps)| RequirementPart {
                        symbol: symbol(known, *id),
                        quantity: known.signed_quantity(*id, *steps).to_string(),
                    })
                    .collect(),
                maintenance: told(one.amount()),
            })
            .collect(),
        stress: risk
            .stress
            .iter()
            .map(|one| StressRow {
                prices: one.prices,
                volatility: one.volatility,
                gain: told(one.gain),
            })
            .collect(),
    })
}

fn row<T: ToString>(one: &LongShort<T>, told: impl Fn(Decimal) -> String) -> ExposureRow {
    ExposureRow { of: one.of.to_string(), long: told(one.long), short: told(one.short) }
}
