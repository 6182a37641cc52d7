//! The four things no map may change. They are compared with the facts after every mapping, and again
//! after Sage answers.

use domain::money::Money;

use crate::entity::{Entity, Role};
use crate::mapping::Failure;
use crate::value::Value;

/// What the facts say.
pub(crate) struct Four<'a> {
    pub amount: Money,
    /// Absent where no customer was asked for.
    pub customer: Option<&'a str>,
    pub reference: &'a str,
}

impl Four<'_> {
    /// Whether they stand in the entity as the facts say.
    ///
    /// # Errors
    /// The first field that says something else.
    pub(crate) fn stand_in(&self, target: &Entity, entity: &Value) -> Result<(), Failure> {
        for (name, field) in &target.fields {
            let Some(role) = field.role else { continue };
            let value = entity.at(name);
            let (said, stands) = match role {
                Role::Amount => {
                    let number = value.number();
                    let same = number.is_some_and(|n| {
                        Money::from_decimal(n, self.amount.currency) == Ok(self.amount)
                    });
                    (self.amount.to_decimal().to_string(), same)
                }
                Role::Currency => {
                    let code = self.amount.currency.code();
                    (code.to_owned(), value.text() == Some(code))
                }
                Role::Customer => match self.customer {
                    Some(customer) => (customer.to_owned(), value.text() == Some(customer)),
                    None => continue,
                },
                Role::Reference => {
                    (self.reference.to_owned(), value.text() == Some(self.reference))
                }
            };
            if !stands {
                let message = format!(
                    "the facts say `{said}`, the map says `{value}`: a map may not change it"
                );
                return Err(Failure::of(name, message));
            }
        }
        Ok(())
    }
}
