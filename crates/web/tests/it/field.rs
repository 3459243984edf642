//! What was typed and is refused is marked where it was typed.

use axum::http::StatusCode;

use crate::place::{Answer, Place};

/// The tag of the input with this id.
fn tag<'a>(page: &'a Answer, id: &str) -> &'a str {
    let mark = format!("id=\"{id}\"");
    let at = page.body.find(&mark).unwrap_or_else(|| panic!("no field {id}: {}", page.body));
    let begin = page.body[..at].rfind('<').unwrap();
    page.body[begin..].split('>').next().unwrap()
}

/// Whether a field is marked as wrong, leads to its reason, and has what was typed.
fn is_marked(page: &Answer, id: &str) -> bool {
    let input = tag(page, id);
    let described = format!("aria-describedby=\"{id}-err");
    input.contains("aria-invalid=\"true\"")
        && input.contains(&described)
        && page.body.contains(&format!("class=\"err\" id=\"{id}-err\""))
}

const PORTAL: [(&str, &str); 6] = [
    ("tempo", "active"),
    ("new_network", "prove"),
    ("view", "one"),
    ("trade", "one"),
    ("administer", "one"),
    ("withdraw", "two"),
];

#[tokio::test]
async fn field_that_is_refused_is_marked_in_its_form() {
    let place = Place::new().await;
    let mut owner = place.signed_in().await;
    let password = place.secrets.password.expose_text().unwrap().to_owned();
    let idle = [&PORTAL[..], &[("idle_minutes", "1")]].concat();
    let total = [&PORTAL[..], &[("absolute_hours", "many")]].concat();
    let window = |time, zone| vec![("weekday", "6"), ("time", time), ("zone", zone)];
    let recovery = |hours, needed| vec![("hours", hours), ("needed", needed), ("waits", "yes")];
    let account = [("current", password.as_str()), ("password", "short")];
    for (path, fields, id, code) in [
        ("/contact/mail", vec![("address", "nobody")], "address", "MAIL_INVALID"),
        ("/contact/phone", vec![("number", "12")], "number", "PHONE_INVALID"),
        ("/policies/portal", idle, "portal-idle_minutes", "OUT_OF_RANGE"),
        ("/policies/portal", total, "portal-absolute_hours", "OUT_OF_RANGE"),
        ("/policies/window", window("10:00", "Mars/Olympus!"), "zone", "ZONE_UNKNOWN"),
        ("/policies/window", window("25:00", "UTC"), "time", "OUT_OF_RANGE"),
        ("/policies/large-orders", vec![("above", "-1")], "above", "OUT_OF_RANGE"),
        ("/recovery/policy", recovery("1", "0"), "hours", "OUT_OF_RANGE"),
        ("/recovery/policy", recovery("soon", "0"), "hours", "OUT_OF_RANGE"),
        ("/recovery/policy", recovery("48", "3"), "needed", "OUT_OF_RANGE"),
        ("/recovery/trustees", vec![("username", "b o b")], "username", "USERNAME_INVALID"),
        ("/authenticators/password", account.to_vec(), "password", "OUT_OF_RANGE"),
    ] {
        let page = owner.post(path, &fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {}", page.body);
        assert!(page.says(code), "{path}: {}", page.body);
        assert!(is_marked(&page, id), "{path}: {} in {}", tag(&page, id), page.body);
        assert_eq!(page.body.matches("aria-invalid").count(), 1, "{path}: no other is marked");
        let (_, typed) = fields.iter().find(|(name, _)| id.ends_with(name)).unwrap();
        let keeps = tag(&page, id).contains(&format!("value=\"{typed}\""));
        assert!(keeps || id == "password" || id == "time", "{path}: {}", tag(&page, id));
    }
}

#[tokio::test]
async fn name_of_a_row_that_is_refused_is_marked_in_that_row() {
    let place = Place::new().await;
    let mut owner = place.signed_in().await;
    let mut other = place.signed_in().await;
    let devices = place.gate.devices().list(None).await.unwrap();
    let [one, two] = &devices[..] else { panic!("{devices:?}") };
    let (one, two) = (one.device.id, two.device.id);
    let path = format!("/devices/{one}/rename");
    let page = owner.post(&path, &[("name", "Kitchen\u{202e}")]).await;
    assert!(page.says("NAME_HIDDEN") && is_marked(&page, &format!("name-{one}")), "{}", page.body);
    assert!(!tag(&page, &format!("name-{two}")).contains("aria-invalid"), "{}", page.body);
    other.post(&format!("/devices/{two}/rename"), &[("name", "Hall")]).await.to();
    let page = owner.post(&path, &[("name", "Hall")]).await;
    assert!(page.says("NAME_TAKEN") && is_marked(&page, &format!("name-{one}")), "{}", page.body);
}

#[tokio::test]
async fn field_of_a_credential_that_is_refused_is_marked() {
    let place = Place::new().await;
    let mut owner = place.signed_in().await;
    let all = place.gate.credentials().list(None).await.unwrap();
    let narrow = all.iter().find(|info| info.credential.name.as_str() == "narrow").unwrap();
    let path = format!("/credentials/{}", narrow.credential.id);
    let page = owner.post(&format!("{path}/rename"), &[("name", "trading")]).await;
    assert!(page.says("NAME_TAKEN") && is_marked(&page, "name"), "{}", page.body);
    let fields = [("kind", "trading"), ("sides", "both"), ("days", "30"), ("demand_token", "yes")];
    let wide = [&fields[..], &[("collar", "500"), ("name", "bot")]].concat();
    let page = owner.post("/credentials", &wide).await;
    assert!(page.says("OUT_OF_RANGE") && is_marked(&page, "collar"), "{}", page.body);
    let page = owner.post(&format!("{path}/edit"), &wide).await;
    assert!(page.says("OUT_OF_RANGE") && is_marked(&page, "collar"), "{}", page.body);
    let port = all[0].door().port().unwrap().to_string();
    let taken = [&fields[..], &[("port", port.as_str()), ("name", "bot")]].concat();
    let page = owner.post("/credentials", &taken).await;
    assert!(page.says("PORT_TAKEN") && is_marked(&page, "port"), "{}", page.body);
    // For a script.
    let long = [("grace", "99999")];
    let made = owner.post("/credentials", &[&fields[..], &[("name", "bot")]].concat()).await;
    let rotate = made.to().replace("/created", "/rotate");
    let json = owner.post_for_script(&rotate, &long).await;
    let said: serde_json::Value = serde_json::from_str(&json.body).unwrap();
    assert_eq!((&said["code"], &said["field"]), (&"OUT_OF_RANGE".into(), &"token_grace".into()));
}
