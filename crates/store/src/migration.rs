//! The steps that bring an older schema up to this version's, in their order.
//!
//! sqlx's macro would read the folder by itself, but it builds both drivers, SQLite included, a second time
//! for the compiler's own use.

use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// A step: its number, its name in the database's own list, and its statements.
type Step = (i64, &'static str, &'static str);

/// Files of `migrations/`, which are never changed once they have run anywhere: their digests are kept.
const STEPS: &[Step] = &[
    (1, "access", include_str!("../migrations/0001_access.sql")),
    (2, "binding", include_str!("../migrations/0002_binding.sql")),
    (5, "approval", include_str!("../migrations/0005_approval.sql")),
    (6, "revoked orders", include_str!("../migrations/0006_revoked_orders.sql")),
    (7, "authenticator", include_str!("../migrations/0007_authenticator.sql")),
    (8, "notice", include_str!("../migrations/0008_notice.sql")),
    (9, "policy", include_str!("../migrations/0009_policy.sql")),
    (10, "recovery", include_str!("../migrations/0010_recovery.sql")),
    (11, "push", include_str!("../migrations/0011_push.sql")),
    (12, "device", include_str!("../migrations/0012_device.sql")),
    (13, "large order", include_str!("../migrations/0013_large_order.sql")),
    (14, "own limits", include_str!("../migrations/0014_own_limits.sql")),
    (16, "visitor", include_str!("../migrations/0016_visitor.sql")),
    (20, "evidence version", include_str!("../migrations/0020_evidence_version.sql")),
    (21, "activity", include_str!("../migrations/0021_activity.sql")),
    (22, "paused credential", include_str!("../migrations/0022_paused_credential.sql")),
    (23, "agent", include_str!("../migrations/0023_agent.sql")),
    (24, "equity", include_str!("../migrations/0024_equity.sql")),
    (25, "former token", include_str!("../migrations/0025_former_token.sql")),
    (26, "site", include_str!("../migrations/0026_site.sql")),
    (27, "account", include_str!("../migrations/0027_account.sql")),
    (28, "grant", include_str!("../migrations/0028_grant.sql")),
    (29, "look up", include_str!("../migrations/0029_look_up.sql")),
    (30, "shards", include_str!("../migrations/0030_shards.sql")),
    (31, "account terms", include_str!("../migrations/0031_account_terms.sql")),
    (32, "mandate", include_str!("../migrations/0032_mandate.sql")),
    (34, "credential accounts", include_str!("../migrations/0034_credential_accounts.sql")),
    (35, "order account", include_str!("../migrations/0035_order_account.sql")),
    (36, "credential door", include_str!("../migrations/0036_credential_door.sql")),
    (37, "person limits", include_str!("../migrations/0037_person_limits.sql")),
];

/// The newest schema that this version knows.
pub fn newest() -> i64 {
    STEPS.iter().map(|(number, ..)| *number).max().unwrap_or(0)
}

/// Runs the steps up to `last` that a database lacks.
pub fn up_to(last: i64) -> Migrator {
    let steps = STEPS.iter().copied().filter(|(number, ..)| *number <= last);
    let migrations = steps.map(|(number, name, statements)| {
        let statements = SqlStr::from_static(statements);
        Migration::new(number, name.into(), MigrationType::Simple, statements, false)
    });
    Migrator::with_migrations(migrations.collect())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn steps_are_the_files_of_the_folder() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
        let files = std::fs::read_dir(folder).unwrap();
        let mut files: Vec<String> =
            files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        files.sort();
        let steps = STEPS.iter();
        let steps: Vec<_> = steps
            .map(|(number, name, _)| format!("{number:04}_{}.sql", name.replace(' ', "_")))
            .collect();
        assert_eq!(files, steps);
    }
}
