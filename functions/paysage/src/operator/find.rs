//! Which payment, or which of its documents, a person means.

use domain::effect::{Effect, EffectKind};
use domain::id::{MerchantId, PaymentKey, TransactionId};

use super::desk::Desk;
use super::story::Story;

/// What a person typed: `512300417`, `main/512300417`, `512300417-R1` (the reference of a document
/// in Sage) or `main/512300417/Receipt/1` (an effect, as it is printed).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub merchant: Option<MerchantId>,
    pub transaction: TransactionId,
    pub document: Option<(EffectKind, u32)>,
}

impl Named {
    /// # Errors
    /// In words, with what would do.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.trim().split('/').map(str::trim).collect();
        let (merchant, transaction, document) = match parts.as_slice() {
            [reference] => {
                let (transaction, document) = referenced(reference);
                (None, transaction, document)
            }
            [merchant, reference] => {
                let (transaction, document) = referenced(reference);
                (Some(*merchant), transaction, document)
            }
            [merchant, transaction, kind, ordinal] => {
                let document = kind_named(kind).zip(ordinal.parse().ok());
                (Some(*merchant), *transaction, Some(document.ok_or_else(|| unclear(text))?))
            }
            _ => return Err(unclear(text)),
        };
        if transaction.is_empty() || merchant.is_some_and(str::is_empty) {
            return Err(unclear(text));
        }
        let merchant = merchant.map(MerchantId::from);
        Ok(Self { merchant, transaction: transaction.into(), document })
    }

    /// The payment, with everything known of it.
    ///
    /// # Errors
    /// In words: nothing is known, or several merchants have one.
    pub async fn story(&self, desk: &Desk, merchant: Option<&str>) -> Result<Story, String> {
        let told = merchant.map(MerchantId::from);
        let asked = match told.or_else(|| self.merchant.clone()) {
            Some(one) => vec![one],
            None => desk.merchants.clone(),
        };
        let mut found = Vec::new();
        for merchant in &asked {
            let transaction = self.transaction.clone();
            let key = PaymentKey { merchant: merchant.clone(), transaction };
            found.extend(Story::gather(desk, &key).await?);
        }
        let several: Vec<String> = found.iter().map(|story| story.key.to_string()).collect();
        match (found.pop(), several.len()) {
            (None, _) => Err(self.unknown(&asked)),
            (Some(story), 1) => Ok(story),
            _ => Err(format!("several merchants have it: say which, {}", several.join(" or "))),
        }
    }

    /// The one effect meant.
    ///
    /// # Errors
    /// In words: there is none, or there are several.
    pub fn effect<'s>(&self, story: &'s Story) -> Result<&'s Effect, String> {
        let meant = |effect: &&Effect| {
            self.document.is_none_or(|document| document == (effect.key.kind, effect.key.ordinal))
        };
        let effects: Vec<&Effect> = story.effects.iter().filter(meant).collect();
        let names: Vec<String> = story.effects.iter().map(|e| e.key.to_string()).collect();
        match effects.as_slice() {
            [one] => Ok(*one),
            [] if names.is_empty() => Err(format!(
                "{} leads to no document so far; `paysage explain {}` tells what is known",
                story.key, story.key
            )),
            [] => Err(format!("{} has no such document; it has {}", story.key, names.join(", "))),
            _ => Err(format!("{} has several: say which, {}", story.key, names.join(" or "))),
        }
    }

    fn unknown(&self, asked: &[MerchantId]) -> String {
        let asked: Vec<&str> = asked.iter().map(MerchantId::as_str).collect();
        format!(
            "nothing is known of transaction {} of {}. Check the id in PayTrace (it is also the \
             Check/Receipt No. in Sage) and the merchant (--merchant); a payment made a moment \
             ago is taken in with the next poll, once the product runs",
            self.transaction,
            asked.join(", ")
        )
    }
}

/// Splits `512300417-R1`; a transaction id has digits only.
fn referenced(reference: &str) -> (&str, Option<(EffectKind, u32)>) {
    let split = reference.rsplit_once('-').and_then(|(transaction, suffix)| {
        let (kind, ordinal) = suffix.split_at_checked(1)?;
        let kind = match kind {
            "P" | "p" => EffectKind::Receipt,
            "R" | "r" => EffectKind::Refund,
            _ => return None,
        };
        Some((transaction, Some((kind, ordinal.parse().ok()?))))
    });
    split.unwrap_or((reference, None))
}

fn kind_named(word: &str) -> Option<EffectKind> {
    match word.to_ascii_lowercase().as_str() {
        "receipt" => Some(EffectKind::Receipt),
        "refund" => Some(EffectKind::Refund),
        _ => None,
    }
}

fn unclear(text: &str) -> String {
    format!(
        "`{text}` names no payment: give a transaction id (512300417), one with its merchant \
         (main/512300417) or one document of it (main/512300417/Receipt/1)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::sample::{Books, key};

    fn named(text: &str) -> (Option<String>, String, Option<(EffectKind, u32)>) {
        let named = Named::parse(text).unwrap();
        (named.merchant.map(|m| m.to_string()), named.transaction.to_string(), named.document)
    }

    #[test]
    fn every_form_of_a_name_is_read() {
        let main = || Some("main".to_owned());
        let receipt = Some((EffectKind::Receipt, 1));
        assert_eq!(named("512"), (None, "512".to_owned(), None));
        assert_eq!(named(" main/512 "), (main(), "512".to_owned(), None));
        assert_eq!(named("main/512/Receipt/1"), (main(), "512".to_owned(), receipt));
        assert_eq!(named("512-R2"), (None, "512".to_owned(), Some((EffectKind::Refund, 2))));
        assert_eq!(named(&key(512).to_string()), (main(), "512".to_owned(), receipt));
        for wrong in ["", "/512", "main/", "main/512/Invoice/1", "main/512/Receipt", "a/b/c/d/e"] {
            assert!(Named::parse(wrong).unwrap_err().contains("names no payment"), "{wrong}");
        }
    }

    #[tokio::test]
    async fn what_is_not_known_is_told_with_what_to_try() {
        let books = Books::empty();
        let named = Named::parse("999").unwrap();
        let told = named.story(&books.desk, None).await.err().unwrap();
        assert!(told.contains("transaction 999 of main, other"), "{told}");
        assert!(told.contains("--merchant"), "{told}");
    }

    #[tokio::test]
    async fn two_merchants_with_one_id_are_told_apart() {
        let books = Books::empty();
        books.ready(512).await;
        books.event("other", "e1", 512).await;
        let bare = Named::parse("512").unwrap();
        let told = bare.story(&books.desk, None).await.err().unwrap();
        assert!(told.contains("main/512 or other/512"), "{told}");
        assert_eq!(bare.story(&books.desk, Some("main")).await.unwrap().key, key(512).payment);
        let full = Named::parse("other/512").unwrap();
        let story = full.story(&books.desk, None).await.unwrap();
        assert!(full.effect(&story).unwrap_err().contains("no document so far"));
    }

    #[tokio::test]
    async fn one_of_several_documents_must_be_named() {
        let books = Books::empty();
        books.ready(512).await;
        books.refund_by_hand(512).await;
        let story = Named::parse("512").unwrap().story(&books.desk, None).await.unwrap();
        let told = Named::parse("512").unwrap().effect(&story).unwrap_err();
        assert!(told.contains("main/512/Receipt/1 or main/512/Refund/1"), "{told}");
        let refund = Named::parse("512-R1").unwrap();
        assert_eq!(refund.effect(&story).unwrap().key.kind, EffectKind::Refund);
        let none = Named::parse("main/512/Refund/7").unwrap();
        assert!(none.effect(&story).unwrap_err().contains("no such document"));
    }
}
