//! paytrace
