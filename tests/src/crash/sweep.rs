//! Living a flow calmly, then once for each place to die at.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::process::Command;
use tokio::time::timeout;

use super::bomb::{ENDED_THERE, Place};
use super::flow::{Flow, Stage};
use super::life::{ORDER, Order, TEST};
use super::verdict;
use crate::rig::{Rig, Setup};

/// Where one run of a flow dies.
#[derive(Debug, Clone, Copy)]
struct Death {
    stage: usize,
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Nothing was left to do, or it came to where it was told to end.
    Reached,
    Died,
}

/// A life begins so much later for each death before it: messages that were being worked on are
/// visible again.
const LATER_MS: i64 = 200_000;

/// Dies at every call of the flow, before it and after it.
pub async fn sweep(flow: Flow) {
    let Played { calls: calm, .. } = play(flow, &[]).await;
    let calls: usize = calm.iter().map(Vec::len).sum();
    for call in flow.leads_through() {
        assert!(calm.iter().flatten().any(|made| made == call), "{flow:?}: no {call}");
    }
    let every = every();
    let first = usize::try_from(runtime::clock::now().as_second() / 86_400).unwrap() % every;
    let mut deaths = 0;
    let mut places = 0;
    for (stage, names) in calm.iter().enumerate() {
        for (n, name) in names.iter().enumerate() {
            for after in [false, true] {
                places += 1;
                if places % every != first {
                    continue;
                }
                let death = Death { stage, place: Place { call: n + 1, after } };
                let side = if after { "after" } else { "before" };
                println!("{flow:?}: dies {side} call {} of stage {stage}, {name}", n + 1);
                let played = play(flow, &[death]).await;
                assert_eq!(played.died, 1, "{flow:?}: {death:?} was not come to");
                deaths += 1;
            }
        }
    }
    assert!(deaths >= places / every && places == 2 * calls && calls > 20, "{deaths} deaths");
    println!("{flow:?}: {deaths} deaths at {places} places: {calls} calls, both sides of each");
}

/// Dies time and again while it takes up what the lives before left, where the seed says.
pub async fn dies_in_a_row(flow: Flow, seed: u64) -> usize {
    const TIMES: usize = 4;
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let mut deaths = Vec::new();
    for stage in 0..2 {
        for _ in 0..TIMES {
            let call = chance.random_range(1..=60);
            deaths.push(Death { stage, place: Place { call, after: chance.random() } });
        }
    }
    play(flow, &deaths).await.died
}

/// What one run of a flow came to.
struct Played {
    /// The calls of each stage's last life.
    calls: Vec<Vec<String>>,
    died: usize,
}

/// One run of the flow, from opened books to the verdict.
async fn play(flow: Flow, deaths: &[Death]) -> Played {
    let rig = Rig::without_product(Setup { linger_ms: 0, ..Setup::default() }).await;
    fs::write(rig.folder().join("paysage.yaml"), rig.config()).unwrap();
    let payments = flow.opens(&rig).await;
    let stages = flow.stages(&payments);
    let mut played = Played { calls: Vec::new(), died: 0 };
    for (number, stage) in stages.iter().enumerate() {
        if number > 0 {
            flow.person_acts(&rig, &payments).await;
        }
        for death in deaths.iter().filter(|death| death.stage == number) {
            let end = live(rig.folder(), stage, Some(death.place), played.died).await;
            if end == End::Reached {
                break;
            }
            played.died += 1;
        }
        let end = live(rig.folder(), stage, None, played.died).await;
        assert_eq!(end, End::Reached, "{flow:?}, after {deaths:?}");
        let made = fs::read(rig.folder().join("calls.json")).unwrap();
        played.calls.push(serde_json::from_slice(&made).unwrap());
    }
    verdict::exactly_once(&rig, &payments, &format!("{flow:?}, {deaths:?}")).await;
    rig.end().await;
    played
}

/// Runs a child to its end.
async fn live(folder: &Path, stage: &Stage, place: Option<Place>, deaths: usize) -> End {
    const WITHIN: Duration = Duration::from_secs(120);
    let order = Order {
        folder: folder.to_owned(),
        told: stage.told.clone(),
        posts: stage.posts,
        until: stage.until,
        place,
        later_ms: i64::try_from(deaths).unwrap() * LATER_MS,
    };
    let log = folder.join("log");
    let said = fs::File::create(&log).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([TEST, "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env(ORDER, order.text())
        .stdin(Stdio::null())
        .stdout(said.try_clone().unwrap())
        .stderr(said)
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let ended = timeout(WITHIN, child.wait()).await.expect("a life has an end").unwrap();
    const SIGABRT: i32 = 6;
    match (ended.code(), ended.signal()) {
        (Some(0 | ENDED_THERE), _) => End::Reached,
        (_, Some(SIGABRT)) => End::Died,
        _ => panic!("{ended}: {}", fs::read_to_string(&log).unwrap()),
    }
}

#[expect(clippy::disallowed_methods, reason = "how much is tried is up to who runs the tests")]
fn every() -> usize {
    const EVERY: usize = 1;
    let told = std::env::var("PAYSAGE_CRASH_EVERY").ok();
    told.map_or(EVERY, |told| told.parse().expect("PAYSAGE_CRASH_EVERY is a count"))
}
