//! Accounts: which one a request is about.

use access::PaperAccountId;
use gate::Gate;
use trade::order::OrderId;

use crate::fault::Fault;
use crate::person::NAME_NEEDED;

fn unknown(account: PaperAccountId, known: &[PaperAccountId]) -> Fault {
    let text = format!("there is no account {account}; the accounts are {}", names(known));
    Fault::new("NOT_FOUND", text)
}

/// `DU0000001, DU0000002`.
fn names(accounts: &[PaperAccountId]) -> String {
    accounts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The account that is named, or all, closed ones included.
pub(crate) fn known(
    gate: &Gate,
    account: Option<PaperAccountId>,
) -> Result<Vec<PaperAccountId>, Fault> {
    let all = gate.paper_accounts().all();
    match account {
        Some(account) if all.contains(&account) => Ok(vec![account]),
        Some(account) => Err(unknown(account, &all)),
        None => Ok(all),
    }
}

/// The account that is named, or the only one that is open.
pub(crate) fn meant(gate: &Gate, account: Option<PaperAccountId>) -> Result<PaperAccountId, Fault> {
    if account.is_some() {
        let found = known(gate, account)?.into_iter().next();
        return found.ok_or_else(|| Fault::new("NOT_FOUND", "no such account"));
    }
    match gate.paper_accounts().open_ones().as_slice() {
        [only] => Ok(*only),
        several => {
            let (count, names) = (several.len(), names(several));
            let text = format!("there are {count} accounts; name one with --account: {names}");
            Err(Fault::new(NAME_NEEDED, text))
        }
    }
}

/// The account that an open order is on.
pub(crate) async fn of_order(gate: &Gate, order: OrderId) -> Result<Option<PaperAccountId>, Fault> {
    for account in gate.paper_accounts().open_ones() {
        let view = gate.view_of(account).await?;
        if view.open_orders.iter().any(|open| open.id == order) {
            return Ok(Some(account));
        }
    }
    Ok(None)
}
