//! Recovery codes: the digests of a set that were not used, in one column of its authenticator.

use access::AuthenticatorId;
use access::moment::Time;
use access::secret::Digest;
use data_encoding::HEXLOWER;
use sqlx::AnyConnection;

statements! {
    // A digest has 64 digits and is between spaces, so it is replaced in one place only.
    SPEND = "UPDATE authenticator SET codes = REPLACE(codes, $2, ''), last_used_at = $3, \
             row_version = row_version + 1 WHERE id = $1";
}

/// Takes a code that was used out of its set.
pub(crate) async fn spend(
    connection: &mut AnyConnection,
    set: AuthenticatorId,
    code: Digest,
    at: Time,
) -> Result<u64, sqlx::Error> {
    run!(connection, SPEND, set.to_string(), code.to_string(), at.0)
}

/// Digests as they are written: hex, with a space between them.
pub(crate) fn text(left: &[Digest]) -> String {
    left.iter().map(Digest::to_string).collect::<Vec<_>>().join(" ")
}

/// The inverse of [`text`].
pub(crate) fn read(text: &str) -> Result<Vec<Digest>, String> {
    let one = |text: &str| {
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|error| error.to_string())?;
        bytes.try_into().map(Digest).map_err(|_| "a digest has 32 bytes".to_owned())
    };
    text.split_ascii_whitespace().map(one).collect()
}
