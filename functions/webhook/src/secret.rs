//! A shared secret: cannot be shown, is wiped when dropped.

use zeroize::Zeroizing;

/// Has neither `Debug`, `Display` nor `Serialize`.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}
