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

macro_rules! of_nouns {
    (
        both { $($both:ident $Both:ident;)* }
        asked { $($asked:ident $Asked:ident;)* }
        told { $($told:ident $Told:ident;)* }
    ) => {
        /// The statements of the nouns of `access`.
        const OF_NOUNS: &[&[&str]] =
            &[$(crate::$both::STATEMENTS,)* $(crate::$told::STATEMENTS,)*];
    };
}

access::for_each_noun!(of_nouns);

/// The statements of what has no events: reads, records of the server, and parts of nouns.
const OF_OTHERS: &[&[&str]] = &[
    crate::account::STATEMENTS,
    crate::activity::STATEMENTS,
    crate::checkpoint::STATEMENTS,
    crate::delivery::STATEMENTS,
    crate::equity::STATEMENTS,
    crate::folder::STATEMENTS,
    crate::guard::STATEMENTS,
    crate::hold::STATEMENTS,
    crate::order_decision::STATEMENTS,
    crate::record::STATEMENTS,
    crate::recovery_code::STATEMENTS,
    crate::shard::STATEMENTS,
    crate::site::STATEMENTS,
    crate::slice::STATEMENTS,
];

/// Every statement of the store.
pub fn all() -> impl Iterator<Item = &'static str> {
    OF_NOUNS.iter().chain(OF_OTHERS).copied().flatten().copied()
}
