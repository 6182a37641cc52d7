//! poster
