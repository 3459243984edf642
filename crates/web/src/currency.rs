//! What amounts of a page are in.

use access::currency::Currency;

use crate::visit::Signed;

/// The base currency of the page's account.
pub(crate) fn of(signed: &Signed) -> Currency {
    signed.visit.portal.gate().paper_accounts().currency_of(signed.ticket.account)
}

/// The base currency of all accounts that the person may use; none where they have several.
pub(crate) fn common(signed: &Signed) -> Option<Currency> {
    signed.visit.portal.gate().paper_accounts().common_currency(&signed.ticket.accounts)
}

/// It, or what stands for it where each account has its own: `EUR`, `in the account's currency`.
pub(crate) fn words(common: Option<Currency>) -> String {
    common.map_or_else(|| "in the account's currency".to_owned(), |one| one.to_string())
}
