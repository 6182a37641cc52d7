//! sage300
