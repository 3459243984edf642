//! Contact, as the operator sees it.

use gate::ContactInfo;

use crate::act::instant;
use crate::answer::{ContactNow, FormerMail};

pub(crate) fn row(info: ContactInfo) -> ContactNow {
    let former = info.former.into_iter();
    ContactNow {
        username: info.username,
        mail_since: info.mail.as_ref().map(|(_, since)| instant(*since)),
        mail: info.mail.map(|(address, _)| address),
        asked: info.asked.map(|asked| asked.address),
        former: former.map(|(mail, until)| FormerMail { mail, until: instant(until) }).collect(),
        phone: info.phone.map(|(number, _)| number),
    }
}
