//! paysage-http
