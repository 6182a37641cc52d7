//! The notation of the schema tables, line by line:
//!
//! ```text
//! enum NAME Member=stored ...        a pick-list, continued by indented lines
//! module AR                          what follows belongs to that module
//! block NAME                         properties to be named again by `use NAME`
//! shape NAME                         a nested record
//! entity RESOURCE TYPE GET POST ...  a resource; PROCESS is a service, PARTNER is off by default
//!   type: Name* Name~ Name=value     properties: key, read-only, with a default, `Name{1..5}` five
//! ```
//! Types: `s60` text, `s12u` code, `d3` decimal, `int`, `long`, `bool`, `date`, `yn`, `enum NAME`
//! (`enum NAME=Member` to default to another than the first), `many SHAPE`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::shape::{Enumeration, Field, Kind, Member, Shape};
use super::{Catalogue, Resource, Verbs};

/// Reads all tables, in order: what a line names must have been declared before it.
///
/// # Errors
/// The line that is not understood.
pub fn read(tables: &[&str]) -> Result<Catalogue, String> {
    let mut reader = Reader::default();
    for table in tables {
        for line in table.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
            reader.line(line).map_err(|why| format!("{why} in: {line}"))?;
        }
        reader.close()?;
    }
    Ok(reader.catalogue)
}

#[derive(Default)]
struct Reader {
    catalogue: Catalogue,
    module: String,
    enums: BTreeMap<String, Arc<Enumeration>>,
    blocks: BTreeMap<String, Vec<Field>>,
    shapes: BTreeMap<String, Arc<Shape>>,
    open: Option<(Heading, Vec<Field>)>,
}

enum Heading {
    Enum { name: String, members: Vec<Member> },
    Block { name: String },
    Shape { name: String },
    Entity { resource: String, name: String, verbs: Verbs, partner: bool },
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), String> {
        if line.starts_with(' ') {
            return self.properties(line.trim());
        }
        self.close()?;
        let (word, rest) = line.split_once(' ').ok_or("a heading without a name")?;
        let mut words = rest.split_whitespace();
        let name = words.next().ok_or("a heading without a name")?.to_owned();
        let heading = match word {
            "module" => {
                self.module = name;
                return Ok(());
            }
            "enum" => {
                let members = words.map(member).collect::<Result<_, _>>()?;
                Heading::Enum { name, members }
            }
            "block" => Heading::Block { name },
            "shape" => Heading::Shape { name },
            "entity" => entity(name, words)?,
            other => return Err(format!("unknown heading {other}")),
        };
        self.open = Some((heading, Vec::new()));
        Ok(())
    }

    fn properties(&mut self, line: &str) -> Result<(), String> {
        if let Some((Heading::Enum { members, .. }, _)) = &mut self.open {
            for word in line.split_whitespace() {
                members.push(member(word)?);
            }
            return Ok(());
        }
        let added = match line.strip_prefix("use ") {
            Some(block) => self.blocks.get(block).ok_or("unknown block")?.clone(),
            None => self.declared(line)?,
        };
        let (_, fields) = self.open.as_mut().ok_or("a property outside a shape")?;
        fields.extend(added);
        Ok(())
    }

    fn declared(&self, line: &str) -> Result<Vec<Field>, String> {
        let (code, names) = line.split_once(": ").ok_or("no `: ` after the type")?;
        let (kind, default) = self.kind(code)?;
        let mut fields = Vec::new();
        for word in names.split_whitespace() {
            let (word, default) = match word.split_once('=') {
                Some((word, text)) => (word, literal(&kind, text)?),
                None => (word, default.clone()),
            };
            let key = word.ends_with('*');
            let read_only = word.ends_with('~');
            for name in expanded(word.trim_end_matches(['*', '~']))? {
                let (kind, default) = (kind.clone(), default.clone());
                fields.push(Field { name, kind, key, read_only, default });
            }
        }
        Ok(fields)
    }

    fn kind(&self, code: &str) -> Result<(Kind, Value), String> {
        if let Some(name) = code.strip_prefix("enum ") {
            let (name, default) = name.split_once('=').unwrap_or((name, ""));
            return self.enum_kind(name, default);
        }
        if let Some(name) = code.strip_prefix("many ") {
            let shape = self.shapes.get(name).ok_or_else(|| format!("unknown shape {name}"))?;
            return Ok((Kind::Many(Arc::clone(shape)), Value::Array(Vec::new())));
        }
        Ok(match code {
            "int" => (Kind::Int, Value::from(0)),
            "long" => (Kind::Long, Value::from(0)),
            "bool" => (Kind::Bool, Value::Bool(false)),
            "date" => (Kind::Date, Value::Null),
            "yn" => return self.enum_kind("YesNo", ""),
            _ => sized(code)?,
        })
    }

    fn enum_kind(&self, name: &str, default: &str) -> Result<(Kind, Value), String> {
        let list = self.enums.get(name).ok_or_else(|| format!("unknown enum {name}"))?;
        let member = if default.is_empty() { list.members.first() } else { list.find(default) };
        let member = member.ok_or("an enum without that member")?;
        Ok((Kind::Enum(Arc::clone(list)), Value::from(member.name.as_str())))
    }

    /// Every record has an `UpdateOperation`. [O]
    fn closed_shape(&self, name: String, mut fields: Vec<Field>) -> Result<Arc<Shape>, String> {
        let (kind, default) = self.enum_kind("UpdateOperation", "")?;
        let name_of_field = "UpdateOperation".to_owned();
        fields.push(Field { name: name_of_field, kind, key: false, read_only: false, default });
        let mut seen = std::collections::BTreeSet::new();
        if let Some(twice) = fields.iter().find(|field| !seen.insert(field.name.as_str())) {
            return Err(format!("{} twice in {name}", twice.name));
        }
        Ok(Arc::new(Shape::new(name, fields)))
    }

    fn close(&mut self) -> Result<(), String> {
        let Some((heading, fields)) = self.open.take() else { return Ok(()) };
        match heading {
            Heading::Enum { name, members } => {
                self.enums.insert(name.clone(), Arc::new(Enumeration { name, members }));
            }
            Heading::Block { name } => {
                self.blocks.insert(name, fields);
            }
            Heading::Shape { name } => {
                let shape = self.closed_shape(name.clone(), fields)?;
                self.shapes.insert(name, shape);
            }
            Heading::Entity { resource: name, name: type_name, verbs, partner } => {
                let shape = self.closed_shape(type_name, fields)?;
                let module = self.module.clone();
                let resource = Resource { name: name.clone(), module, verbs, shape, partner };
                self.catalogue.resources.insert(name, resource);
            }
        }
        Ok(())
    }
}

fn entity<'a>(
    resource: String,
    mut words: impl Iterator<Item = &'a str>,
) -> Result<Heading, String> {
    let name = words.next().ok_or("an entity without a type name")?.to_owned();
    let mut verbs = Verbs::default();
    let mut partner = false;
    for word in words {
        verbs = verbs.with(match word {
            "GET" => Verbs::GET,
            "POST" => Verbs::POST,
            "PATCH" => Verbs::PATCH,
            "PUT" => Verbs::PUT,
            "DELETE" => Verbs::DELETE,
            "PROCESS" => Verbs::PROCESS,
            "PARTNER" => {
                partner = true;
                Verbs::default()
            }
            other => return Err(format!("unknown verb {other}")),
        });
    }
    Ok(Heading::Entity { resource, name, verbs, partner })
}

fn member(word: &str) -> Result<Member, String> {
    let (name, stored) = word.split_once('=').ok_or("an enum member without a stored value")?;
    Ok(Member { name: name.to_owned(), stored: stored.to_owned() })
}

/// `s60`, `s12u` or `d3`.
fn sized(code: &str) -> Result<(Kind, Value), String> {
    let unknown = || format!("unknown type {code}");
    if let Some(places) = code.strip_prefix('d') {
        let places = places.parse().map_err(|_| unknown())?;
        return Ok((Kind::Decimal { places }, Value::from(0)));
    }
    let text = code.strip_prefix('s').ok_or_else(unknown)?;
    let (digits, upper) = text.strip_suffix('u').map_or((text, false), |digits| (digits, true));
    let length = digits.parse().map_err(|_| unknown())?;
    Ok((Kind::Text { length, upper }, Value::from("")))
}

fn literal(kind: &Kind, text: &str) -> Result<Value, String> {
    match kind {
        Kind::Text { .. } => Ok(Value::from(text)),
        Kind::Int | Kind::Long => {
            text.parse::<i64>().map(Value::from).map_err(|why| why.to_string())
        }
        _ => Err("this type takes no default".into()),
    }
}

/// `TaxClass{1..5}` is five names.
fn expanded(word: &str) -> Result<Vec<String>, String> {
    let Some((before, rest)) = word.split_once('{') else { return Ok(vec![word.to_owned()]) };
    let (range, after) = rest.split_once('}').ok_or("an open brace")?;
    let (from, to) = range.split_once("..").ok_or("no range in the braces")?;
    let bound = |text: &str| text.parse::<u8>().map_err(|why| why.to_string());
    Ok((bound(from)?..=bound(to)?).map(|number| format!("{before}{number}{after}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENUMS: &str = "enum UpdateOperation Unspecified=0\nenum YesNo No=0 Yes=1\n";

    fn refusal(table: &str) -> String {
        read(&[ENUMS, table]).unwrap_err()
    }

    #[test]
    fn a_table_is_read_with_its_keys_defaults_and_ranges() {
        let table = "module AR\nshape Line\n  long: LineNumber*\n\
                     entity ARThings Thing GET PARTNER\n  s6u: Code*=X Class{1..3}~\n  \
                     yn: Open\n  many Line: Lines\n";
        let catalogue = read(&[ENUMS, table]).unwrap();
        let resource = catalogue.resource("ARThings").unwrap();
        assert!(resource.partner);
        let names: Vec<_> = resource.shape.fields.iter().map(|f| f.name.as_str()).collect();
        let expected = ["Code", "Class1", "Class2", "Class3", "Open", "Lines", "UpdateOperation"];
        assert_eq!(names, expected);
        assert_eq!(resource.shape.keys().count(), 1);
        assert_eq!(resource.shape.field("Code").unwrap().default, "X");
        assert!(resource.shape.field("Class2").unwrap().read_only);
    }

    #[test]
    fn mistakes_are_named() {
        assert!(refusal("entity ARThings Thing FETCH\n").contains("unknown verb FETCH"));
        assert!(refusal("entity A B GET\n  q3: X\n").contains("unknown type q3"));
        assert!(refusal("entity A B GET\n  many C: X\n").contains("unknown shape C"));
        assert!(refusal("entity A B GET\n  int: X X\n").contains("X twice"));
    }

    #[test]
    fn the_shipped_tables_are_well_formed() {
        assert!(read(&super::super::TABLES).unwrap().resources.len() > 30);
    }
}
