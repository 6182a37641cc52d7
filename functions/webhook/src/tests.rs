mod bodies;
mod rig;
mod senders;
