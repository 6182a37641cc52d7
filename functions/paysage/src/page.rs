//! The status page: one plain table after another, readable without a script.

use domain::effect::{Effect, EffectState};
use maud::{DOCTYPE, Markup, html};

use crate::status::Snapshot;

pub const STYLE: &str = include_str!("page.css");

#[must_use]
pub fn render(snapshot: &Snapshot) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="refresh" content="5";
                title { "Paysage" }
                link rel="stylesheet" href="/style.css";
            }
            body {
                header {
                    h1 { "Paysage" }
                    p {
                        "Card payments and the books, as of "
                        time { (snapshot.now.strftime("%Y-%m-%d %H:%M:%S")) }
                        " UTC"
                    }
                }
                main {
                    (books(snapshot))
                    (attention(snapshot))
                    (receipts(&snapshot.posted))
                    (queues(snapshot))
                }
            }
        }
    }
    .into_string()
}

fn books(snapshot: &Snapshot) -> Markup {
    html! {
        section {
            h2 { "Books" }
            @if snapshot.totals.is_empty() {
                p.empty { "No payment has come in yet." }
            } @else {
                table {
                    thead { tr { th { "Merchant" } th { "State" } th.n { "Payments" }
                                 th.n { "Amount" } } }
                    tbody {
                        @for row in &snapshot.totals {
                            tr {
                                td { (row.merchant) }
                                td { span class=(class_of(row.state)) { (word_for(row.state)) } }
                                td.n { (row.count) }
                                td.n { (row.amount) }
                            }
                        }
                    }
                }
                p.note { "Captured = posted + in flight + held. Cancelled payments were voided "
                         "before posting." }
            }
        }
    }
}

fn attention(snapshot: &Snapshot) -> Markup {
    let nothing = snapshot.held.is_empty()
        && snapshot.exceptions.is_empty()
        && snapshot.manifests_held.is_empty();
    html! {
        section {
            h2 { "Waiting for a person" }
            @if nothing {
                p.empty { "Nothing." }
            } @else {
                table {
                    thead { tr { th { "About" } th.n { "Amount" } th { "Reason" } th { "Found" }
                                 th { "What to do" } } }
                    tbody {
                        @for effect in &snapshot.held { (held_row(effect)) }
                        @for manifest in &snapshot.manifests_held {
                            @if let Some(hold) = &manifest.hold {
                                tr {
                                    td { "Manifest " (manifest.id) }
                                    td.n { (manifest.total) }
                                    td { code { (hold.reason) } }
                                    td { (hold.evidence) }
                                    td { (hold.reason.fix()) }
                                }
                            }
                        }
                        @for item in &snapshot.exceptions {
                            tr {
                                td { (item.subject) }
                                td.n { "" }
                                td { code { (item.reason) } }
                                td { (item.evidence) }
                                td { (item.reason.fix()) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn held_row(effect: &Effect) -> Markup {
    html! {
        tr {
            td { "Transaction " (effect.key.payment.transaction) }
            td.n { (effect.amount) }
            @if let Some(hold) = &effect.hold {
                td { code { (hold.reason) } }
                td { (hold.evidence) }
                td { (hold.reason.fix()) }
            }
        }
    }
}

fn receipts(posted: &[Effect]) -> Markup {
    html! {
        section {
            h2 { "Receipts in Sage 300" }
            @if posted.is_empty() {
                p.empty { "None yet." }
            } @else {
                table {
                    thead { tr { th { "Transaction" } th { "Customer" } th.n { "Amount" }
                                 th.n { "Batch" } th.n { "Entry" } th { "Document" }
                                 th { "Applied to" } } }
                    tbody { @for effect in posted { (receipt_row(effect)) } }
                }
            }
        }
    }
}

fn receipt_row(effect: &Effect) -> Markup {
    let content = effect.content.as_ref();
    let lines = content.map(|content| content.lines()).unwrap_or_default();
    html! {
        tr {
            td { (effect.key.payment.transaction) }
            td { @if let Some(content) = content { (content.customer) } }
            td.n { (effect.amount) }
            @if let Some(posted) = &effect.posted {
                td.n { (posted.batch) }
                td.n { (posted.entry) }
                td { (posted.document) }
            } @else {
                td { "" } td { "" } td { "" }
            }
            td {
                @if lines.is_empty() { "on account" }
                @for (n, line) in lines.iter().enumerate() {
                    @if n > 0 { ", " }
                    (line.document)
                }
            }
        }
    }
}

fn queues(snapshot: &Snapshot) -> Markup {
    html! {
        section {
            h2 { "Queues" }
            table {
                thead { tr { th { "Queue" } th.n { "Waiting" } th.n { "Being worked on" }
                             th.n { "Oldest, seconds" } } }
                tbody {
                    @for depth in &snapshot.queues {
                        tr {
                            td { (depth.queue) }
                            td.n { (depth.waiting) }
                            td.n { (depth.in_flight) }
                            td.n { (depth.oldest_age_ms / 1_000) }
                        }
                    }
                }
            }
        }
    }
}

fn word_for(state: EffectState) -> &'static str {
    match state {
        EffectState::Ready | EffectState::Assigned => "In flight",
        EffectState::Posted => "Posted",
        EffectState::Cancelled => "Cancelled",
        EffectState::Held => "Held",
    }
}

fn class_of(state: EffectState) -> &'static str {
    match state {
        EffectState::Ready | EffectState::Assigned => "state flight",
        EffectState::Posted => "state posted",
        EffectState::Cancelled => "state cancelled",
        EffectState::Held => "state held",
    }
}
