//! I15: whoever creates a batch has looked for the one an earlier, unanswered create may have left.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::id::ManifestId;
use domain::manifest::{TOKEN, named_in};
use paysage_http::{Incident, Phase, Response};
use sandbox::sim::SimRequest;

use super::Watch;
use crate::simulate::outside::{Outside, Peer, TENANTS, locked};
use crate::simulate::process::Process;

/// Creates, look-ups and recorded intents, in the order they were made.
#[derive(Default)]
pub struct Creates {
    clock: u64,
    creates: Vec<Create>,
    look_ups: Vec<(ManifestId, String, u64)>,
    intents: BTreeMap<(ManifestId, u64), u64>,
}

struct Create {
    manifest: ManifestId,
    by: String,
    intent: u64,
    at: u64,
    /// Its sender knows what became of it.
    answered: bool,
}

/// A create that was just sent.
#[derive(Debug, Clone, Copy)]
pub struct Sent(usize);

impl Creates {
    pub fn intended(&mut self, manifest: &ManifestId, epoch: u64) {
        self.clock = self.clock.saturating_add(1);
        self.intents.insert((manifest.clone(), epoch), self.clock);
    }

    fn looked(&mut self, manifest: ManifestId, by: &str) {
        self.clock = self.clock.saturating_add(1);
        self.look_ups.push((manifest, by.to_owned(), self.clock));
    }

    /// The create that was sent, and the unanswered one its sender did not look for, if any.
    fn sent(&mut self, manifest: &ManifestId, epoch: u64, by: &str) -> (Sent, Option<u64>) {
        self.clock = self.clock.saturating_add(1);
        let intent = self.intents.get(&(manifest.clone(), epoch)).copied().unwrap_or(self.clock);
        let missed = self.creates.iter().filter(|create| {
            create.manifest == *manifest && !create.answered && create.at < intent
        });
        let missed = missed
            .filter(|create| {
                // Another process knows of it by its intent; when it left, nobody else can know.
                let since = if create.by == by { create.at } else { create.intent };
                !self
                    .look_ups
                    .iter()
                    .any(|(looked_for, who, at)| looked_for == manifest && who == by && *at > since)
            })
            .map(|create| create.at)
            .next();
        let (manifest, by) = (manifest.clone(), by.to_owned());
        self.creates.push(Create { manifest, by, intent, at: self.clock, answered: false });
        (Sent(self.creates.len().saturating_sub(1)), missed)
    }
}

impl Watch {
    /// A process sends this to a vendor.
    pub fn sent(
        &self,
        outside: &Arc<Outside>,
        process: &Process,
        peer: Peer,
        request: &SimRequest,
    ) -> Option<Sent> {
        let Peer::Sage(company) = peer else { return None };
        let mut state = locked(&self.state);
        let posting = request.path.contains("ARReceiptAndAdjustmentBatches")
            || request.path.contains("ARPostReceipts");
        let sweeping = request.method == "GET" && request.query.contains("%27Open%27");
        outside.count(match (posting, sweeping) {
            (true, false) => "posting",
            (true, true) => "sweeping",
            (false, _) => "deciding",
        });
        if state.blind {
            return None;
        }
        if !TENANTS.get(company).is_some_and(|tenant| request.path.contains(tenant.company)) {
            let evidence = format!("{} was sent to company {company}", request.path);
            outside.journal.violation("I22", &evidence);
        }
        let creates = posting && request.method == "POST" && !request.path.contains("ARPost");
        if !creates {
            if let Some(manifest) = looked_for(request).filter(|_| posting) {
                state.creates.looked(manifest, &process.name);
            }
            return None;
        }
        let (manifest, epoch) = described(&request.body)?;
        let (sent, missed) = state.creates.sent(&manifest, epoch, &process.name);
        if missed.is_some() {
            let by = state.creates.creates.last().map(|create| create.by.clone());
            let evidence =
                format!("{by:?} creates {manifest} again without looking for the last create");
            outside.journal.violation("I15", &evidence);
        }
        Some(sent)
    }

    /// What the sender of a create heard.
    pub fn heard(&self, sent: Option<Sent>, answer: &Result<Response, Incident>) {
        let known = match answer {
            Ok(response) => match response.status {
                200..=299 => serde_json::from_slice::<serde_json::Value>(&response.body).is_ok(),
                status => (400..500).contains(&status),
            },
            Err(incident) => incident.phase == Phase::NotSent,
        };
        let Some(Sent(index)) = sent.filter(|_| known) else { return };
        if let Some(create) = locked(&self.state).creates.creates.get_mut(index) {
            create.answered = true;
        }
    }
}

/// Manifest and epoch in the description of a batch to be created.
fn described(body: &[u8]) -> Option<(ManifestId, u64)> {
    let text = std::str::from_utf8(body).ok()?;
    let from = text.find(TOKEN)?;
    let description = text.get(from..)?.split('"').next()?;
    let epoch = description.rsplit(':').next()?.parse().ok()?;
    Some((named_in(description)?, epoch))
}

/// The manifest whose batches a filter asks for.
fn looked_for(request: &SimRequest) -> Option<ManifestId> {
    if request.method != "GET" {
        return None;
    }
    let query = percent_encoding::percent_decode_str(&request.query).decode_utf8().ok()?;
    let from = query.find(TOKEN)?;
    named_in(query.get(from..)?.split('\'').next()?)
}
