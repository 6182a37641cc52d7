//! Any text as a document among the shipped ones: read, compiled, looked through, written. Nothing may panic
//! or hang, and what is written reads the same.
#![no_main]

use std::collections::BTreeMap;

use flows::program::{Program, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &str)| {
    let (kind, text) = input;
    let folder = ["flows", "maps", "tables", "checks", "samples", "env"];
    let folder = folder[usize::from(kind) % folder.len()];
    let path = format!("{folder}/a.yaml");
    let files = BTreeMap::from([(path.clone(), text.to_owned())]);
    let _ = flows::positions::positions(text);
    let _ = flows::bindings::Bindings::read("a", &files);
    let _ = flows::document::Sample::read(text);
    let Ok(documents) = read(&files) else { return };
    let _ = Program::compile(&documents);
    let _ = flows::lint::problems(&documents);
    for document in documents.values() {
        let once = flows::format::text(document).expect("what was read can be written");
        let again = read(&BTreeMap::from([(path.clone(), once)])).expect("and read again");
        assert_eq!(again, documents);
    }
});
