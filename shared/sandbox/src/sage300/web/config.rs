//! How a simulated installation is set up.

use std::collections::BTreeMap;

use serde::Deserialize;

/// One company of one installation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sage300Config {
    /// Company database id, as in the URL.
    pub company: String,
    pub users: Vec<User>,
    /// Default and greatest number of rows in one answer. [O]
    pub page_size: usize,
    /// Further names under which resources are served, as a partner's endpoints might be:
    /// `OE/OESOH` to `OEOrders`.
    pub aliases: BTreeMap<String, String>,
    /// Whether a partner's `IC/ICLocationDetails` (quantities on hand) is installed.
    pub partner_quantities: bool,
    /// `AllowWebApiAccessForAdmin`. [O]
    pub allow_admin: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    pub user: String,
    pub password: String,
    /// Modules in which the user has the authorization "Sage 300 Web API"; all when absent.
    #[serde(default)]
    pub modules: Option<Vec<String>>,
    /// Resources to whose records the user has no right.
    #[serde(default)]
    pub denied: Vec<String>,
}

impl Default for Sage300Config {
    fn default() -> Self {
        let demo = User {
            user: "WEBAPI".into(),
            password: "WEBAPI".into(),
            modules: None,
            denied: Vec::new(),
        };
        Self {
            company: "SAMLTD".into(),
            users: vec![demo],
            page_size: 100,
            aliases: BTreeMap::new(),
            partner_quantities: false,
            allow_admin: false,
        }
    }
}
