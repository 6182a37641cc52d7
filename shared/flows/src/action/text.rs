//! Actions as they are written.

use std::collections::BTreeMap;

use domain::exception::ReasonCode;
use serde::Deserialize;

use super::{Action, Event, Kind};
use crate::entity::{Entity, FieldText, Type, fields};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileText {
    pub actions: Vec<ActionText>,
    #[serde(default)]
    pub events: Vec<Event>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ActionText {
    name: String,
    about: String,
    kind: Kind,
    available: bool,
    #[serde(default)]
    makes: Option<String>,
    #[serde(default)]
    key: String,
    #[serde(default)]
    failures: Vec<String>,
    #[serde(default)]
    input: BTreeMap<String, FieldText>,
    #[serde(default)]
    output: BTreeMap<String, FieldText>,
}

pub(super) fn read(text: &str) -> Result<FileText, String> {
    serde_saphyr::from_str(text).map_err(|error| error.to_string())
}

impl ActionText {
    pub(super) fn action(&self) -> Result<Action, String> {
        let within = |error| format!("{}: {error}", self.name);
        let output = fields(&self.output).map_err(within)?;
        let call = matches!(self.kind, Kind::Read | Kind::Write);
        let answers = call.then(|| Entity { name: self.name.clone(), fields: output.clone() });
        Ok(Action {
            name: self.name.clone(),
            about: self.about.clone(),
            kind: self.kind,
            input: fields(&self.input).map_err(within)?,
            output: if call { Type::Object(output) } else { Type::Null },
            answers,
            makes: self.makes.clone(),
            failures: self.failures().map_err(within)?,
            key: self.key.clone(),
            available: self.available,
        })
    }

    fn failures(&self) -> Result<Vec<ReasonCode>, String> {
        let reason = |code: &String| {
            let found = ReasonCode::ALL.iter().find(|reason| reason.code() == code).copied();
            found.ok_or_else(|| format!("there is no reason code `{code}`"))
        };
        self.failures.iter().map(reason).collect()
    }
}
