//! Who paid: link table, then e-mail, then normalized name and address, then the customer of the
//! documents named; then, when policy allows, a new customer under a deterministic number.

use domain::account::{Customer, OpenDocument};
use domain::canon::Canon;
use domain::effect::Hold;
use domain::exception::ReasonCode;
use domain::id::CustomerNumber;
use domain::merchant::{Merchant, NewCustomer as Policy};
use domain::transaction::Payer;
use ledger::decide::Party;
use ledger::matching::{Match, by_email, by_name, normal_name};

use super::{Transform, TransformError};
use crate::port::NewCustomer;

impl Transform {
    pub(super) async fn party(
        &self,
        merchant: &Merchant,
        payer: &Payer,
        named: &[OpenDocument],
    ) -> Result<Party, TransformError> {
        if let Some(linked) = self.linked(merchant, payer).await? {
            return Ok(linked);
        }
        let found = self.search(merchant, payer).await?;
        let owner = sole_owner(named);
        match (found, owner) {
            (Match::One(customer), _) => Ok(known(*customer)),
            (Match::Several(all), Some(owner)) => {
                let meant = all.iter().find(|customer| customer.number == owner).cloned();
                Ok(meant.map_or_else(|| ambiguous(&all), known))
            }
            (Match::Several(all), None) => Ok(ambiguous(&all)),
            (Match::None, Some(owner)) => self.read(merchant, &owner).await,
            (Match::None, None) => self.stranger(merchant, payer).await,
        }
    }

    async fn linked(
        &self,
        merchant: &Merchant,
        payer: &Payer,
    ) -> Result<Option<Party>, TransformError> {
        let Some(profile) = &payer.profile else { return Ok(None) };
        match self.store.link(&merchant.id, profile).await? {
            Some(number) => Ok(Some(self.read(merchant, &number).await?)),
            None => Ok(None),
        }
    }

    async fn search(&self, merchant: &Merchant, payer: &Payer) -> Result<Match, TransformError> {
        let mut payer = payer.clone();
        if let (true, Some(profile)) = (payer.email.trim().is_empty(), &payer.profile) {
            let email = self.gateway.profile_email(&merchant.id, profile).await?;
            payer.email = email.unwrap_or_default();
        }
        let email = payer.email.trim();
        if !email.is_empty() {
            let customers = self.erp.customers_by_email(&merchant.company, email).await?;
            let found = by_email(&payer, customers);
            if found != Match::None {
                return Ok(found);
            }
        }
        if normal_name(&payer.name).is_empty() {
            return Ok(Match::None);
        }
        let customers = self.erp.customers_like(&merchant.company, payer.name.trim()).await?;
        Ok(by_name(&payer, customers))
    }

    async fn read(
        &self,
        merchant: &Merchant,
        number: &CustomerNumber,
    ) -> Result<Party, TransformError> {
        let customer = self.erp.customer(&merchant.company, number).await?;
        Ok(customer.map_or_else(
            || {
                let evidence = format!("customer {number} is not in Sage");
                Party::Undecided(Hold { reason: ReasonCode::CustomerNotFound, evidence })
            },
            known,
        ))
    }

    async fn stranger(&self, merchant: &Merchant, payer: &Payer) -> Result<Party, TransformError> {
        if let Some(fallback) = &merchant.fallback_customer {
            return self.read(merchant, fallback).await;
        }
        let identity = identity_of(payer);
        let (Policy::Create { group, tax_group }, Some(identity)) =
            (&merchant.new_customer, identity)
        else {
            let evidence = format!("payer `{}` <{}>", payer.name.trim(), payer.email.trim());
            return Ok(Party::Undecided(Hold { reason: ReasonCode::CustomerNotFound, evidence }));
        };
        let draft = NewCustomer {
            number: new_number(merchant, &identity),
            group: group.clone(),
            tax_group: tax_group.clone(),
            name: if payer.name.trim().is_empty() { identity } else { payer.name.trim().into() },
            email: payer.email.trim().into(),
            street: payer.street.clone(),
            city: payer.city.clone(),
            state: payer.state.clone(),
            zip: payer.zip.clone(),
            country: payer.country.clone(),
        };
        let customer = self.erp.create_customer(&merchant.company, &draft).await?;
        if let Some(profile) = &payer.profile {
            self.store.put_link(&merchant.id, profile, &customer.number).await?;
        }
        Ok(known(customer))
    }
}

fn known(customer: Customer) -> Party {
    Party::Known(Box::new(customer))
}

fn ambiguous(candidates: &[Customer]) -> Party {
    const SHOWN_MAX: usize = 8;
    let list: Vec<String> = candidates
        .iter()
        .take(SHOWN_MAX)
        .map(|customer| format!("{} ({})", customer.number, customer.name))
        .collect();
    let evidence = format!("{} candidates: {}", candidates.len(), list.join(", "));
    Party::Undecided(Hold { reason: ReasonCode::CustomerAmbiguous, evidence })
}

/// The customer all named documents belong to, when it is one.
fn sole_owner(named: &[OpenDocument]) -> Option<CustomerNumber> {
    let first = named.first()?;
    named.iter().all(|document| document.customer == first.customer).then(|| first.customer.clone())
}

/// What makes a new payer the same payer next time.
fn identity_of(payer: &Payer) -> Option<String> {
    let email = payer.email.trim().to_lowercase();
    let name = normal_name(&payer.name);
    [email, name].into_iter().find(|text| !text.is_empty())
}

/// At most 12 characters, upper case; the same payer always gets the same number, so that creating
/// twice is refused by Sage itself.
fn new_number(merchant: &Merchant, identity: &str) -> CustomerNumber {
    let hash = Canon::default().text(merchant.company.as_str()).text(identity).short();
    let short: String = hash.to_uppercase().chars().take(11).collect();
    CustomerNumber(format!("P{short}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payer_is_known_again_by_email_then_by_name() {
        let mut payer = Payer { name: "Ada Example, Inc.".into(), ..Payer::default() };
        assert_eq!(identity_of(&payer), Some("ada example".into()));
        payer.email = " Ada@Example.test".into();
        assert_eq!(identity_of(&payer), Some("ada@example.test".into()));
        assert_eq!(identity_of(&Payer::default()), None);
    }
}
