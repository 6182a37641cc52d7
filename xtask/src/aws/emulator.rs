//! The emulator as a child process, stopped when dropped.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::run;
use crate::shell;

pub(super) struct Emulator {
    python: PathBuf,
    port: u16,
    log: PathBuf,
    child: Stopped,
}

/// A process that is told to end, and waited for.
pub(super) struct Stopped(Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        let told = Command::new("kill").arg(self.0.id().to_string()).status();
        // One that cannot be told is killed; either way it is waited for.
        if !told.is_ok_and(|status| status.success()) {
            drop(self.0.kill());
        }
        drop(self.0.wait());
    }
}

impl Emulator {
    /// A new, empty one; with `rights`, functions may do only what their roles allow.
    pub(super) fn start(python: &Path, rights: bool) -> Result<Self, String> {
        let port = free_port()?;
        Self::seen_at(python, rights, port, port)
    }

    /// One whose functions call it through a recorder, which writes their requests to the file when
    /// it is dropped.
    pub(super) fn recorded(python: &Path, counts: &Path) -> Result<(Self, Stopped), String> {
        let (port, seen_at) = (free_port()?, free_port()?);
        let mut command = Command::new(python);
        command.arg(shell::root().join("tests/aws/recorder.py"));
        command.args(["--forward", &format!("http://127.0.0.1:{port}")]);
        command.args(["--port", &seen_at.to_string(), "--counts"]).arg(counts);
        // Functions that still call when the emulator has ended make it complain.
        let child = command.stderr(Stdio::null()).spawn().map_err(|error| error.to_string())?;
        let recorder = Stopped(child);
        Ok((Self::seen_at(python, false, port, seen_at)?, recorder))
    }

    fn seen_at(python: &Path, rights: bool, port: u16, seen_at: u16) -> Result<Self, String> {
        let log = shell::scratch(&format!("emulator-{port}.log")).map_err(|e| e.to_string())?;
        let out = File::create(&log).map_err(|error| error.to_string())?;
        let err = out.try_clone().map_err(|error| error.to_string())?;
        let mut command = Command::new(python.with_file_name("ministack"));
        command
            .env("BIND_HOST", "127.0.0.1")
            .env("MINISTACK_HOST", "127.0.0.1")
            .env("MINISTACK_REGION", "us-east-1")
            .env("GATEWAY_PORT", port.to_string())
            .env("AUTH", if rights { "true" } else { "false" })
            .current_dir(shell::root().join("target"))
            .stdout(out)
            .stderr(err);
        let child = surroundings(&mut command, seen_at).spawn();
        let child = child.map_err(|error| format!("the emulator does not start: {error}"))?;
        let emulator = Self { python: python.to_owned(), port, log, child: Stopped(child) };
        run(&mut emulator.script(&["ready"]), "reach the emulator")?;
        Ok(emulator)
    }

    /// Tells a command where the emulator is.
    pub(super) fn told<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        surroundings(command, self.port)
    }

    /// What the emulator and the functions on it wrote.
    pub(super) fn log(&self) -> &Path {
        &self.log
    }

    /// Deploys the stack of these functions; where its outputs are written.
    pub(super) fn deploy(&self, functions: &Path) -> Result<PathBuf, String> {
        let outputs = self.log.with_extension("json");
        let mut command = self.script(&["deploy", "--binaries"]);
        command.arg(functions).arg("--outputs").arg(&outputs).stdout(Stdio::null());
        run(&mut command, "deploy the stack")?;
        Ok(outputs)
    }

    /// Schedules every two seconds instead of every few minutes.
    pub(super) fn tick(&self) -> Result<Stopped, String> {
        let mut command = self.script(&["tick", "paysage-test-poller", "paysage-test-poster"]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Ok(Stopped(child.map_err(|error| error.to_string())?))
    }

    fn script(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.python);
        command.arg(shell::root().join("tests/aws/stack.py")).args(arguments);
        surroundings(&mut command, self.port);
        command
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        shell::say(&format!("the emulator (process {}) is stopped", self.child.0.id()));
    }
}

fn surroundings(command: &mut Command, port: u16) -> &mut Command {
    command
        .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
        .env("AWS_REGION", "us-east-1")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
}

fn free_port() -> Result<u16, String> {
    let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    address.map(|address| address.port()).map_err(|error| format!("no free port: {error}"))
}
