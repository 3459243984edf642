//! Statements are constants, named once, so that a test can have both engines prepare every one.

/// Names the statements of a file, and lists them as `STATEMENTS`.
macro_rules! statements {
    ($($name:ident = $sql:literal;)*) => {
        $(const $name: &str = $sql;)*
        /// Every statement of this file.
        pub(crate) const STATEMENTS: &[&str] = &[$($name),*];
    };
}

/// Runs a statement with its values; gives how many rows it changed.
macro_rules! run {
    ($connection:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        sqlx::query($sql)$(.bind($value))*.execute(&mut *$connection).await.map(|done| done.rows_affected())
    };
}

/// Runs a statement with its values; gives its rows.
macro_rules! rows {
    ($connection:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        sqlx::query($sql)$(.bind($value))*.fetch_all(&mut *$connection).await
    };
}

/// Runs a statement with its values; gives its row, if there is one.
macro_rules! row {
    ($connection:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        sqlx::query($sql)$(.bind($value))*.fetch_optional(&mut *$connection).await
    };
}

/// Every statement of the store.
pub fn all() -> impl Iterator<Item = &'static str> {
    [
        crate::activity::STATEMENTS,
        crate::approval::STATEMENTS,
        crate::authenticator::STATEMENTS,
        crate::brokerage::STATEMENTS,
        crate::checkpoint::STATEMENTS,
        crate::commit::STATEMENTS,
        crate::contact::STATEMENTS,
        crate::credential::STATEMENTS,
        crate::delivery::STATEMENTS,
        crate::device::STATEMENTS,
        crate::equity::STATEMENTS,
        crate::site::STATEMENTS,
        crate::evidence::STATEMENTS,
        crate::folder::STATEMENTS,
        crate::hold::STATEMENTS,
        crate::trustee::STATEMENTS,
        crate::large_order::STATEMENTS,
        crate::link::STATEMENTS,
        crate::lock::STATEMENTS,
        crate::mandate::STATEMENTS,
        crate::network::STATEMENTS,
        crate::notice::STATEMENTS,
        crate::order_decision::STATEMENTS,
        crate::person::STATEMENTS,
        crate::policy::STATEMENTS,
        crate::push::STATEMENTS,
        crate::recovery::STATEMENTS,
        crate::recovery_code::STATEMENTS,
        crate::session::STATEMENTS,
        crate::sign_in::STATEMENTS,
        crate::slice::STATEMENTS,
        crate::throttle::STATEMENTS,
        crate::travel::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .copied()
}
