//! Death at every step of every flow: before the call leaves, and after it landed.

use std::sync::Mutex;

use super::campaign::{Tally, on_every_core};
use super::fault::Fault;
use super::outside::{Death, locked};
use super::plan::flows;
use super::run::{Manner, run};

/// Places to die at, and those that were died at.
#[derive(Debug, Clone, Default)]
pub struct Swept {
    pub total: u64,
    pub hit: u64,
    pub tally: Tally,
    /// Steps of each flow on its calm day.
    pub flows: Vec<(&'static str, u64)>,
}

/// All flows are run with the chances of this seed.
pub const SEED: u64 = 1;

/// Runs each flow once for each of its steps and sides.
///
/// # Errors
/// In words, when a run cannot be set up.
pub fn every_step(progress: &(dyn Fn(u64) + Sync)) -> Result<Swept, String> {
    let swept = Mutex::new(Swept::default());
    for (name, plan) in flows() {
        let calm = run(SEED, &plan, Manner::default())?;
        let steps = calm.steps;
        {
            let mut swept = locked(&swept);
            swept.flows.push((name, steps));
            swept.total = swept.total.saturating_add(steps.saturating_mul(2));
            swept.tally.add(SEED, calm);
        }
        on_every_core(0..steps.saturating_mul(2), |number| {
            let death = Death { step: number / 2 + 1, after: number % 2 == 1 };
            let outcome = run(SEED, &plan, Manner { death: Some(death), verbose: false });
            let mut swept = locked(&swept);
            match outcome {
                Ok(mut outcome) => {
                    let died = outcome.account.faults.get(&Fault::Crash) == Some(&1);
                    swept.hit = swept.hit.saturating_add(u64::from(died));
                    for text in &mut outcome.account.violations {
                        let after = if death.after { " --after" } else { "" };
                        let step = death.step;
                        *text = format!("(--flow '{name}' --die-at {step}{after}) {text}");
                    }
                    swept.tally.add(SEED, outcome);
                }
                Err(why) => swept.tally.violations.push((SEED, why)),
            }
            progress(swept.hit);
        });
    }
    Ok(swept.into_inner().unwrap_or_default())
}
