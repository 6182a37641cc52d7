//! `/Sage300WebApi/v1.0/-/{COMPANY}/{MODULE}/{Resource}[({key})]`.

use percent_encoding::percent_decode_str;

use super::refusal::{self, Outcome};

/// What a path leads to.
#[derive(Debug, PartialEq, Eq)]
pub enum Place<'p> {
    /// Not the Web API: the web server itself answers.
    Elsewhere,
    /// `/Sage300WebApi`.
    Landing,
    Module(Address<'p>),
}

#[derive(Debug, PartialEq, Eq)]
pub struct Address<'p> {
    pub company: &'p str,
    pub module: &'p str,
    /// All that follows the module, still percent-encoded.
    tail: &'p str,
    /// The path up to the module, with no slash at its end.
    pub root: &'p str,
}

/// What is asked for within a module.
#[derive(Debug, PartialEq, Eq)]
pub struct Target {
    pub resource: String,
    /// What stands between the parentheses, if there are any.
    pub key: Option<String>,
}

impl<'p> Place<'p> {
    #[must_use]
    pub fn of(path: &'p str) -> Self {
        let mut rest = path.strip_prefix('/').unwrap_or(path);
        let mut next = || {
            let (segment, after) = rest.split_once('/').unwrap_or((rest, ""));
            rest = after;
            segment
        };
        if !next().eq_ignore_ascii_case("Sage300WebApi") {
            return Self::Elsewhere;
        }
        let version = next();
        if version.is_empty() {
            return Self::Landing;
        }
        let tenant = next();
        let (company, module) = (next(), next());
        let known = version.eq_ignore_ascii_case("v1.0") && tenant == "-";
        if !known || rest.is_empty() {
            return Self::Elsewhere;
        }
        let root = path.get(..path.len() - rest.len() - 1).unwrap_or_default();
        Self::Module(Address { company, module, tail: rest, root })
    }
}

impl Address<'_> {
    /// The resource and the key.
    ///
    /// # Errors
    /// `InvalidEntityKey` when the parentheses do not close or the escapes are no text.
    pub fn target(&self) -> Outcome<Target> {
        let malformed = || refusal::invalid_entity_key("The entity key is malformed.");
        let tail = percent_decode_str(self.tail).decode_utf8().map_err(|_| malformed())?;
        let tail = tail.strip_suffix('/').unwrap_or(&tail);
        let Some((resource, rest)) = tail.split_once('(') else {
            return Ok(Target { resource: tail.to_owned(), key: None });
        };
        let key = rest.trim_end().strip_suffix(')').ok_or_else(malformed)?;
        Ok(Target { resource: resource.trim_end().to_owned(), key: Some(key.to_owned()) })
    }
}

impl Target {
    /// `$process` or `$template`, quoted or not. [O]
    #[must_use]
    pub fn action(&self) -> Option<&str> {
        let key = self.key.as_deref()?.trim();
        let bare = key.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(key);
        matches!(bare, "$process" | "$template").then_some(bare)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(path: &str) -> Target {
        let Place::Module(address) = Place::of(path) else { panic!("{path}") };
        address.target().unwrap()
    }

    #[test]
    fn paths_lead_where_they_should() {
        assert_eq!(Place::of("/"), Place::Elsewhere);
        assert_eq!(Place::of("/Sage300WebApi"), Place::Landing);
        assert_eq!(Place::of("/sage300webapi/"), Place::Landing);
        assert_eq!(Place::of("/Sage300WebApi/v2.0/-/SAMLTD/AR/ARCustomers"), Place::Elsewhere);
        assert_eq!(Place::of("/Sage300WebApi/v1.0/x/SAMLTD/AR/ARCustomers"), Place::Elsewhere);
        assert_eq!(Place::of("/Sage300WebApi/v1.0/-/SAMLTD"), Place::Elsewhere);
        let Place::Module(address) = Place::of("/Sage300WebApi/V1.0/-/SAMLTD/AR/ARCustomers")
        else {
            panic!()
        };
        assert_eq!((address.company, address.module), ("SAMLTD", "AR"));
        assert_eq!(address.root, "/Sage300WebApi/V1.0/-/SAMLTD/AR");
    }

    #[test]
    fn keys_are_decoded_after_the_path_is_cut() {
        let root = "/Sage300WebApi/v1.0/-/SAMLTD/IC";
        let found = target(&format!("{root}/ICItems('A1-105%2F0')"));
        assert_eq!(found.resource, "ICItems");
        assert_eq!(found.key.as_deref(), Some("'A1-105/0'"));
        assert_eq!(target(&format!("{root}/ICItems")).key, None);
        assert_eq!(target(&format!("{root}/X('$process')")).action(), Some("$process"));
        assert_eq!(target(&format!("{root}/X(%24template)")).action(), Some("$template"));
        assert_eq!(target(&format!("{root}/X('$other')")).action(), None);
    }
}
