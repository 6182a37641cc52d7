//! The checks.

use std::sync::atomic::{AtomicBool, Ordering};

use stateright::{Checker, Model};

use super::bounds::refuted_by;
use super::variant::Variant;
use super::world::{Bounds, World};

/// Explores a bound to its end; the number of different states.
fn holds(bounds: Bounds) -> (usize, World) {
    let world = World::new(bounds);
    let begun = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    let checker = world.clone().checker().threads(2).spawn_bfs().join();
    let seconds = (std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap() - begun).as_secs();
    println!(
        "{:<16} {} workers  {:>9} states  {:>9} different  depth {:>3}  {seconds} s",
        world.bounds.name,
        world.bounds.workers,
        checker.state_count(),
        checker.unique_state_count(),
        checker.max_depth()
    );
    checker.assert_properties();
    (checker.unique_state_count(), world)
}

fn came_by(marks: &[&AtomicBool]) -> bool {
    marks.iter().all(|mark| mark.load(Ordering::Relaxed))
}

#[test]
fn two_workers_with_one_late_answer() {
    let (states, World { marks, .. }) =
        holds(Bounds { epochs: 2, unclear: 1, batches: 3, ..Bounds::late() });
    assert!(states > 10_000, "{states}");
    assert!(came_by(&[&marks.late_create_after_commit, &marks.loser_adopts, &marks.stray_emptied]));
}

#[test]
fn a_refused_create_and_one_worker_after_the_other() {
    let (states, World { marks, .. }) = holds(Bounds { epochs: 1, ..Bounds::refused() });
    assert!(states > 100, "{states}");
    assert!(came_by(&[&marks.abort_wins, &marks.released_and_posted]));
}

#[test]
fn a_person_at_the_error_batch() {
    let (states, World { marks, .. }) = holds(Bounds { unclear: 0, ..Bounds::partial() });
    assert!(states > 50_000, "{states}");
    assert!(came_by(&[&marks.error_batch_adopted, &marks.released_and_posted]));
}

#[test]
#[ignore = "minutes unoptimized: cargo test --release -p ledger model -- --include-ignored"]
fn the_whole_bounds() {
    let (states, World { marks, .. }) = holds(Bounds::late());
    assert!(states > 1_000_000, "{states}");
    assert!(came_by(&[&marks.late_create_after_commit, &marks.loser_adopts, &marks.stray_emptied]));

    let (states, World { marks, .. }) = holds(Bounds::three_workers());
    assert!(states > 4_000_000, "{states}");
    assert!(came_by(&[&marks.late_create_after_commit, &marks.loser_adopts, &marks.stray_emptied]));

    let (states, World { marks, .. }) = holds(Bounds::refused());
    assert!(states > 1_000_000, "{states}");
    assert!(came_by(&[&marks.abort_wins, &marks.released_and_posted]));

    let (states, World { marks, .. }) = holds(Bounds::refused_and_late());
    assert!(states > 100_000, "{states}");
    assert!(came_by(&[&marks.abort_wins, &marks.late_create_after_commit]));

    let (states, World { marks, .. }) = holds(Bounds::partial());
    assert!(states > 100_000, "{states}");
    assert!(came_by(&[&marks.error_batch_adopted, &marks.late_create_after_commit]));

    let (states, World { marks, .. }) = holds(Bounds::partial_twice());
    assert!(states > 100_000, "{states}");
    assert!(came_by(&[&marks.error_batch_adopted, &marks.released_and_posted]));
}

/// The smallest world in which a variant goes wrong.
fn where_it_breaks(variant: Variant) -> Bounds {
    let two = Bounds { epochs: 2, unclear: 0, ..Bounds::late() };
    let bounds = match variant {
        Variant::ReleasedOnTimeOut => Bounds { batches: 2, manifests: 2, person: false, ..two },
        Variant::AbortUnconditional => Bounds { refused: 1, ..two },
        Variant::NotNeutralised => Bounds { workers: 1, refusals: 1, ..two },
        Variant::FoundByDescription => Bounds { workers: 1, refusals: 2, batches: 5, ..two },
        _ => two,
    };
    bounds.broken(variant)
}

#[test]
fn every_broken_variant_is_refuted() {
    for variant in Variant::BROKEN {
        let world = World::new(where_it_breaks(variant));
        let property = refuted_by(variant).unwrap();
        let checker = world.checker().threads(2).spawn_bfs().join();
        let counterexample = checker.discovery(property);
        let path = counterexample.unwrap_or_else(|| panic!("{variant:?} was not refuted"));
        println!(
            "{variant:?} breaks {property} in {} steps ({} states seen)",
            path.into_actions().len(),
            checker.unique_state_count()
        );
    }
}
