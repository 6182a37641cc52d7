//! PayTrace v1, simulated.
