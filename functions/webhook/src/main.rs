//! Webhooks on AWS Lambda.

fn main() -> std::process::ExitCode {
    assembly::deployed::serve(webhook::lambda::MAKING)
}
