//! What a person reads when the server stands: where it is, and in development mode two lines that can be pasted.

use crate::development::{DevFile, DevPerson};
use crate::listen::Addresses;
use std::path::Path;

/// For production: nothing secret.
pub(crate) fn production(addresses: Addresses, ca: &Path) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let Addresses { http, https, smtp } = addresses;
    format!("Restante {version} listens on http://{http}, https://{https} (CA: {}) and smtp://{smtp}.\n", ca.display())
}

/// For development: the addresses, who is here, where the secrets are, and how to send and read a message.
pub(crate) fn development(dev: &DevFile, file: &Path) -> String {
    let DevFile { base_url, https_url, authority, tenant, ca, smtp, people, .. } = dev;
    let names: Vec<&str> = people.iter().map(|person| person.user_principal_name.as_str()).collect();
    let mut text = format!(
        "Restante {version} listens, in development mode.\n\n\
         \x20 Graph      {base_url}\n\
         \x20            {https_url}   CA: {ca}\n\
         \x20 tokens     {authority}/{tenant}/oauth2/v2.0/token\n\
         \x20 SMTP       {smtp}   (mail for these people, and by them with a token)\n\
         \x20 people     {names}\n\
         \x20 secrets    {file}   (tokens, passwords, client id and secret)\n",
        version = env!("CARGO_PKG_VERSION"),
        ca = ca.display(),
        names = names.join(", "),
        file = file.display(),
    );
    if let [from, to, ..] = people.as_slice() {
        text.push_str(&paste(base_url, from, to));
    }
    text
}

/// Two commands for a shell that has curl.
fn paste(base_url: &str, from: &DevPerson, to: &DevPerson) -> String {
    let message = format!(
        "From: {from_name} <{from}>\\r\\nTo: {to_name} <{to}>\\r\\nSubject: First light\\r\\n\\r\\nEvery octet arrives.\\r\\n",
        from_name = from.display_name,
        from = from.user_principal_name,
        to_name = to.display_name,
        to = to.user_principal_name,
    );
    format!(
        "\nSend a MIME message as {from_name} (202 is success):\n\n\
         printf '{message}' | base64 | curl -si {base_url}/me/sendMail -H 'Content-Type: text/plain' --data-binary @- \
         -H 'Authorization: Bearer {from_token}'\n\n\
         Read it in the Inbox of {to_name}:\n\n\
         curl -s '{base_url}/me/mailFolders/inbox/messages?$select=subject,from,receivedDateTime' \
         -H 'Authorization: Bearer {to_token}'\n\n",
        from_name = from.display_name,
        from_token = from.token,
        to_name = to.display_name,
        to_token = to.token,
    )
}
