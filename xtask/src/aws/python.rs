//! Python environments of our own, below the repository's root.

use std::path::PathBuf;
use std::process::Command;

use super::run;
use crate::shell;

/// The Python of an environment that has what the file lists; it is made when something changed.
pub(super) fn environment(folder: &str, requirements: &str) -> Result<PathBuf, String> {
    let (folder, requirements) = (shell::root().join(folder), shell::root().join(requirements));
    let wanted = std::fs::read_to_string(&requirements)
        .map_err(|error| format!("{}: {error}", requirements.display()))?;
    let (python, noted) = (folder.join("bin/python"), folder.join("installed.txt"));
    if std::fs::read_to_string(&noted).is_ok_and(|has| has == wanted) {
        return Ok(python);
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder), "make a Python environment")?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(&requirements);
    run(&mut install, "install what the file of requirements lists")?;
    std::fs::write(noted, wanted).map_err(|error| error.to_string())?;
    Ok(python)
}
