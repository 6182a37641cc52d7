//! Which customer a payer is. Two equally good candidates are never guessed.

use domain::account::Customer;
use domain::transaction::Payer;

/// What comparing the payer with candidates gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    One(Box<Customer>),
    /// Ranked: the better ones first.
    Several(Vec<Customer>),
    None,
}

/// Customers found by e-mail; more than one is narrowed by name, then by address.
#[must_use]
pub fn by_email(payer: &Payer, candidates: Vec<Customer>) -> Match {
    let email = payer.email.trim().to_lowercase();
    if email.is_empty() {
        return Match::None;
    }
    let mut same = candidates;
    same.retain(|customer| customer.email.trim().to_lowercase() == email);
    narrow(payer, unique(same), &[same_name, same_address])
}

/// Customers found by name, compared after normalization; more than one is narrowed by address.
#[must_use]
pub fn by_name(payer: &Payer, candidates: Vec<Customer>) -> Match {
    if normal_name(&payer.name).is_empty() {
        return Match::None;
    }
    let mut same = candidates;
    same.retain(|customer| same_name(payer, customer));
    narrow(payer, unique(same), &[same_address])
}

/// A name with case, punctuation, doubled blanks and company forms taken away.
#[must_use]
pub fn normal_name(name: &str) -> String {
    let spaced: String = name
        .to_lowercase()
        .replace('&', " and ")
        .chars()
        .filter(|c| !matches!(c, '.' | '\'' | '’'))
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    let mut words: Vec<&str> = spaced.split_whitespace().collect();
    while words.len() > 1 && words.last().is_some_and(|word| COMPANY_FORMS.contains(word)) {
        words.pop();
    }
    words.join(" ")
}

const COMPANY_FORMS: &[&str] = &[
    "inc",
    "incorporated",
    "ltd",
    "limited",
    "llc",
    "llp",
    "lp",
    "corp",
    "corporation",
    "co",
    "company",
    "gmbh",
    "plc",
    "sa",
];

type Likeness = fn(&Payer, &Customer) -> bool;

fn narrow(payer: &Payer, mut left: Vec<Customer>, by: &[Likeness]) -> Match {
    for alike in by {
        if left.len() < 2 {
            break;
        }
        let (closer, farther): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|customer| alike(payer, customer));
        left = if closer.is_empty() { farther } else { closer };
    }
    let mut left = left.into_iter();
    match (left.next(), left.next()) {
        (None, _) => Match::None,
        (Some(only), None) => Match::One(Box::new(only)),
        (Some(first), Some(second)) => {
            Match::Several([first, second].into_iter().chain(left).collect())
        }
    }
}

fn unique(mut customers: Vec<Customer>) -> Vec<Customer> {
    customers.sort_by(|a, b| a.number.cmp(&b.number));
    customers.dedup_by(|a, b| a.number == b.number);
    customers
}

fn same_name(payer: &Payer, customer: &Customer) -> bool {
    normal_name(&payer.name) == normal_name(&customer.name)
}

fn same_address(payer: &Payer, customer: &Customer) -> bool {
    let zip = normal_zip(&payer.zip);
    !zip.is_empty()
        && zip == normal_zip(&customer.zip)
        && normal_name(&payer.street) == normal_name(&customer.street)
}

fn normal_zip(zip: &str) -> String {
    zip.split('-').next().unwrap_or_default().chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer(number: &str, name: &str, zip: &str) -> Customer {
        Customer {
            number: number.into(),
            name: name.into(),
            email: "AP@Example.test ".into(),
            street: "1 Main St.".into(),
            zip: zip.into(),
            currency: "USD".into(),
            active: true,
        }
    }

    fn payer(name: &str, zip: &str) -> Payer {
        Payer {
            name: name.into(),
            email: "ap@example.test".into(),
            street: "1 MAIN ST".into(),
            zip: zip.into(),
            ..Payer::default()
        }
    }

    #[test]
    fn names_are_compared_without_form_and_punctuation() {
        assert_eq!(normal_name("Smith & Sons, Inc."), normal_name("SMITH AND SONS"));
        assert_eq!(normal_name("O'Neil Co"), "oneil");
        assert_eq!(normal_name("Co"), "co");
        assert_ne!(normal_name("Example Retail"), normal_name("Example Retail West"));
    }

    #[test]
    fn one_by_email() {
        let found = by_email(&payer("Anyone", ""), vec![customer("1200", "X", "")]);
        assert!(matches!(found, Match::One(c) if c.number.as_str() == "1200"));
    }

    #[test]
    fn a_shared_email_is_narrowed_by_name_then_address_and_never_guessed() {
        let two = vec![customer("1", "Alpha Ltd", "85284"), customer("2", "Alpha", "90210")];
        let found = by_email(&payer("ALPHA", "90210-1234"), two.clone());
        assert!(matches!(found, Match::One(c) if c.number.as_str() == "2"));
        assert!(
            matches!(by_email(&payer("Beta", ""), two.clone()), Match::Several(v) if v.len() == 2)
        );
        assert!(matches!(by_name(&payer("alpha", "11111"), two), Match::Several(_)));
    }

    #[test]
    fn three_with_one_email_are_narrowed_as_two_are() {
        let three = vec![
            customer("1", "Beta", "85284"),
            customer("2", "Alpha", "85284"),
            customer("3", "Gamma", "85284"),
        ];
        let found = by_email(&payer("Alpha", "85284"), three.clone());
        assert!(matches!(found, Match::One(c) if c.number.as_str() == "2"));
        let found = by_email(&payer("Delta", "90210"), three);
        assert!(matches!(found, Match::Several(v) if v.len() == 3), "none is closer");
    }

    #[test]
    fn a_customer_listed_twice_is_one_and_one_of_another_name_or_email_is_nobody() {
        let twice = vec![customer("1", "Alpha", ""), customer("1", "Alpha", "")];
        let found = by_name(&payer("Alpha", ""), twice.clone());
        assert!(matches!(found, Match::One(c) if c.number.as_str() == "1"));
        assert_eq!(by_name(&payer("Beta", ""), twice.clone()), Match::None);
        let other = Payer { email: "other@example.test".into(), ..payer("Alpha", "") };
        assert_eq!(by_email(&other, twice), Match::None);
    }

    #[test]
    fn an_address_is_a_street_and_a_code_and_one_without_a_code_is_none() {
        let at = |zip: &str, street: &str| {
            let elsewhere = Customer { street: "9 Side St".into(), ..customer("1", "Alpha", zip) };
            let here = Customer { street: street.into(), ..customer("2", "Alpha", zip) };
            by_name(&payer("Alpha", zip), vec![elsewhere, here])
        };
        assert!(matches!(at("85284", "1 main st."), Match::One(c) if c.number.as_str() == "2"));
        assert!(matches!(at("85284", "2 Main St"), Match::Several(_)));
        assert!(matches!(at("", "1 Main St"), Match::Several(_)), "streets alone say nothing");
    }

    #[test]
    fn empty_values_match_nobody() {
        let all = vec![Customer { email: String::new(), ..customer("1", "", "") }];
        let nobody = Payer::default();
        assert_eq!(by_email(&nobody, all.clone()), Match::None);
        assert_eq!(by_name(&nobody, all), Match::None);
    }
}
