//! The codes of problems, with what each means. They are stable; `docs/ERRORS.md` lists them.

/// Code, what is wrong, what to do.
pub const CODES: &[(&str, &str, &str)] = &[
    (
        "ACTION_OF_OTHER_KIND",
        "An action is used as what it is not.",
        "Use the key the message names.",
    ),
    ("ACTION_UNKNOWN", "No action or effect has that name.", "Use the name the message proposes."),
    ("ARGUMENT_MISSING", "A step lacks something it must be given.", "Add it to `with`."),
    ("ARGUMENT_UNKNOWN", "A step is given something it does not take.", "Remove or rename it."),
    (
        "BINDING_UNKNOWN",
        "An environment binds what no document may ask for.",
        "Use the name the message proposes; the configuration says the rest.",
    ),
    ("CHECK_EMPTY", "A check has no rule.", "Add one, or remove the check."),
    ("CHECK_UNKNOWN", "No check document has that id.", "Correct `validate`, or add the check."),
    ("COLUMN_TYPE_UNKNOWN", "A column of a table is of no known type.", "Use one of those listed."),
    ("CURRENCY_MISMATCH", "Amounts of two currencies meet.", "Compare amounts of one currency."),
    ("DOCUMENT_TOO_LONG", "A document is longer than 256 KiB.", "Part it."),
    (
        "EFFECT_TWICE",
        "An effect would be made twice under one name.",
        "Part them by a `switch`, or by a `for` with a key.",
    ),
    ("ENTITY_UNKNOWN", "No entity has that name.", "Use the name the message proposes."),
    ("EVENT_UNKNOWN", "No event has that name.", "Use the name the message proposes."),
    (
        "EXPR_NOT_ALLOWED",
        "An expression uses what is not exact or not bounded.",
        "Say it otherwise.",
    ),
    ("EXPR_SYNTAX", "An expression cannot be read.", "Correct it at the place told."),
    ("EXPR_TOO_DEEP", "An expression is nested too deep.", "Name parts of it with `set`."),
    ("EXPR_TOO_LONG", "An expression, list or pattern is too long.", "Name parts with `set`."),
    ("FACT_UNKNOWN", "No fact has that name.", "Use one of those listed."),
    ("FIELD_EMPTY", "A field of a map says nothing.", "Give `from`, `value`, `lookup` or `expr`."),
    ("FIELD_MISSING", "A map leaves a field out that must be filled.", "Add the field."),
    ("FIELD_TWICE", "A field of a map is filled twice.", "Leave one."),
    ("FIELD_UNKNOWN", "An entity has no such field.", "Use the name the message proposes."),
    ("FLOW_RUNS_ITSELF", "A flow would run itself.", "Take the `run` out of the circle."),
    ("FLOW_UNKNOWN", "No flow has that id.", "Correct `run`, or add the flow."),
    ("FOR_WITHIN_FOR", "A loop stands in a loop.", "Give the outer loop one list."),
    ("ID_RESERVED", "A name means something else there.", "Choose another name."),
    ("ID_TWICE", "Two rows or rules have one id.", "Give each its own."),
    ("ID_WRONG", "An id is none, or the file is not named for it.", "Rename the id or the file."),
    ("INPUT_UNKNOWN", "A row of a table asks for an input the table has not.", "Name an input."),
    (
        "KEY_CONSTANT",
        "A loop's key is the same for every element.",
        "Name a number of the element: 1, 2, 3, ...",
    ),
    ("KEY_NOT_TAKEN", "A step has a key that does nothing there.", "Leave it out."),
    ("KIND_WRONG", "A document is in the folder of another kind.", "Move the file."),
    ("LIMIT_ZERO", "A loop may do no element.", "Say how many are expected."),
    ("MAP_MISSING", "An effect says no map.", "Add `map`."),
    ("MAP_OF_OTHER_ENTITY", "A map makes another entity than the effect.", "Use the right map."),
    ("MAP_UNKNOWN", "No map has that id.", "Correct `map`, or add the map."),
    ("MAY_BE_NULL", "A value may be missing where one is needed.", "Say what stands for it: `??`."),
    ("NAME_UNKNOWN", "Nothing has that name here.", "Use the name the message proposes."),
    ("NOT_ROUNDED", "An amount has more places than money.", "Round it: `round(x, 2)`."),
    ("NO_ERROR_ROUTE", "A step can fail and says not what then.", "Add `on_error`, or `try`."),
    ("OUTPUT_UNKNOWN", "A table gives no such output.", "Name one of its outputs."),
    ("REASON_UNKNOWN", "No reason has that code.", "Use a code of this page."),
    ("ROW_NEVER_REACHED", "A row is behind one that fits all it fits.", "Move or remove it."),
    ("SCHEDULE_UNBOUND", "A flow's schedule is not bound.", "Add it to `schedules`, or rename it."),
    ("STEP_ID_TWICE", "Two steps have one id.", "Give each its own."),
    ("STEP_ID_WRONG", "A step's id cannot be used in expressions.", "Small letters, digits, `_`."),
    ("STEP_KIND", "A step says nothing to do, or several things.", "One thing for each step."),
    ("STEP_UNREACHABLE", "A step is behind one that always ends the flow.", "Move or remove it."),
    ("STEP_WRONG", "A step of a field is unknown, or lacks a key.", "See docs/FLOWS.md."),
    ("TABLE_UNKNOWN", "No table has that id.", "Correct the field, or add the table."),
    ("TRIGGER_WRONG", "A flow says no trigger, or several kinds.", "Say one kind of trigger."),
    ("TYPE_MISMATCH", "A value is of another type than is wanted.", "Convert it, or take another."),
    ("WAIT_ENDLESS", "A step waits for a fact where none are stated.", "Wait `until` a time."),
    ("WAIT_WRONG", "A step waits for nothing, or for two things.", "Give `until` or `fact`."),
    ("YAML_WRONG", "The text is not a document of its kind.", "Correct it at the place told."),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::CODES;

    fn used(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                used(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("codes.rs")
            {
                let text = std::fs::read_to_string(&path).unwrap();
                let quoted = text.split('"').skip(1).step_by(2);
                let is_code = |word: &&str| {
                    word.contains('_')
                        && word.chars().all(|c| c.is_ascii_uppercase() || c == '_')
                        && !word.starts_with("CARGO")
                };
                found.extend(quoted.filter(is_code).map(str::to_owned));
            }
        }
    }

    #[test]
    fn every_code_is_listed_and_used() {
        let mut found = BTreeSet::new();
        used(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        let listed: BTreeSet<String> = CODES.iter().map(|(code, ..)| (*code).to_owned()).collect();
        assert_eq!(listed.len(), CODES.len());
        assert_eq!(found, listed);
    }
}
