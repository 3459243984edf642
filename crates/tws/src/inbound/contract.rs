//! Contracts and reference data.

use super::{Request, requests};
use crate::contract::Contract;
use crate::field::{FieldFault, Put as _, Reader};
use crate::handshake::ServerVersion;

/// Asks for the contracts that match a description.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContractDetails {
    /// Request id.
    pub request_id: i32,
    /// The description, with `include_expired`, `sec_id` and `issuer_id`.
    pub contract: Contract,
}

impl Request for ContractDetails {
    const ID: i32 = 9;
    const NAME: &'static str = "reqContractDetails";
    const KEY: Option<usize> = Some(1);

    fn key(&self) -> Option<i32> {
        Some(self.request_id)
    }

    fn read(reader: &mut Reader<'_>, version: ServerVersion) -> Result<Self, FieldFault> {
        reader.raw("version")?;
        let request_id = reader.get("reqId")?;
        let mut contract: Contract = reader.get("contract")?;
        contract.include_expired = reader.get("includeExpired")?;
        contract.sec_id_type = reader.get("secIdType")?;
        contract.sec_id = reader.get("secId")?;
        if version.has(176) {
            contract.issuer_id = reader.get("issuerId")?;
        }
        Ok(Self { request_id, contract })
    }

    fn put(&self, version: ServerVersion, out: &mut Vec<u8>) {
        8.put(out);
        self.request_id.put(out);
        self.contract.put(out);
        self.contract.include_expired.put(out);
        self.contract.sec_id_type.put(out);
        self.contract.sec_id.put(out);
        if version.has(176) {
            self.contract.issuer_id.put(out);
        }
    }
}

requests! {
    /// Searches contracts by symbol or name.
    81 "reqMatchingSymbols" MatchingSymbols [plain keyed] {
        /// Request id.
        "reqId" request_id: i32;
        /// Beginning of a symbol or name.
        "pattern" pattern: String;
    }
    /// Asks for a table of price increments.
    91 "reqMarketRule" MarketRule [plain unkeyed] {
        /// Number of the table; its answers have no request id.
        "marketRuleId" rule_id: i32;
    }
    /// Asks for the option chains of an underlying.
    78 "reqSecDefOptParams" SecDefOptParams [plain keyed] {
        /// Request id.
        "reqId" request_id: i32;
        /// Symbol of the underlying.
        "underlyingSymbol" underlying_symbol: String;
        /// Exchange of futures options, else empty.
        "futFopExchange" fut_fop_exchange: String;
        /// Security type of the underlying.
        "underlyingSecType" underlying_sec_type: String;
        /// Contract id of the underlying.
        "underlyingConId" underlying_con_id: i32;
    }
    /// Asks which exchanges the letters of a quote stand for.
    83 "reqSmartComponents" SmartComponents [plain keyed] {
        /// Request id.
        "reqId" request_id: i32;
        /// Key from tickReqParams.
        "bboExchange" bbo_exchange: String;
    }
    /// Asks which exchanges have depth.
    82 "reqMktDepthExchanges" MktDepthExchanges [plain unkeyed] {}
    /// Ends a fundamental data request.
    53 "cancelFundamentalData" CancelFundamentalData [versioned keyed] {
        /// Request id.
        "reqId" request_id: i32;
    }
}

/// Asks for a fundamental data report. ibapi has it no more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FundamentalData {
    /// Request id.
    pub request_id: i32,
    /// The contract; no expiry, strike, right, multiplier or trading class.
    pub contract: Contract,
    /// Kind of report.
    pub report_type: String,
    /// `tag=value;` pairs.
    pub options: String,
}

impl Request for FundamentalData {
    const ID: i32 = 52;
    const NAME: &'static str = "reqFundamentalData";
    const KEY: Option<usize> = Some(1);

    fn key(&self) -> Option<i32> {
        Some(self.request_id)
    }

    fn read(reader: &mut Reader<'_>, _: ServerVersion) -> Result<Self, FieldFault> {
        reader.raw("version")?;
        let request_id = reader.get("reqId")?;
        let contract = Contract {
            con_id: reader.get::<Option<i32>>("conId")?.unwrap_or(0),
            symbol: reader.get("symbol")?,
            sec_type: reader.get("secType")?,
            exchange: reader.get("exchange")?,
            primary_exchange: reader.get("primaryExchange")?,
            currency: reader.get("currency")?,
            local_symbol: reader.get("localSymbol")?,
            ..Contract::default()
        };
        let report_type = reader.get("reportType")?;
        // The number of options, which are one text anyhow.
        reader.raw("optionsCount")?;
        Ok(Self { request_id, contract, report_type, options: reader.get("options")? })
    }

    fn put(&self, _: ServerVersion, out: &mut Vec<u8>) {
        2.put(out);
        self.request_id.put(out);
        self.contract.con_id.put(out);
        self.contract.symbol.put(out);
        self.contract.sec_type.put(out);
        self.contract.exchange.put(out);
        self.contract.primary_exchange.put(out);
        self.contract.currency.put(out);
        self.contract.local_symbol.put(out);
        self.report_type.put(out);
        crate::field::put_count(self.options.matches(';').count(), out);
        self.options.put(out);
    }
}
