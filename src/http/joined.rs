//! A record that was joined to another one has no pages any more: each leads to the same page of the record that goes on.
//!
//! An old tab, a bookmark and "Back" still name the joined record. What stands with the other (an allergy, say) is not to be
//! seen there, and what would be written there nobody would find. So the gate leads on from every such page, before its
//! handler, and takes nothing that is sent from one: what was typed is kept for the same page of the other record, which
//! offers it with a line that says so. What is sent in the very moment of joining the record's writer refuses.

use axum::http::Uri;
use axum::response::{IntoResponse, Redirect, Response};

use super::House;
use super::forms::pairs_of;
use super::respond::{Refusal, Refused};
use super::session::Visit;
use super::ui::t;
use crate::base::FhirId;
use crate::care::forms::{Draft, Keeping, page_of_other, patient_of_page};

/// What the address of a page says of how somebody came there: from a page of this joined record, or from a form of it.
const WAYS: [(&str, Way); 2] = [("joined", Way::Opened), ("joined-sent", Way::Sent)];

/// How somebody came to the record that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Opened,
    Sent,
}

impl Way {
    pub(super) fn words(self) -> String {
        t(match self {
            Self::Opened => "record-joined",
            Self::Sent => "record-joined-sent",
        })
        .to_string()
    }

    fn of(self, at: &str, joined: &FhirId) -> String {
        let name = WAYS.iter().find(|(_, way)| *way == self).map_or("", |(name, _)| name);
        let sign = if at.contains('?') { '&' } else { '?' };
        format!("{at}{sign}{name}={joined}")
    }
}

/// The address of a page without what says how somebody came there.
pub(super) fn plain(uri: &Uri) -> Option<String> {
    let whole = uri.path_and_query()?.as_str();
    let Some((path, query)) = whole.split_once('?').filter(|_| patient_of_page(whole).is_some()) else {
        return Some(whole.to_owned());
    };
    let rest: Vec<&str> = query.split('&').filter(|pair| way_in(pair).is_none()).collect();
    Some(if rest.is_empty() { path.to_owned() } else { format!("{path}?{}", rest.join("&")) })
}

fn way_in(pair: &str) -> Option<(Way, FhirId)> {
    let (name, value) = pair.split_once('=')?;
    let (_, way) = WAYS.into_iter().find(|(known, _)| *known == name)?;
    Some((way, FhirId::parse(value).ok()?))
}

/// How somebody came to this page, if the record that its address names was joined to the one that it shows.
pub(super) fn way(house: &House, uri: &Uri) -> Result<Option<Way>, Refusal> {
    let shown = uri.path_and_query().and_then(|at| patient_of_page(at.as_str()));
    let Some((way, from)) = uri.query().and_then(|query| query.split('&').find_map(way_in)) else { return Ok(None) };
    let led = house.records.goes_on_as(&from)?;
    Ok((led.is_some() && led == shown).then_some(way))
}

/// An address and a draft for it, of the record in which they go on.
pub(super) fn goes_on(house: &House, at: String, draft: Draft) -> Result<(String, Draft), Refusal> {
    let Some((from, to)) = over(house, &at)? else { return Ok((at, draft)) };
    let at = page_of_other(&at, &from, &to).unwrap_or(at);
    Ok((at, draft.of_other(&from, &to)))
}

/// The address alone.
pub(super) fn page_that_goes_on(house: &House, at: &str) -> Option<String> {
    let (from, to) = over(house, at).ok().flatten()?;
    page_of_other(at, &from, &to)
}

/// The joined record whose page it is, and the one that goes on.
fn over(house: &House, at: &str) -> Result<Option<(FhirId, FhirId)>, Refusal> {
    let Some(from) = patient_of_page(at) else { return Ok(None) };
    Ok(house.records.goes_on_as(&from)?.map(|to| (from, to)))
}

/// Where a page of a joined record leads; `None` for every other.
pub(super) fn led(house: &House, uri: &Uri) -> Result<Option<Response>, Refusal> {
    let Some(at) = plain(uri) else { return Ok(None) };
    let Some((from, to)) = over(house, &at)? else { return Ok(None) };
    let other = page_of_other(&at, &from, &to);
    Ok(other.map(|other| Redirect::to(&Way::Opened.of(&other, &from)).into_response()))
}

/// What was sent to a joined record: nothing of it is done. `at` is the page of its form, `sent` what was typed.
pub(super) async fn sent(
    visit: &Visit,
    path: &str,
    at: Option<&str>,
    sent: Option<Draft>,
) -> Result<Option<Response>, Refusal> {
    let named = sent.as_ref().and_then(|sent| pairs_of(&sent.body).into_iter().find(|(name, _)| name == "patient"));
    let named = named.filter(|_| patient_of_page(&format!("{path}?patient=x")).is_some());
    let patient = patient_of_page(path).or_else(|| FhirId::parse(&named?.1).ok());
    let Some(from) = patient else { return Ok(None) };
    let Some(to) = visit.house.records.goes_on_as(&from)? else { return Ok(None) };
    let Some(at) = at.and_then(|at| page_of_other(at, &from, &to)) else {
        return Err(Refusal::saying(Refused::Conflict, Way::Sent.words()));
    };
    if let Some(sent) = sent
        && visit.keep_meanwhile(&at, sent.of_other(&from, &to)).await? == Some(Keeping::TooLong)
    {
        // It stands in the page that sent it alone, to which this leads back.
        return Err(Refusal::new(Refused::Conflict));
    }
    Ok(Some(Redirect::to(&Way::Sent.of(&at, &from)).into_response()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_somebody_came_stands_in_the_address_and_is_no_part_of_the_page() {
        let from = FhirId::parse("b").unwrap();
        let uri = |text: &str| text.parse::<Uri>().unwrap();
        for at in ["/patients/a/notes/n?tab=x", "/patients/a/prescribe", "/bookings/new?with=w&patient=a"] {
            for way in [Way::Opened, Way::Sent] {
                let led = way.of(at, &from);
                assert_eq!(plain(&uri(&led)).as_deref(), Some(at), "{led}");
                assert_eq!(way_in(led.rsplit(['?', '&']).next().unwrap()), Some((way, from.clone())));
            }
        }
        let other = "/audit?joined=b";
        assert_eq!(plain(&uri(other)).as_deref(), Some(other), "only pages of records are led to");
    }
}
