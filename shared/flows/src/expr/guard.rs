//! What no expression may be: too long, too deep, or able to run for long.

use zen_expression::functions::{FunctionKind, InternalFunction};
use zen_expression::lexer::{ArithmeticOperator, ComparisonOperator, Operator};
use zen_expression::parser::Node;

use super::ExprError;

const CHARS_MAX: usize = 2_000;
const DEPTH_MAX: usize = 24;
const ARRAY_MAX: usize = 1_000;
const NUMBER_CHARS_MAX: usize = 28;
const CLOSURES_MAX: usize = 2;

/// Before it is parsed, since the parser descends as deep as the text says.
pub(super) fn text(text: &str) -> Result<(), ExprError> {
    if text.trim().is_empty() {
        return Err(ExprError::new("EXPR_SYNTAX", "the expression is empty"));
    }
    if text.chars().count() > CHARS_MAX {
        let message = format!("an expression has at most {CHARS_MAX} characters");
        return Err(ExprError::new("EXPR_TOO_LONG", &message));
    }
    let mut depth = 0_usize;
    let mut prefixes = 0_usize;
    let mut branches = 0_usize;
    for c in text.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '?' => branches += 1,
            _ => {}
        }
        prefixes = match c {
            '-' | '!' | '+' => prefixes + 1,
            c if c.is_whitespace() => prefixes,
            _ => 0,
        };
        if depth > DEPTH_MAX || prefixes > DEPTH_MAX || branches > 4 * DEPTH_MAX {
            return Err(too_deep());
        }
    }
    if number_chars_max(text) > NUMBER_CHARS_MAX {
        let message = format!("a number has at most {NUMBER_CHARS_MAX} digits");
        return Err(ExprError::new("EXPR_TOO_LONG", &message));
    }
    if text.matches("not ").count() > DEPTH_MAX {
        return Err(too_deep());
    }
    Ok(())
}

/// The longest number outside quotes: one of more digits than can be held would be rounded.
fn number_chars_max(text: &str) -> usize {
    let mut quote = None;
    let (mut longest, mut length) = (0, 0_usize);
    for c in text.chars() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
        length = match c {
            '0'..='9' if quote.is_none() => length + 1,
            '.' | '_' => length,
            _ => 0,
        };
        longest = longest.max(length);
    }
    longest
}

/// What the parser made of it.
pub(super) fn tree(node: &Node<'_>, depth: usize) -> Result<(), ExprError> {
    walk(node, depth, 0)
}

fn walk(node: &Node<'_>, depth: usize, closures: usize) -> Result<(), ExprError> {
    // A parenthesis is no step of its own: the text was measured by brackets before.
    if depth > 4 * DEPTH_MAX {
        return Err(too_deep());
    }
    refused(node)?;
    let down = |child: &Node<'_>| walk(child, depth + 1, closures);
    match node {
        Node::TemplateString(parts) | Node::Array(parts) => {
            if parts.len() > ARRAY_MAX {
                let message = format!("a list has at most {ARRAY_MAX} elements");
                return Err(ExprError::new("EXPR_TOO_LONG", &message));
            }
            parts.iter().try_for_each(|part| down(part))
        }
        Node::Closure { body, .. } => {
            if closures >= CLOSURES_MAX {
                let message = "a condition on elements within another, within another";
                return Err(ExprError::new("EXPR_TOO_DEEP", message));
            }
            walk(body, depth + 1, closures + 1)
        }
        Node::Parenthesized(inner) | Node::Unary { node: inner, .. } => down(inner),
        Node::Member { node, property } => down(node).and_then(|()| down(property)),
        Node::Slice { node, from, to } => {
            down(node)?;
            [from, to].into_iter().flatten().try_for_each(|edge| down(edge))
        }
        Node::Interval { left, right, .. } => down(left).and_then(|()| down(right)),
        Node::Conditional { condition, on_true, on_false } => {
            down(condition).and_then(|()| down(on_true)).and_then(|()| down(on_false))
        }
        Node::Binary { left, operator, right } => {
            let within = Operator::Comparison(ComparisonOperator::In);
            let without = Operator::Comparison(ComparisonOperator::NotIn);
            if matches!(right, Node::Interval { .. }) && ![within, without].contains(operator) {
                return Err(range());
            }
            down(left).and_then(|()| down(right))
        }
        Node::FunctionCall { kind, arguments } => {
            let ranged = arguments.iter().any(|argument| is_range(argument));
            if ranged || (matches!(kind, FunctionKind::Closure(_)) && arguments.is_empty()) {
                return Err(range());
            }
            arguments.iter().try_for_each(|argument| down(argument))
        }
        Node::MethodCall { this, arguments, .. } => {
            down(this)?;
            arguments.iter().try_for_each(|argument| down(argument))
        }
        _ => Ok(()),
    }
}

fn is_range(node: &Node<'_>) -> bool {
    match node {
        Node::Interval { .. } => true,
        Node::Parenthesized(inner) => is_range(inner),
        _ => false,
    }
}

/// What is not part of the language we allow.
fn refused(node: &Node<'_>) -> Result<(), ExprError> {
    let message = match node {
        Node::Object(_) => "records are made by maps, not by expressions",
        Node::Assignments { .. } => "values are named by `set`, not by expressions",
        Node::Root => "`$root` is not known here: name what is meant",
        Node::Binary { operator: Operator::Arithmetic(ArithmeticOperator::Power), .. } => {
            "`^` is not exact for amounts"
        }
        Node::FunctionCall { kind: FunctionKind::Deprecated(old), .. } => {
            return Err(ExprError::new(
                "EXPR_NOT_ALLOWED",
                &format!("`{old}()` is of the old set of functions: use `d(...)` and its methods"),
            ));
        }
        Node::FunctionCall { kind: FunctionKind::Internal(InternalFunction::Rand), .. } => {
            "`rand()` gives another value each time"
        }
        Node::FunctionCall {
            kind: FunctionKind::Internal(InternalFunction::Date),
            arguments: [],
        } => "`d()` without a date is another time each time: use `run.now`",
        _ => return Ok(()),
    };
    Err(ExprError::new("EXPR_NOT_ALLOWED", message))
}

fn range() -> ExprError {
    let message = "a range of numbers may only be asked `in`: going through one can take for ever";
    ExprError::new("EXPR_NOT_ALLOWED", message)
}

fn too_deep() -> ExprError {
    let message = format!("an expression is at most {DEPTH_MAX} deep");
    ExprError::new("EXPR_TOO_DEEP", &message)
}
