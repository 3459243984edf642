//! The installed app: what a browser may keep of it is the same for everybody.

use axum::http::{StatusCode, header};

use crate::place::Place;

#[tokio::test]
async fn what_a_browser_keeps_is_the_same_for_everybody() {
    let place = Place::new().await;
    let (mut nobody, mut owner) = (place.visitor(), place.signed_in().await);
    for path in ["/manifest.webmanifest", "/offline", "/sw.js"] {
        let (one, two) = (nobody.get(path).await, owner.get(path).await);
        assert_eq!((one.status, &one.body), (StatusCode::OK, &two.body), "{path}");
        assert!(!one.body.contains(&place.secrets.username), "{path}");
        assert!(one.headers.get(header::SET_COOKIE).is_none(), "{path}");
    }
    let offline = nobody.get("/offline").await;
    assert!(offline.says("cannot be reached") && offline.body.contains("href=\"/\""));
}

#[tokio::test]
async fn page_names_the_manifest_and_the_worker_keeps_only_files_and_the_offline_page() {
    let place = Place::new().await;
    let mut visitor = place.visitor();
    let page = visitor.get("/sign-in").await;
    assert!(page.body.contains("rel=\"manifest\" href=\"/manifest.webmanifest\""), "{}", page.body);
    let worker = visitor.get("/sw.js").await.body;
    let kept = worker.split("KEPT = ").nth(1).unwrap().split(';').next().unwrap();
    let kept: Vec<String> = serde_json::from_str(kept).unwrap();
    assert!(kept.contains(&"/offline".to_owned()));
    for path in kept {
        assert!(path == "/offline" || path.starts_with("/assets/"), "{path}");
        assert_eq!(visitor.get(&path).await.status, StatusCode::OK, "{path}");
    }
}
