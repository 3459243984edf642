//! Authority that becomes less while a connection lasts: what is followed and may be looked at no longer ends with a word.
//! Every request is checked when it comes; what it began goes on by itself, so it is looked at again here.

use std::collections::BTreeSet;

use access::{Act, PaperAccountId, Refusal, SymbolId};

use crate::client::Client;
use crate::outgoing::Outgoing;
use crate::refusal::{self, Subject};

impl Client {
    /// Why the client may not look at an account any more; none while it may.
    fn unseen(&self, account: PaperAccountId) -> Option<Refusal> {
        let admission = self.admission.on(account)?;
        self.gate.admissions().may(&admission, self.address, Act::ViewAccount, None).err()
    }

    /// Ends what is followed on accounts that may not be looked at any more; the accounts of which something is
    /// followed still.
    pub(crate) fn end_unseen_accounts(&mut self, out: &mut Outgoing) -> BTreeSet<PaperAccountId> {
        let mut followed = self.accounts.followed();
        followed.retain(|account| {
            let account = *account;
            let Some(refusal) = self.unseen(account) else { return true };
            let code = refusal::code(&refusal, Subject::Account);
            let text = format!("Account {account}: {}", self.words_on(&refusal, account));
            let (ended, told) = self.accounts.leave(account);
            for id in ended {
                out.error(id, code, &text);
            }
            if told {
                out.error(-1, code, &text);
            }
            false
        });
        followed
    }

    /// Ends streams of market data that may not be looked at any more.
    pub(crate) fn end_unseen_data(&mut self, out: &mut Outgoing) {
        let standing = self.admission.standing();
        let admissions = self.gate.admissions();
        let mut refused = Vec::new();
        let mut sees = |id: i32, symbol: SymbolId| {
            let act = Act::ViewMarketData;
            let why = admissions.may(&standing, self.address, act, Some(symbol)).err();
            let sees = why.is_none();
            refused.extend(why.map(|why| (id, why)));
            sees
        };
        self.tickers.retain(&mut sees);
        self.charts.retain(&mut sees);
        self.single_ticks.retain(&mut sees);
        for (id, why) in refused {
            out.error(id, refusal::code(&why, Subject::MarketData), &self.words(&why));
        }
    }
}
