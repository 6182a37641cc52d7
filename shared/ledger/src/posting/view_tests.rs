//! Which batches carry a manifest.

use super::*;

fn changed(change: impl FnOnce(&mut BatchView)) -> bool {
    let manifest = sealed(2);
    let mut view = batch(&manifest, 9, BatchStatus::Open);
    change(&mut view);
    view.carries(&manifest)
}

#[test]
fn a_batch_carries_its_manifest_in_any_order_and_case() {
    assert!(changed(|_| {}));
    assert!(changed(|view| view.entries.reverse()));
    assert!(changed(|view| view.entries[0].reference = " 512300411 ".into()));
    let mut manifest = sealed(1);
    manifest.entries[0].content.reference = "512300411-r1".into();
    manifest.entries[0].content.customer = "Ada".into();
    let mut view = batch(&manifest, 9, BatchStatus::Open);
    view.entries[0].reference = "512300411-R1".into();
    view.entries[0].customer = " ADA".into();
    assert!(view.carries(&manifest), "Sage pads and writes in capitals");
}

#[test]
fn a_batch_that_differs_in_anything_does_not_carry_it() {
    assert!(!changed(|view| view.head.description = "PTS1:other:1".into()));
    assert!(!changed(|view| view.head.description = "Deposit".into()));
    assert!(!changed(|view| view.bank = "OTHER".into()));
    assert!(!changed(|view| view.currency = Currency::CAD));
    assert!(!changed(|view| view.entries[0].reference = "512300419".into()));
    assert!(!changed(|view| view.entries[0].customer = "1300".into()));
    assert!(!changed(|view| view.entries[0].amount = Money::new(101, Currency::USD)));
    assert!(!changed(|view| view.entries[0].amount = Money::new(100, Currency::CAD)));
    assert!(!changed(|view| view.entries[1] = view.entries[0].clone()));
    assert!(!changed(|view| view.entries.push(view.entries[0].clone())));
    assert!(!changed(|view| view.entries.clear()));
}
