//! Posting on AWS Lambda.

fn main() -> std::process::ExitCode {
    assembly::deployed::run(poster::lambda::MAKING, poster::lambda::invoked)
}
