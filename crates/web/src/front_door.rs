//! The front door: each interface with its genuine address, the steps of a sign-in as they stand
//! here, the ways that work now, and why an act would be refused.

use access::Refusal;
use access::way::{Stand, Step, Way};
use axum::response::{IntoResponse, Response};
use gate::{Entrance, Power, SessionTicket};
use maud::{Markup, html};

use crate::fault::Fault;
use crate::figure;
use crate::prompt;
use crate::refusal;
use crate::shell;
use crate::visit::Visit;

/// Where it is.
pub(crate) const PATH: &str = "/where";

/// What is known of whoever looks.
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
        Seen::In(..) => gate.entrances(),
        Seen::Trusted(..) | Seen::Nobody(_) => gate.public_entrances(),
    };
    let body = html! {
        (shell::title("Front door", &html! {
            @match seen { Seen::In(..) => a.btn href="/" { "Go to the account" }, _ => a.btn.main href="/sign-in" { "Sign in" } }
        }))
        div.stack {
            (steps(&visit, &seen))
            @match &seen {
                Seen::In(_, powers) => (acts(powers)),
                Seen::Trusted(name, ways) => (ways_of(name, ways)),
                Seen::Nobody(why) => (nobody(why.as_ref())),
            }
            (interfaces(&entrances))
        }
    };
    Ok(shell::open("Front door", &body).into_response())
}

async fn look(visit: &Visit) -> Result<Seen, Fault> {
    let gate = visit.portal.gate();
    let ended = match visit.session(false) {
        Some(Ok(ticket)) => {
            let powers = gate.powers(&ticket).map_err(|why| visit.fault(why))?;
            return Ok(Seen::In(ticket, powers));
        }
        Some(Err(why)) => Some(why),
        None => None,
    };
    let here = gate.ways_here(&visit.browser()).await.map_err(|why| visit.fault(why))?;
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
                        Seen::In(ticket, _) => { "You are " b { (ticket.username) } ", proven " (figure::ago(ticket.proven_at, now)) "." },
                        Seen::Trusted(name, _) => { "Nobody is signed in; " b { (name) } " trusts this browser." },
                        Seen::Nobody(_) => "Nobody is signed in here.",
                    }
                }
                li { b { "From where. " } (prompt::line(visit, None)) " "
                    @match seen {
                        Seen::In(ticket, _) if ticket.is_bound() => "The session is bound to this browser by a key.",
                        Seen::In(..) => "The session is not bound to this browser: it is view-only, and each act needs a sign-in.",
                        Seen::Trusted(..) => "This browser is trusted and has shown its key.",
                        Seen::Nobody(_) => "This browser is new here, or has no key: a password and code are not enough until it is activated.",
                    }
                }
                li { b { "What then. " }
                    @match seen {
                        Seen::In(ticket, powers) => {
                            (allowed(powers)) " of " (figure::plural(powers.len(), "act")) " are open to this session, until " (figure::clock(ticket.until, now)) " at the latest. " a href="/session" { "What this session can and cannot do" }
                        },
                        _ => "A session with exactly the authority of its device and of how you signed in; it tells you first what it can and cannot do.",
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
            h2 #acts { "Why can I not \u{2026}?" }
            p.small.dim { "Checked just now, by the same check every request goes through." }
            table.flip {
                thead { tr { th { "To" } th { "Now" } th { "Why not, and what to do" } } }
                tbody { @for power in powers { tr {
                    td.key { (power.act) }
                    @match &power.stands {
                        Ok(()) => { td data-l="Now" { span.tag.up { "open" } } td data-l="Why not" { "\u{2013}" } },
                        Err(why) => { td data-l="Now" { span.tag.down { "refused" } } td data-l="Why not" { (refusal::sentence(&why.caller_text())) " " span.tag.mono { (why.code()) } } },
                    }
                } } }
            }
        }
    }
}

fn ways_of(name: &str, ways: &[Way]) -> Markup {
    html! {
        section.card aria-labelledby="ways" {
            h2 #ways { "Ways to sign in as " (name) " here, fastest first" }
            p.small.dim { "Checked just now, by the same checks the sign-in makes. Shown because this browser is trusted and has shown its key." }
            ol.steps { @for way in ways { li {
                b { (way.kind.text()) } " "
                @match &way.stand {
                    Stand::Open => { span.tag.up { "works" } " " (took(&way.steps)) },
                    Stand::NotSetUp => { span.tag { "not set up" } },
                    Stand::Refused(why) => { span.tag.down { "refused" } " " (refusal::sentence(&why.caller_text())) " " span.tag.mono { (why.code()) } },
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
            h2 #ways { "Why can I not sign in?" }
            @if let Some(why) = why { p { "This browser's last session: " (refusal::sentence(&why.caller_text())) " " span.tag.mono { (why.code()) } } }
            p { "Fastest first: a passkey alone; password and a yes on your phone; password and a code from your app; password and a recovery code. In a new browser, the last two need one more code." }
            p { "We only say which of them work for you in a browser you trust, or once you are signed in. Nobody else learns anything about you here." }
            ul.says {
                li.cannot { span { b { "After wrong tries" } " there is a wait, and the page says how long. Guesses from elsewhere never lock out browsers you trust." } }
                li.cannot { span { b { "After 'lock everything'" } " nobody signs in until the operator unlocks." } }
                li.cannot { span { b { "With only the password left" } " " a href="/recover" { "a recovery" } " takes three days and three messages, or the contacts you named." } }
                li.cannot { span { b { "With everything lost" } " the operator starts one, which waits just as long: nobody can let you in by phone or mail." } }
            }
        }
    }
}

fn interfaces(entrances: &[Entrance]) -> Markup {
    html! {
        section.card aria-labelledby="interfaces" {
            h2 #interfaces { "Interfaces, and where they really are" }
            table.flip {
                thead { tr { th { "Interface" } th { "Address" } th { "Genuine by" } th { "For" } th { "Now" } } }
                tbody { @for one in entrances { tr {
                    td.key { (one.name) }
                    td.mono data-l="Address" { (one.address) }
                    td.small.break data-l="Genuine by" { (one.proof) }
                    td data-l="For" { (one.purpose) }
                    td data-l="Now" { @match &one.open { Ok(()) => span.tag.up { "open" }, Err(why) => { span.tag.down { "closed" } " " (why) } } }
                } } }
            }
            p.small.dim { "Anything that asks for your password or a code at another address is not us. Our mails never contain a link that signs you in." }
        }
    }
}
