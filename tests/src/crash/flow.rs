//! What happens to the payments of one sweep, and what a person does meanwhile.

use serde_json::json;

use crate::rig::Rig;

#[derive(Debug, Clone, Copy)]
pub enum Flow {
    /// One payment, by the number of its invoice.
    Named,
    /// One payment of a customer who owes nothing.
    Unapplied,
    /// Taken in, then voided before the poster looks.
    Voided,
    /// One of three invoices is paid by hand once the batch is frozen: that entry goes to an error
    /// batch, is deleted there, and is decided anew.
    RefusedWhenPosted,
    /// One of three invoices is paid by hand before the batch is created: Sage refuses the batch,
    /// it is halved until that entry stands alone, and is decided anew.
    RefusedWhenCreated,
}

/// A card payment and what must become of it.
#[derive(Debug, Clone)]
pub struct Payment {
    pub id: String,
    pub amount: &'static str,
    /// How many posted receipts: none when it was voided in time.
    pub receipts: usize,
}

/// What a child does before a person acts, or before the end.
#[derive(Debug, Clone)]
pub struct Stage {
    pub told: Vec<String>,
    pub posts: bool,
    pub until: Option<&'static str>,
}

impl Flow {
    /// Opens the books, and has the buyers pay.
    pub async fn opens(self, rig: &Rig) -> Vec<Payment> {
        let mut payments = Vec::new();
        let amounts: &[&'static str] = match self {
            Self::Named | Self::Unapplied | Self::Voided => &["148.20"],
            Self::RefusedWhenPosted | Self::RefusedWhenCreated => &["10.00", "20.00", "30.00"],
        };
        for (n, amount) in amounts.iter().copied().enumerate() {
            let (customer, mut invoice) = (format!("C{n}"), format!("IN-C{n}"));
            match self {
                Self::Unapplied => {
                    rig.customer(&customer).await;
                    invoice.clear();
                }
                _ => rig.customer_owes(&customer, &invoice, amount).await,
            }
            let id = rig.buyer_pays(&customer, &invoice, amount).await;
            let receipts = usize::from(!matches!(self, Self::Voided));
            payments.push(Payment { id, amount, receipts });
        }
        payments
    }

    pub fn stages(self, payments: &[Payment]) -> Vec<Stage> {
        let told: Vec<String> = payments.iter().map(|payment| payment.id.clone()).collect();
        let last = Stage { told: told.clone(), posts: true, until: None };
        match self {
            Self::Named | Self::Unapplied => vec![last],
            Self::Voided => {
                let voids = told.iter().map(|id| format!("{id}-void"));
                let all = told.iter().cloned().chain(voids).collect();
                let taken_in = Stage { told, posts: false, until: None };
                vec![taken_in, Stage { told: all, ..last }]
            }
            Self::RefusedWhenPosted => {
                vec![Stage { until: Some("erp.post_batch"), ..last.clone() }, last]
            }
            Self::RefusedWhenCreated => {
                vec![Stage { until: Some("erp.create_batch"), ..last.clone() }, last]
            }
        }
    }

    /// Calls without which it was another flow.
    pub fn leads_through(self) -> &'static [&'static str] {
        match self {
            Self::Named | Self::Unapplied => &["commit_batch", "finish_manifest"],
            Self::Voided => &["insert_effect", "cancel_effect"],
            Self::RefusedWhenPosted => &["erp.delete_entries", "decide_effect"],
            Self::RefusedWhenCreated => &["abort_manifest", "decide_effect"],
        }
    }

    /// What a person does after the first of two stages.
    pub async fn person_acts(self, rig: &Rig, payments: &[Payment]) {
        match self {
            Self::Named | Self::Unapplied => {}
            Self::Voided => rig.buyer_gets_it_back(&payments[0].id).await,
            Self::RefusedWhenPosted | Self::RefusedWhenCreated => {
                let cheque = json!({"customer": "C1", "amount": payments[1].amount,
                                    "check_receipt_number": "BY-HAND", "document": "IN-C1",
                                    "post": true});
                rig.tell(&rig.sage300, "key_receipt", &cheque).await;
            }
        }
    }
}
