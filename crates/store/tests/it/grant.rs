//! Grants of an older schema, which stored numbers and roles: what the migration makes of them is what
//! their evidence makes of them, letter by letter.

use access::PersonId;
use access::credential::Credential;
use access::entitlements::{Act, Acts, Product, Products, Scopes};
use access::id::CredentialId;
use access::mandate::{Mandate, Role};
use sqlx::{AnyPool, AssertSqlSafe};
use store::{Key, Store};

use crate::both_engines;
use crate::place::Place;

both_engines!(numbers_become_the_names_of_their_time, row_that_is_no_grant_does_not_stop_it);

const ACCOUNT: &str = "DU1234567";

/// Scopes as version 0.1.0 wrote them.
fn old_scopes(acts: u32, products: u32) -> String {
    format!(
        "{{\"acts\":{acts},\"read_only\":false,\"products\":{products},\"symbols\":{{\"only\":[265598]}},\
         \"sides\":\"both\",\"hours\":\"always\",\"addresses\":\"any\",\"until\":1802592000000000,\
         \"rate\":{{\"per_second\":5,\"burst\":5}},\"limits\":{{\"max_quantity\":100,\
         \"max_notional\":\"20000.50\",\"collar_bps\":null,\"max_open_orders\":null,\
         \"duplicate_window\":3000000}}}}"
    )
}

/// A schema before the step, with three persons and these scopes.
async fn older(place: &Place, scopes: &[String]) {
    sqlx::any::install_default_drivers();
    let pool = AnyPool::connect(place.url()).await.unwrap();
    store::migration::up_to(27).run(&pool).await.unwrap();
    let account = format!("INSERT INTO account VALUES ('{ACCOUNT}', 1, 'trading', 'USD', 1, NULL)");
    let mut statements = vec![account];
    for (at, role) in Role::ALL.into_iter().enumerate() {
        let (person, role) = (person(at), role.name());
        statements.push(format!("INSERT INTO person VALUES ('{person}', '{role}', 1, 1)"));
        statements.push(format!(
            "INSERT INTO mandate VALUES ('{person}', '{ACCOUNT}', '{role}', 7, NULL)"
        ));
    }
    for (at, scopes) in scopes.iter().enumerate() {
        statements.push(format!(
            "INSERT INTO credential (id, person, account, name, scopes, port, created_at, created_by) \
             VALUES ('{}', '{}', '{ACCOUNT}', 'bot {at}', '{scopes}', {}, 9, 'system')",
            credential(at),
            person(0),
            4000 + at
        ));
    }
    for statement in statements {
        sqlx::query(AssertSqlSafe(statement)).execute(&pool).await.unwrap();
    }
    pool.close().await;
}

fn person(at: usize) -> PersonId {
    PersonId([u8::try_from(at).unwrap() + 1; 16])
}

fn credential(at: usize) -> CredentialId {
    CredentialId([u8::try_from(at).unwrap() + 1; 16])
}

/// One column of a credential's row.
async fn kept(place: &Place, at: usize) -> String {
    let pool = AnyPool::connect(place.url()).await.unwrap();
    let select = format!("SELECT scopes FROM credential WHERE id = '{}'", credential(at));
    let (scopes,) = sqlx::query_as(AssertSqlSafe(select)).fetch_one(&pool).await.unwrap();
    scopes
}

async fn numbers_become_the_names_of_their_time(place: &Place) {
    let all = u32::MAX;
    let mut pairs =
        vec![(63, all), (63, 0), (3, 1), (0, all), (0x7fff, all), (all, 0), (0x8000, 1)];
    pairs.extend((0..15).map(|bit| (1 << bit, all)));
    let old: Vec<_> = pairs.iter().map(|(acts, products)| old_scopes(*acts, *products)).collect();
    older(place, &old).await;
    let store = Store::open(place.url()).await.unwrap();
    for (at, old) in old.iter().enumerate() {
        let evidence: Scopes = serde_json::from_str(old).unwrap();
        assert_eq!(kept(place, at).await, serde_json::to_string(&evidence).unwrap(), "{old}");
    }
    let first = old_scopes(63, all).replace(
        "\"acts\":63,",
        "\"acts\":[\"view_account\",\"view_market_data\",\"place_order\",\"reduce_order\",\
         \"modify_order\",\"cancel_order\"],",
    );
    let first = first.replace(
        "\"products\":4294967295,",
        "\"products\":[\"stock\"],\"order_kinds\":[\"market\",\"limit\",\"stop\",\"stop_limit\"],",
    );
    assert_eq!(kept(place, 0).await, first);
    let slice = store.slice(Key::Person(person(0))).await.unwrap();
    let read: Option<&Credential> = slice.credentials.iter().find(|one| one.id == credential(0));
    let read = &read.unwrap().scopes;
    assert_eq!(read.acts, Acts::VIEW.or(Acts::TRADE));
    assert_eq!(read.products, Products::of(&[Product::Stock]));
    for (at, role) in Role::ALL.into_iter().enumerate() {
        let slice = store.slice(Key::Person(person(at))).await.unwrap();
        let (person, role) = (person(at), role.name());
        let evidence: Mandate = serde_json::from_str(&format!(
            "{{\"person\":\"{person}\",\"account\":\"{ACCOUNT}\",\"role\":\"{role}\",\
             \"granted_at\":7,\"until\":null}}"
        ))
        .unwrap();
        assert_eq!(slice.mandates, [evidence]);
        assert!(slice.mandates[0].acts.contains(Act::ViewAccount));
    }
}

/// What somebody altered is for `evidence verify` to name; the upgrade leaves it as it is.
async fn row_that_is_no_grant_does_not_stop_it(place: &Place) {
    let odd = [
        "",
        "{}",
        "{\"acts\":",
        "{\"acts\":x,\"read_only\":false}",
        "{\"acts\":-1,\"read_only\":1}",
    ];
    let odd = odd.map(str::to_owned);
    older(place, &odd).await;
    Store::open(place.url()).await.unwrap().close().await;
    for (at, odd) in odd.iter().enumerate() {
        assert_eq!(kept(place, at).await, *odd);
    }
}
