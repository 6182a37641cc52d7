//! The grammar: `or` binds looser than `and`, `and` looser than a comparison, a comparison looser
//! than `not`.

use rust_decimal::Decimal;

use super::super::refusal::{self, Outcome};
use super::word::Word;

/// A filter before its names and types are known.
#[derive(Debug, PartialEq)]
pub enum Node {
    Or(Vec<Node>),
    And(Vec<Node>),
    Not(Box<Node>),
    Compare(Operator, Box<Node>, Box<Node>),
    Call(String, Vec<Node>),
    Property(String),
    Text(String),
    Number(Decimal),
    Date(String),
    Flag(bool),
    Null,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

impl Operator {
    /// The operator that says the same with the operands exchanged.
    #[must_use]
    pub fn turned(self) -> Self {
        match self {
            Self::Gt => Self::Lt,
            Self::Ge => Self::Le,
            Self::Lt => Self::Gt,
            Self::Le => Self::Ge,
            Self::Eq | Self::Ne => self,
        }
    }
}

/// # Errors
/// `InvalidParameters` for what is no filter.
pub fn parse(words: &[Word]) -> Outcome<Node> {
    let mut reader = Reader { words, at: 0, depth: 0 };
    let node = reader.any_of()?;
    if reader.at < words.len() {
        return Err(reader.syntax());
    }
    Ok(node)
}

/// Deeper nesting than any server takes.
const DEPTH_MAX: usize = 50;

struct Reader<'w> {
    words: &'w [Word],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn any_of(&mut self) -> Outcome<Node> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(refusal::invalid_parameters("The filter is nested too deeply."));
        }
        let mut alternatives = vec![self.all_of()?];
        while self.take_name("or") {
            alternatives.push(self.all_of()?);
        }
        self.depth -= 1;
        Ok(single(alternatives, Node::Or))
    }

    fn all_of(&mut self) -> Outcome<Node> {
        let mut conditions = vec![self.comparison()?];
        while self.take_name("and") {
            conditions.push(self.comparison()?);
        }
        Ok(single(conditions, Node::And))
    }

    fn comparison(&mut self) -> Outcome<Node> {
        let left = self.negation()?;
        let Some(operator) = self.operator() else { return Ok(left) };
        self.at += 1;
        let right = self.negation()?;
        Ok(Node::Compare(operator, Box::new(left), Box::new(right)))
    }

    fn negation(&mut self) -> Outcome<Node> {
        let mut negated = false;
        while self.take_name("not") {
            negated = !negated;
        }
        let node = self.operand()?;
        Ok(if negated { Node::Not(Box::new(node)) } else { node })
    }

    fn operator(&self) -> Option<Operator> {
        let Some(Word::Name(name)) = self.words.get(self.at) else { return None };
        match name.as_str() {
            "eq" => Some(Operator::Eq),
            "ne" => Some(Operator::Ne),
            "gt" => Some(Operator::Gt),
            "ge" => Some(Operator::Ge),
            "lt" => Some(Operator::Lt),
            "le" => Some(Operator::Le),
            _ => None,
        }
    }

    fn operand(&mut self) -> Outcome<Node> {
        let word = self.words.get(self.at).cloned().ok_or_else(|| self.syntax())?;
        self.at += 1;
        Ok(match word {
            Word::Open => {
                let node = self.any_of()?;
                self.expect(&Word::Close)?;
                node
            }
            Word::Text(text) => Node::Text(text),
            Word::Number(number) => Node::Number(number),
            Word::Date(date) => Node::Date(date),
            Word::Name(name) => self.named(name)?,
            Word::Close | Word::Comma => {
                self.at -= 1;
                return Err(self.syntax());
            }
        })
    }

    fn named(&mut self, name: String) -> Outcome<Node> {
        if self.words.get(self.at) == Some(&Word::Open) {
            self.at += 1;
            let mut arguments = vec![self.any_of()?];
            while self.words.get(self.at) == Some(&Word::Comma) {
                self.at += 1;
                arguments.push(self.any_of()?);
            }
            self.expect(&Word::Close)?;
            return Ok(Node::Call(name, arguments));
        }
        Ok(match name.as_str() {
            "true" => Node::Flag(true),
            "false" => Node::Flag(false),
            "null" => Node::Null,
            _ => Node::Property(name),
        })
    }

    /// Takes the word if it is that name.
    fn take_name(&mut self, expected: &str) -> bool {
        let found = matches!(self.words.get(self.at), Some(Word::Name(n)) if n == expected);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, expected: &Word) -> Outcome<()> {
        if self.words.get(self.at) != Some(expected) {
            return Err(self.syntax());
        }
        self.at += 1;
        Ok(())
    }

    fn syntax(&self) -> super::super::super::resource::SageError {
        let text = format!("Syntax error at word {} of the filter.", self.at + 1);
        refusal::invalid_parameters(text)
    }
}

fn single(mut nodes: Vec<Node>, several: fn(Vec<Node>) -> Node) -> Node {
    match (nodes.pop(), nodes.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            nodes.extend(last);
            several(nodes)
        }
    }
}
