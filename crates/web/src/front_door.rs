//! The front door: each interface with its genuine address, the steps of a sign-in as they apply
//! here, the ways that work now, and why an act would be refused.

use access::Refusal;
use access::way::{Kind, Stand, Step, Way};
use axum::response::{IntoResponse, Response};
use gate::{Entrance, Power, SessionTicket};
use maud::{Markup, html};
use url::Url;

use crate::fault::Fault;
use crate::figure;
use crate::prompt;
use crate::refusal;
use crate::shell::{self, Tab};
use crate::visit::{Signed, Visit};

/// What is known of the visitor.
enum Seen {
    /// Signed in, with what each act meets.
    In(SessionTicket, Vec<Power>),
    /// At a browser that this person trusts.
    Trusted(String, Vec<Way>),
    /// Nothing; and why the session that was here is over, if one was.
    Nobody(Option<Refusal>),
}

/// `GET /where`
pub(crate) async fn show(visit: Visit) -> Result<Response, Fault> {
    let seen = look(&visit).await?;
    let gate = visit.portal.gate();
    let entrances = match &seen {
        Seen::In(..) => gate.front_door().entrances(),
        Seen::Trusted(..) | Seen::Nobody(_) => gate.front_door().public_entrances(),
    };
    let body = html! {
        (shell::title("Front door", &html! {
            @match seen { Seen::In(..) => a.btn href="/" { "Go to the account" }, _ => a.btn.main href="/sign-in" { "Sign in" } }
        }))
        div.stack {
            (steps(&visit, &seen))
            @match &seen {
                Seen::In(_, powers) => (acts(powers)),
                Seen::Trusted(name, ways) => (ways_of(name, ways, visit.portal.passkeys_elsewhere())),
                Seen::Nobody(why) => (nobody(why.as_ref())),
            }
            (interfaces(&entrances))
        }
    };
    let signed = match seen {
        Seen::In(ticket, _) => Signed::beside(visit, ticket).await,
        Seen::Trusted(..) | Seen::Nobody(_) => None,
    };
    let page = match signed {
        Some(signed) => shell::page(&signed, Tab::Elsewhere, "Front door", &body),
        None => shell::open("Front door", &body),
    };
    Ok(page.into_response())
}

async fn look(visit: &Visit) -> Result<Seen, Fault> {
    let gate = visit.portal.gate();
    let ended = match visit.session(false) {
        Some(Ok(ticket)) => {
            let powers = gate.front_door().powers(&ticket).map_err(|why| visit.fault(why))?;
            return Ok(Seen::In(ticket, powers));
        }
        Some(Err(why)) => Some(why),
        None => None,
    };
    let here =
        gate.front_door().ways_here(&visit.browser()).await.map_err(|why| visit.fault(why))?;
    Ok(match (here, ended) {
        (Some((name, ways)), _) => Seen::Trusted(name, ways),
        (None, ended) => Seen::Nobody(ended),
    })
}

/// The three steps of a sign-in, as they stand here.
fn steps(visit: &Visit, seen: &Seen) -> Markup {
    let now = visit.portal.gate().now();
    html! {
        section.card aria-labelledby="steps" {
            h2 #steps { "A sign-in has three steps" }
            ol.steps {
                li { b { "Who you are. " }
                    @match seen {
                        Seen::In(ticket, _) => { "You are " b { (ticket.username) } ", confirmed " (figure::ago(ticket.proven_at, now)) "." },
                        Seen::Trusted(name, _) => { "Nobody is signed in; " b { (name) } " trusts this browser." },
                        Seen::Nobody(_) => "Nobody is signed in here.",
                    }
                }
                li { b { "From where. " } (prompt::line(visit, None)) " "
                    @match seen {
                        Seen::In(ticket, _) if ticket.is_bound() => "The session is bound to this browser by a key.",
                        Seen::In(..) => "The session is not bound to this browser: it is view-only, and each action needs a sign-in.",
                        Seen::Trusted(..) => "This browser is trusted and has proved its key.",
                        Seen::Nobody(_) => "This browser is new here, or has no key: a password and code are not enough until it is activated.",
                    }
                }
                li { b { "What you get. " }
                    @match seen {
                        Seen::In(ticket, powers) => {
                            (allowed(powers)) " of " (figure::plural(powers.len(), "action")) " are open to this session, until " (figure::clock(ticket.until, now)) " at the latest. " a href="/session" { "What this session can and cannot do" }
                        },
                        _ => "A session with exactly the authority that its device and your way of signing in allow; it first tells you what it can and cannot do.",
                    }
                }
            }
        }
    }
}

fn allowed(powers: &[Power]) -> usize {
    powers.iter().filter(|one| one.stands.is_ok()).count()
}

/// Why an act would be refused, from the decision that its request would meet.
fn acts(powers: &[Power]) -> Markup {
    html! {
        section.card aria-labelledby="acts" {
            h2 #acts { "Why can't I\u{2026}?" }
            p.small.dim { "Checked just now, with the same check that every request goes through." }
            table.flip.lines {
                thead { tr { th { "To" } th { "Now" } th { "Why not, and what to do" } } }
                tbody { @for power in powers { tr {
                    td.key { (power.act) }
                    @match &power.stands {
                        Ok(()) => { td.end data-l="Now" { span.tag.up { "open" } } td.off data-l="Why not" { "\u{2013}" } },
                        Err(why) => { td.end data-l="Now" { span.tag.down { "refused" } } td.full { (refusal::said(why)) } },
                    }
                } } }
            }
        }
    }
}

/// The ways of the person who trusts this browser. A passkey belongs to one host name, so at another address it is no way in.
fn ways_of(name: &str, ways: &[Way], passkeys_at: Option<&Url>) -> Markup {
    html! {
        section.card aria-labelledby="ways" {
            h2 #ways { "Ways to sign in as " (name) " here, fastest first" }
            p.small.dim { "Checked just now, with the same checks as a sign-in. Shown because this browser is trusted and has proved its key." }
            ol.steps { @for way in ways { li {
                b { (way.kind.text()) } " "
                @match (&way.stand, passkeys_at.filter(|_| way.kind == Kind::Passkey)) {
                    (_, Some(home)) => { span.tag { "not at this address" } " Passkeys work at " a href=(home) { (home.as_str().trim_end_matches('/')) } " alone." },
                    (Stand::Open, None) => { span.tag.up { "works" } " " (took(&way.steps)) },
                    (Stand::NotSetUp, None) => { span.tag { "not set up" } },
                    (Stand::Refused(why), None) => { span.tag.down { "refused" } " " (refusal::said(why)) },
                }
            } } }
        }
    }
}

fn took(steps: &[Step]) -> String {
    let steps: Vec<_> = steps.iter().map(|step| step.text()).collect();
    refusal::sentence(&steps.join(", then "))
}

fn nobody(why: Option<&Refusal>) -> Markup {
    html! {
        section.card aria-labelledby="ways" {
            h2 #ways { "Why can't I sign in?" }
            @if let Some(why) = why { p { "This browser's last session: " (refusal::said(why)) } }
            p { "Fastest first: a passkey alone; password and a yes on your phone; password and a code from your app; password and a recovery code. In a new browser, the last two need one more code." }
            p { "We only say which of them work for you in a browser you trust, or once you are signed in. Nobody else learns anything about you here." }
            ul.says {
                li.cannot { span { b { "After wrong tries" } " there is a wait, and the page says how long. Guesses from elsewhere never lock out browsers you trust." } }
                li.cannot { span { b { "After \u{201c}lock everything\u{201d}" } " nobody signs in until the operator unlocks." } }
                li.cannot { span { b { "With only your password left" } " " a href="/recover" { "a recovery" } " takes three days and three messages, or the contacts you named." } }
                li.cannot { span { b { "With everything lost" } " the operator starts one, which waits just as long: nobody can let you in by phone or mail." } }
            }
        }
    }
}

fn interfaces(entrances: &[Entrance]) -> Markup {
    html! {
        section.card aria-labelledby="interfaces" {
            h2 #interfaces { "Interfaces and their addresses" }
            table.flip.lines {
                thead { tr { th { "Interface" } th { "Address" } th { "How to verify" } th { "For" } th { "Now" } } }
                tbody { @for one in entrances { tr {
                    td.key { (one.name) }
                    td.mono.full { (one.address) }
                    td.small.break data-l="How to verify:" { (one.proof) }
                    td.full data-l="For" { (one.purpose) }
                    td.full data-l="Now" { @match &one.open { Ok(()) => span.tag.up { "open" }, Err(why) => { span.tag.down { "closed" } " " (why) } } }
                } } }
            }
            p.small.dim { "Anything that asks for your password or a code at another address is not us. Our mails never contain a link that signs you in." }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn way_by_passkey_at_another_address_is_told_where_passkeys_work() {
        let way = |kind, stand| Way { kind, steps: vec![Step::Passkey], stand };
        let home: Url = "http://localhost:8080/".parse().unwrap();
        for stand in [Stand::Open, Stand::NotSetUp] {
            let ways = [way(Kind::Passkey, stand), way(Kind::Link, Stand::Open)];
            let here = ways_of("ada", &ways, None).into_string();
            assert!(!here.contains("not at this address"), "{here}");
            let there = ways_of("ada", &ways, Some(&home)).into_string();
            assert_eq!(there.matches(">works<").count(), 1, "the link alone: {there}");
            assert!(
                there.contains("not at this address") && there.contains(">http://localhost:8080<"),
                "{there}"
            );
        }
    }
}
