//! What a scenario's day consists of: customers, invoices, and payments of mixed kinds. Pure, and the
//! same for the same seed.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rust_decimal::Decimal;

/// A customer the company has before the day begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    pub number: String,
    pub name: String,
    /// Empty for some: they are found by name or by the invoice they name.
    pub email: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    pub customer: String,
    pub number: String,
    pub amount: Decimal,
    /// Days before today on which it fell due.
    pub overdue_days: i64,
}

/// How the day's events reach the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    Once,
    /// The relay repeats itself.
    Twice,
    /// The webhook is lost; only the poller can find the payment.
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Exact,
    Partial,
    SeveralInvoices,
    Unapplied,
    OldestDue,
    NewCustomer,
    Overpaid,
    Ambiguous,
    Decline,
    Authorization,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    pub kind: Kind,
    pub amount: Decimal,
    /// What the payer typed as invoice number; may be empty or several.
    pub invoice_id: String,
    pub payer: String,
    pub email: String,
    pub delivery: Delivery,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Day {
    pub clients: Vec<Client>,
    pub bills: Vec<Bill>,
    pub payments: Vec<Payment>,
}

/// How many payments of each kind make up one round of the day.
const ROUND: &[(Kind, usize)] = &[
    (Kind::Exact, 14),
    (Kind::Partial, 8),
    (Kind::SeveralInvoices, 5),
    (Kind::Unapplied, 4),
    (Kind::OldestDue, 4),
    (Kind::NewCustomer, 4),
    (Kind::Overpaid, 2),
    (Kind::Ambiguous, 1),
    (Kind::Decline, 4),
    (Kind::Authorization, 2),
];

/// PayTrace's sandbox declines this amount.
const DECLINED_CENTS: i64 = 112;

/// `rounds` rounds of 48 payments each, in an order the seed decides, or as many plain sales.
#[must_use]
pub fn day(seed: u64, rounds: usize, sales: usize) -> Day {
    let mut planner = Planner { rng: ChaCha8Rng::seed_from_u64(seed), day: Day::default() };
    for round in 0..rounds {
        for (kind, count) in ROUND {
            for n in 0..*count {
                planner.add(*kind, &format!("{round}{n}"));
            }
        }
    }
    planner.shuffle();
    for n in 0..sales {
        planner.add(Kind::Exact, &format!("s{n}"));
    }
    for sale in planner.day.payments.iter_mut().filter(|_| sales > 0) {
        sale.delivery = Delivery::Once;
    }
    planner.day
}

struct Planner {
    rng: ChaCha8Rng,
    day: Day,
}

impl Planner {
    fn add(&mut self, kind: Kind, tag: &str) {
        let index = self.day.payments.len();
        let tag = format!("{index}{tag}");
        let (invoice_id, amount, payer) = match kind {
            Kind::Exact => self.one_bill(index, |due| due),
            Kind::Partial => self.one_bill(index, |due| due - cents(250)),
            Kind::Overpaid => self.one_bill(index, |due| due + cents(1_775)),
            Kind::SeveralInvoices => self.several_bills(index),
            Kind::OldestDue => self.unnamed_bills(index),
            Kind::Unapplied => (String::new(), self.amount(), self.client(index, "Deposit")),
            Kind::NewCustomer => (format!("WEB-{tag}"), self.amount(), stranger(&tag)),
            Kind::Ambiguous => (String::new(), self.amount(), self.twins(index)),
            Kind::Decline => (String::new(), cents(DECLINED_CENTS), stranger(&tag)),
            Kind::Authorization => (String::new(), self.amount(), stranger(&tag)),
        };
        let delivery = self.delivery();
        let Client { name, email, .. } = payer;
        self.day.payments.push(Payment { kind, amount, invoice_id, payer: name, email, delivery });
    }

    fn one_bill(
        &mut self,
        index: usize,
        pay: impl Fn(Decimal) -> Decimal,
    ) -> (String, Decimal, Client) {
        let client = self.client(index, "Trading");
        let due = self.amount();
        let number = self.bill(&client, index, 0, due);
        (number, pay(due), client)
    }

    fn several_bills(&mut self, index: usize) -> (String, Decimal, Client) {
        let client = self.client(index, "Supply");
        let mut numbers = Vec::new();
        let mut total = Decimal::ZERO;
        for part in 0..3 {
            let due = self.amount();
            numbers.push(self.bill(&client, index, part, due));
            total += due;
        }
        (numbers.join(", "), total, client)
    }

    /// Names nothing: the oldest bill is paid whole, the next one in part.
    fn unnamed_bills(&mut self, index: usize) -> (String, Decimal, Client) {
        let client = self.client(index, "Retail");
        let first = self.amount();
        let second = self.amount();
        self.bill(&client, index, 0, first);
        self.bill(&client, index, 1, second);
        (String::new(), first + second - cents(100), client)
    }

    /// Two customers of one name and no e-mail: nobody may guess.
    fn twins(&mut self, index: usize) -> Client {
        let name = format!("Twin Traders {index}");
        for side in ["A", "B"] {
            self.day.clients.push(Client {
                number: format!("T{index}{side}"),
                name: name.clone(),
                email: String::new(),
            });
        }
        Client { number: String::new(), name, email: String::new() }
    }

    fn client(&mut self, index: usize, trade: &str) -> Client {
        let name = format!("Example {trade} {index} Ltd.");
        let known_by_email = self.rng.random_bool(0.5);
        let email = if known_by_email { format!("ap{index}@example.test") } else { String::new() };
        let client = Client { number: format!("D{index:05}"), name, email };
        self.day.clients.push(client.clone());
        client
    }

    fn bill(&mut self, client: &Client, index: usize, part: i64, amount: Decimal) -> String {
        let number = format!("IN{index:06}{part}");
        self.day.bills.push(Bill {
            customer: client.number.clone(),
            number: number.clone(),
            amount,
            overdue_days: 10 - part,
        });
        number
    }

    fn amount(&mut self) -> Decimal {
        cents(self.rng.random_range(1_000..250_000))
    }

    fn delivery(&mut self) -> Delivery {
        match self.rng.random_range(0..10) {
            0..=1 => Delivery::Twice,
            2 => Delivery::Never,
            _ => Delivery::Once,
        }
    }

    fn shuffle(&mut self) {
        for last in (1..self.day.payments.len()).rev() {
            let other = self.rng.random_range(0..=last);
            self.day.payments.swap(last, other);
        }
    }
}

fn stranger(tag: &str) -> Client {
    Client {
        number: String::new(),
        name: format!("New Buyer {tag}"),
        email: format!("buyer{tag}@example.test"),
    }
}

fn cents(minor: i64) -> Decimal {
    Decimal::new(minor, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_is_at_least_forty_payments_of_every_kind_and_repeatable() {
        let first = day(1, 1, 0);
        assert_eq!(first, day(1, 1, 0));
        assert_ne!(first, day(2, 1, 0));
        assert_eq!(first.payments.len(), 48);
        for (kind, count) in ROUND {
            assert_eq!(first.payments.iter().filter(|p| p.kind == *kind).count(), *count);
        }
    }

    #[test]
    fn sales_alone_pay_one_invoice_each_and_are_told_of_once() {
        let day = day(1, 0, 30);
        assert_eq!((day.payments.len(), day.bills.len()), (30, 30));
        for (payment, bill) in day.payments.iter().zip(&day.bills) {
            assert_eq!((payment.kind, payment.delivery), (Kind::Exact, Delivery::Once));
            assert_eq!((&payment.invoice_id, payment.amount), (&bill.number, bill.amount));
        }
    }

    #[test]
    fn numbers_are_unique_over_several_rounds() {
        let day = day(3, 3, 0);
        let mut numbers: Vec<&str> = day.clients.iter().map(|c| c.number.as_str()).collect();
        let all = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), all);
        assert!(day.payments.iter().all(|p| p.amount > Decimal::ZERO));
    }
}
