//! Polling on AWS Lambda.

fn main() -> std::process::ExitCode {
    assembly::deployed::run(poller::lambda::MAKING, poller::lambda::invoked)
}
