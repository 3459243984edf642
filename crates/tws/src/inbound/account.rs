//! Accounts, positions, profit and loss, advisor settings.

use super::{Request, requests};
use crate::field::{FieldFault, Put as _, Reader};
use crate::handshake::ServerVersion;

requests! {
    /// Begins or ends the stream of account values and positions.
    6 "reqAccountUpdates" AccountUpdates [versioned unkeyed] {
        /// Begin; otherwise end.
        "subscribe" subscribe: bool;
        /// Account.
        "acctCode" account: String;
    }
    /// Asks for the accounts.
    17 "reqManagedAccts" ManagedAccts [versioned unkeyed] {}
    /// Asks for an advisor setting.
    18 "requestFA" RequestFa [versioned unkeyed] {
        /// 1 groups, 2 profiles, 3 aliases.
        "faDataType" data_type: i32;
    }
    /// Asks for all positions, and their changes.
    61 "reqPositions" Positions [versioned unkeyed] {}
    /// Ends the changes.
    64 "cancelPositions" CancelPositions [versioned unkeyed] {}
    /// Asks for values of accounts, and their changes.
    62 "reqAccountSummary" AccountSummary [versioned keyed] {
        /// Request id.
        "reqId" request_id: i32;
        /// `All` or an advisor's group.
        "groupName" group: String;
        /// Names of values, with commas; may include `$LEDGER`, `$LEDGER:ALL`, `$LEDGER:USD`.
        "tags" tags: String;
    }
    /// Ends the changes.
    63 "cancelAccountSummary" CancelAccountSummary [versioned keyed] {
        /// Request id of the summary.
        "reqId" request_id: i32;
    }
    /// Asks for the positions of one account or model, and their changes.
    74 "reqPositionsMulti" PositionsMulti [versioned keyed] {
        /// Request id.
        "reqId" request_id: i32;
        /// Account.
        "account" account: String;
        /// Model.
        "modelCode" model_code: String;
    }
    /// Ends the changes.
    75 "cancelPositionsMulti" CancelPositionsMulti [versioned keyed] {
        /// Request id of the positions.
        "reqId" request_id: i32;
    }
    /// Asks for the values of one account or model, and their changes.
    76 "reqAccountUpdatesMulti" AccountUpdatesMulti [versioned keyed] {
        /// Request id.
        "reqId" request_id: i32;
        /// Account.
        "account" account: String;
        /// Model.
        "modelCode" model_code: String;
        /// Only the ledger and the net liquidation value.
        "ledgerAndNLV" ledger_and_nlv: bool;
    }
    /// Ends the changes.
    77 "cancelAccountUpdatesMulti" CancelAccountUpdatesMulti [versioned keyed] {
        /// Request id of the values.
        "reqId" request_id: i32;
    }
    /// Asks for the profit and loss of an account, and its changes.
    92 "reqPnL" Pnl [plain keyed] {
        /// Request id.
        "reqId" request_id: i32;
        /// Account.
        "account" account: String;
        /// Model.
        "modelCode" model_code: String;
    }
    /// Ends the changes.
    93 "cancelPnL" CancelPnl [plain keyed] {
        /// Request id of the profit and loss.
        "reqId" request_id: i32;
    }
    /// Asks for the profit and loss of one position, and its changes.
    94 "reqPnLSingle" PnlSingle [plain keyed] {
        /// Request id.
        "reqId" request_id: i32;
        /// Account.
        "account" account: String;
        /// Model.
        "modelCode" model_code: String;
        /// Contract id.
        "conId" con_id: i32;
    }
    /// Ends the changes.
    95 "cancelPnLSingle" CancelPnlSingle [plain keyed] {
        /// Request id of the profit and loss.
        "reqId" request_id: i32;
    }
    /// Asks for family codes.
    80 "reqFamilyCodes" FamilyCodes [plain unkeyed] {}
    /// Asks for soft-dollar tiers.
    79 "reqSoftDollarTiers" SoftDollarTiers [plain keyed] {
        /// Request id.
        "reqId" request_id: i32;
    }
}

/// Replaces an advisor setting.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplaceFa {
    /// 1 groups, 2 profiles, 3 aliases.
    pub data_type: i32,
    /// The setting.
    pub xml: String,
    /// Request id, the last field.
    pub request_id: i32,
}

impl Request for ReplaceFa {
    const ID: i32 = 19;
    const NAME: &'static str = "replaceFA";
    const KEY: Option<usize> = Some(3);

    fn key(&self) -> Option<i32> {
        Some(self.request_id)
    }

    fn read(reader: &mut Reader<'_>, _: ServerVersion) -> Result<Self, FieldFault> {
        reader.raw("version")?;
        Ok(Self {
            data_type: reader.get("faDataType")?,
            xml: reader.get("xml")?,
            request_id: reader.get("reqId")?,
        })
    }

    fn put(&self, _: ServerVersion, out: &mut Vec<u8>) {
        1.put(out);
        self.data_type.put(out);
        self.xml.put(out);
        self.request_id.put(out);
    }
}
