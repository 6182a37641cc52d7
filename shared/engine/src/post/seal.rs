//! Sealing: READY effects of one group go into manifests, the oldest first.

use std::collections::BTreeMap;

use domain::effect::{Effect, EffectState};
use domain::id::CompanyId;
use domain::manifest::{Entry, Group, Manifest};
use jiff::Timestamp;
use ledger::store::{EffectQuery, Sealed};

use super::{Post, PostError, Report, after, since_ms};

/// Effects looked at in one go.
const PAGE: usize = 990;

impl Post {
    pub(super) async fn seal(
        &self,
        company: &CompanyId,
        report: &mut Report,
    ) -> Result<(), PostError> {
        loop {
            let query = EffectQuery {
                company: Some(company.clone()),
                state: EffectState::Ready,
                limit: PAGE,
            };
            let ready = self.store.effects_by_state(&query).await?;
            let full = ready.len() == PAGE;
            let before = report.sealed;
            for ((group, _), effects) in grouped(ready) {
                self.seal_group(&group, effects, report).await?;
            }
            if !full || report.sealed == before {
                return Ok(());
            }
        }
    }

    async fn seal_group(
        &self,
        group: &Group,
        effects: Vec<Effect>,
        report: &mut Report,
    ) -> Result<(), PostError> {
        let now = self.clock.now();
        let max = self.limit_of(&effects);
        for chunk in effects.chunks(max) {
            if let Some(due) = self.not_yet(chunk, max, now) {
                report.next = report.next.map_or(Some(due), |next| Some(next.min(due)));
                continue;
            }
            let entries: Vec<Entry> = chunk.iter().filter_map(entry_of).collect();
            let manifest = Manifest::seal(group.clone(), entries, now)?;
            if self.store.seal_manifest(&manifest).await? == Sealed::Stored {
                report.sealed = report.sealed.saturating_add(1);
            }
        }
        Ok(())
    }

    /// When a chunk that is not full may still wait for more.
    fn not_yet(&self, chunk: &[Effect], max: usize, now: Timestamp) -> Option<Timestamp> {
        let oldest = chunk.iter().map(|effect| effect.since).min()?;
        let waited = since_ms(oldest, now);
        let wait = chunk.len() < max && waited < self.settings.linger_ms;
        wait.then(|| after(oldest, self.settings.linger_ms))
    }

    fn limit_of(&self, effects: &[Effect]) -> usize {
        let own = effects.iter().map(|effect| effect.seal_max).min().unwrap_or(1);
        usize::try_from(own).unwrap_or(1).clamp(1, self.settings.seal_max.max(1))
    }
}

/// By what a batch shares, and by how large a batch the effect may be in.
fn grouped(effects: Vec<Effect>) -> BTreeMap<(Group, u32), Vec<Effect>> {
    let mut groups: BTreeMap<(Group, u32), Vec<Effect>> = BTreeMap::new();
    for effect in effects {
        if let Some(content) = &effect.content {
            groups.entry((Group::of(content), effect.seal_max)).or_default().push(effect);
        }
    }
    groups
}

fn entry_of(effect: &Effect) -> Option<Entry> {
    let content = effect.content.clone()?;
    Some(Entry { effect: effect.key.clone(), generation: effect.generation, content })
}
