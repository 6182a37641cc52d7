//! Applying an amount to documents: in which order, and how much each takes.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use domain::account::OpenDocument;
use domain::effect::AppliedLine;
use domain::id::DocumentNumber;
use domain::money::{Money, MoneyError};

/// In which order open documents are paid that the payment does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    OldestDue,
    NewestDue,
    LargestFirst,
    SmallestFirst,
    /// None is paid: the money stays on the account.
    OnAccount,
}

impl Order {
    pub const ALL: [Self; 5] = [
        Self::OldestDue,
        Self::NewestDue,
        Self::LargestFirst,
        Self::SmallestFirst,
        Self::OnAccount,
    ];

    /// As it is named in documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OldestDue => "oldest_due",
            Self::NewestDue => "newest_due",
            Self::LargestFirst => "largest_first",
            Self::SmallestFirst => "smallest_first",
            Self::OnAccount => "on_account",
        }
    }

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.name() == name)
    }

    /// The documents to be paid, first things first; equal ones by their number.
    #[must_use]
    pub fn sort(self, mut open: Vec<OpenDocument>) -> Vec<OpenDocument> {
        open.sort_by(|a, b| a.number.cmp(&b.number));
        match self {
            Self::OldestDue => open.sort_by_key(|document| document.due_date),
            Self::NewestDue => open.sort_by_key(|document| Reverse(document.due_date)),
            Self::LargestFirst => open.sort_by_key(|document| Reverse(document.due.minor)),
            Self::SmallestFirst => open.sort_by_key(|document| document.due.minor),
            Self::OnAccount => open.clear(),
        }
        open
    }
}

/// Takes the amount from the documents in their order, each at most what is due and not reserved.
///
/// # Errors
/// When the amounts cannot be compared.
pub fn draw_down(
    amount: Money,
    documents: &[OpenDocument],
    reserved: &BTreeMap<DocumentNumber, Money>,
) -> Result<Vec<AppliedLine>, MoneyError> {
    let mut left = amount;
    let mut lines: Vec<AppliedLine> = Vec::new();
    for document in documents {
        let taken = lines.iter().any(|line| line.document == document.number);
        if !left.is_positive() || taken || document.due.currency != amount.currency {
            continue;
        }
        let held = reserved.get(&document.number).copied();
        let free = document.due.minus(held.unwrap_or(Money::zero(amount.currency)))?;
        let part = if free.minor < left.minor { free } else { left };
        if part.is_positive() {
            lines.push(AppliedLine { document: document.number.clone(), amount: part });
            left = left.minus(part)?;
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use domain::money::Currency;
    use proptest::prelude::*;

    use super::*;

    fn usd(minor: i64) -> Money {
        Money::new(minor, Currency::USD)
    }

    fn document(number: &str, due: i64, due_date: &str) -> OpenDocument {
        OpenDocument {
            number: number.into(),
            customer: "1200".into(),
            due: usd(due),
            due_date: due_date.parse().unwrap(),
            order_number: String::new(),
            purchase_order: String::new(),
        }
    }

    fn sorted(order: Order) -> Vec<String> {
        let open = vec![
            document("C", 500, "2026-02-01"),
            document("B", 700, "2026-02-01"),
            document("A", 100, "2026-03-01"),
        ];
        order.sort(open).into_iter().map(|document| document.number.to_string()).collect()
    }

    #[test]
    fn every_order_is_named_and_settles_ties_by_number() {
        for order in Order::ALL {
            assert_eq!(Order::named(order.name()), Some(order));
        }
        assert_eq!(Order::named("random"), None);
        assert_eq!(sorted(Order::OldestDue), ["B", "C", "A"]);
        assert_eq!(sorted(Order::NewestDue), ["A", "B", "C"]);
        assert_eq!(sorted(Order::LargestFirst), ["B", "C", "A"]);
        assert_eq!(sorted(Order::SmallestFirst), ["A", "C", "B"]);
        assert!(sorted(Order::OnAccount).is_empty());
    }

    #[test]
    fn each_takes_what_is_due_and_free_once() {
        let documents = [
            document("A", 500, "2026-01-01"),
            document("A", 500, "2026-01-01"),
            document("B", 700, "2026-02-01"),
        ];
        let reserved = [("A".into(), usd(450))].into();
        let lines = draw_down(usd(100), &documents, &reserved).unwrap();
        let lines: Vec<(&str, i64)> =
            lines.iter().map(|line| (line.document.as_str(), line.amount.minor)).collect();
        assert_eq!(lines, [("A", 50), ("B", 50)]);
    }

    #[test]
    fn documents_of_another_currency_and_overpaid_ones_are_passed_by() {
        let mut foreign = document("A", 500, "2026-01-01");
        foreign.due = Money::new(500, Currency::CAD);
        let credit = document("B", -5, "2026-01-01");
        let lines = draw_down(usd(100), &[foreign, credit], &BTreeMap::new()).unwrap();
        assert!(lines.is_empty());
    }

    proptest! {
        #[test]
        fn never_more_than_the_amount_nor_than_is_free(
            amount in 0_i64..10_000,
            dues in prop::collection::vec((-100_i64..3_000, 0_i64..3_000), 0..8),
        ) {
            let documents: Vec<OpenDocument> = dues.iter().enumerate()
                .map(|(n, (due, _))| document(&format!("IN{n}"), *due, "2026-01-01")).collect();
            let reserved: BTreeMap<DocumentNumber, Money> = dues.iter().enumerate()
                .map(|(n, (_, held))| (format!("IN{n}").as_str().into(), usd(*held))).collect();
            let lines = draw_down(usd(amount), &documents, &reserved).unwrap();
            prop_assert!(lines.iter().map(|line| line.amount.minor).sum::<i64>() <= amount);
            for line in &lines {
                let free = documents.iter().find(|d| d.number == line.document).unwrap().due.minor
                    - reserved[&line.document].minor;
                prop_assert!(line.amount.minor > 0 && line.amount.minor <= free);
            }
        }
    }
}
