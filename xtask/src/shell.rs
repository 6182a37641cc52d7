//! Running other programs from the repository's root, and writing to the terminal.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// One line to standard output.
#[expect(clippy::print_stdout, reason = "the terminal is what this program writes to")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// The cargo that runs us, in the root.
pub(crate) fn cargo<I: AsRef<OsStr>>(arguments: impl IntoIterator<Item = I>) -> Command {
    let mut command = Command::new(option_env!("CARGO").unwrap_or("cargo"));
    command.args(arguments).current_dir(root());
    command
}

/// Runs with our own output; true when it succeeded. A program that cannot be started has failed.
pub(crate) fn passes(command: &mut Command) -> bool {
    match command.status() {
        Ok(status) => status.success(),
        Err(error) => {
            say(&format!("cannot run {:?}: {error}", command.get_program()));
            false
        }
    }
}

/// Runs and takes what it prints; `None` when it failed.
pub(crate) fn output_of(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::inherit()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then_some(text)
}

/// Builds the `paysage` program and says where it is; `None` when it does not build.
pub(crate) fn build_paysage(release: bool) -> Option<PathBuf> {
    let mut command = cargo(["build", "--package", "paysage", "--bin", "paysage", "--locked"]);
    if release {
        command.arg("--release");
    }
    command.arg("--message-format=json-render-diagnostics");
    let messages = output_of(&mut command)?;
    let mut paths = messages.lines().rev().filter_map(executable_of);
    paths.find(|path| path.file_stem() == Some(OsStr::new("paysage")))
}

/// Builds the unit tests of a package, as with the whole workspace, and says where they are.
pub(crate) fn test_binary(package: &str) -> Option<PathBuf> {
    let arguments = ["test", "--workspace", "--locked", "--no-run", "--lib"];
    let mut command = cargo(arguments);
    let messages = output_of(command.arg("--message-format=json-render-diagnostics"))?;
    let start = format!("{package}-");
    let mut paths = messages.lines().filter_map(executable_of);
    paths.find(|path| {
        path.file_stem().is_some_and(|stem| stem.to_string_lossy().starts_with(&start))
    })
}

fn executable_of(line: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(line).ok()?;
    message.get("executable")?.as_str().map(PathBuf::from)
}

/// A file of this name in a folder of our own under the build folder.
pub(crate) fn scratch(name: &str) -> std::io::Result<PathBuf> {
    let folder = root().join("target").join("xtask");
    std::fs::create_dir_all(&folder)?;
    Ok(folder.join(name))
}
