//! What a sign-in costs.

use crate::place::Place;
use crate::statements::{selects, sent};

/// What a load asked before slices were kept by version is 22, seven times on this way.
const MOST: usize = 40;

#[tokio::test]
async fn new_browser_signs_in_with_a_bounded_number_of_reads() {
    let place = Place::new().await;
    let mut visitor = place.visitor();
    let password = place.secrets.password.expose_text().unwrap();
    let fields = [("username", "trader"), ("password", password)];
    let mut all = Vec::new();

    let (step, statements) = sent(visitor.post("/sign-in", &fields)).await;
    assert_eq!(step.to(), "/sign-in/code");
    all.extend(statements);
    let (page, statements) = sent(visitor.get("/sign-in/code")).await;
    assert!(page.says("Code from your app"));
    all.extend(statements);
    let code = place.gate.authenticators().totp_now("trader").await.unwrap();
    let (step, statements) = sent(visitor.post("/sign-in/code", &[("code", &code)])).await;
    assert_eq!(step.to(), "/sign-in/activate");
    all.extend(statements);
    let (page, statements) = sent(visitor.get("/sign-in/activate")).await;
    assert!(page.says("Activate this browser"));
    all.extend(statements);
    let notices = place.gate.notices().outbox(&gate::Actor::Operator { uid: 0 }).await.unwrap();
    let code = notices.iter().find_map(|notice| notice.code.clone()).unwrap();
    let (step, statements) = sent(visitor.post("/sign-in/activate", &[("code", &code)])).await;
    assert!(step.to().starts_with('/') && !step.to().starts_with("/sign-in"), "{}", step.to());
    all.extend(statements);

    let reads = selects(&all);
    println!("{} reads, {} statements in all", reads.len(), all.len());
    assert!((5..=MOST).contains(&reads.len()), "{} reads: {reads:#?}", reads.len());
}
