//! Apps that may ask for tokens of their own.

use aws_lc_rs::constant_time::verify_slices_are_equal;

/// An app that is known here. It may use every grant and has every mail permission for all mailboxes.
#[derive(Clone)]
pub struct ClientApp {
    /// Its client id: a GUID.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Name for show.
    pub display_name: String,
}

impl ClientApp {
    /// Whether id and secret are this app's; takes the same time for any secret of the right length.
    pub(crate) fn is(&self, client_id: &str, client_secret: &str) -> bool {
        self.client_id.eq_ignore_ascii_case(client_id)
            && verify_slices_are_equal(self.client_secret.as_bytes(), client_secret.as_bytes()).is_ok()
    }
}
