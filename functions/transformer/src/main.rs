//! Transforming on AWS Lambda.

fn main() -> std::process::ExitCode {
    assembly::deployed::run(transformer::lambda::MAKING, transformer::lambda::invoked)
}
