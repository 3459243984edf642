//! Session, time, display groups, and the partner verification that nobody uses.

use super::requests;

requests! {
    /// Begins the session, right after the handshake.
    71 "startApi" StartApi [versioned unkeyed] {
        /// The client's own number; at most one connection has it.
        "clientId" client_id: i32;
        /// Free text; may carry a token.
        "optionalCapabilities" optional_capabilities: String;
    }
    /// Sets how much the server logs: ignored.
    14 "setServerLogLevel" SetServerLogLevel [versioned unkeyed] {
        /// 1 system to 5 detail.
        "logLevel" level: Option<i32>;
    }
    /// Asks for the time.
    49 "reqCurrentTime" CurrentTime [versioned unkeyed] {}
    /// Asks for the white-branding id.
    104 "reqUserInfo" UserInfo [plain keyed] {
        /// Request id.
        "reqId" request_id: i32;
    }
    /// Asks for the display groups of the workstation.
    67 "queryDisplayGroups" QueryDisplayGroups [versioned keyed] {
        /// Request id.
        "reqId" request_id: i32;
    }
    /// Follows a display group.
    68 "subscribeToGroupEvents" SubscribeToGroupEvents [versioned keyed] {
        /// Request id.
        "reqId" request_id: i32;
        /// Group.
        "groupId" group_id: i32;
    }
    /// Changes what a display group shows.
    69 "updateDisplayGroup" UpdateDisplayGroup [versioned keyed] {
        /// Request id of the subscription.
        "reqId" request_id: i32;
        /// Contract id and exchange, or a combo.
        "contractInfo" contract_info: String;
    }
    /// Stops following a display group.
    70 "unsubscribeFromGroupEvents" UnsubscribeFromGroupEvents [versioned keyed] {
        /// Request id of the subscription.
        "reqId" request_id: i32;
    }
    /// Partner verification, first step.
    65 "verifyRequest" VerifyRequest [versioned unkeyed] {
        /// Name of the program.
        "apiName" api_name: String;
        /// Its version.
        "apiVersion" api_version: String;
    }
    /// Partner verification, second step.
    66 "verifyMessage" VerifyMessage [versioned unkeyed] {
        /// Data.
        "apiData" api_data: String;
    }
    /// Partner verification with authentication, first step.
    72 "verifyAndAuthRequest" VerifyAndAuthRequest [versioned unkeyed] {
        /// Name of the program.
        "apiName" api_name: String;
        /// Its version.
        "apiVersion" api_version: String;
        /// The partner's key.
        "opaqueIsvKey" opaque_isv_key: String;
    }
    /// Partner verification with authentication, second step.
    73 "verifyAndAuthMessage" VerifyAndAuthMessage [versioned unkeyed] {
        /// Data.
        "apiData" api_data: String;
        /// Response.
        "xyzResponse" xyz_response: String;
    }
}
