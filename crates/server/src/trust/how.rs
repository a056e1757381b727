//! The explanation: what trusting the CA means, and how each kind of client is told.

use super::LocalCa;

/// The text for people.
pub(super) fn explain(ca: &LocalCa) -> String {
    let (file, dir) = (ca.file.display(), ca.dir.display());
    let meaning = if ca.is_limited() {
        "Whoever trusts it believes that a server is what it says, if the key beside it signed so. It is limited to localhost,\n\
         the setting 'hosts' and, in development mode, the names of Microsoft's servers that Restante stands in for: it can't\n\
         speak for any other server. Trust it only on machines that are meant to reach this server by those names."
    } else {
        "Whoever trusts it believes that a server is what it says, if the key beside it signed so. It is of an earlier version\n\
         and can speak for ANY server. To have one with limits, delete the folder it is in and start the server again."
    };
    format!(
        "The local CA of this server is {file}\n\
         SHA-256 {fingerprint}\n\n\
         {meaning}\n\n\
         One program, by a variable set before it starts:\n\n\
         \x20 Python: requests, msal, azure-identity          REQUESTS_CA_BUNDLE={file}\n\
         \x20 Python: httpx, msgraph-sdk; Go, Ruby, .NET      SSL_CERT_FILE={file}\n\
         \x20 Node.js                                         NODE_EXTRA_CA_CERTS={file}\n\
         \x20 curl                                            CURL_CA_BUNDLE={file}\n\
         \x20 Java    keytool -importcert -noprompt -alias restante -file {file} -keystore restante.p12 -storepass changeit\n\
         \x20         java -Djavax.net.ssl.trustStore=restante.p12 -Djavax.net.ssl.trustStorePassword=changeit ...\n\n\
         With all but Node.js's these take the place of the CAs that are trusted otherwise.\n\n\
         The whole machine:\n\n\
         \x20 Debian, Ubuntu   sudo restante trust --install --data {dir}     (and --remove)\n\
         \x20 Fedora           sudo cp {file} /etc/pki/ca-trust/source/anchors/restante.pem && sudo update-ca-trust\n\
         \x20 macOS            sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain {file}\n\
         \x20 Windows          certutil -addstore -f Root {file}\n\n\
         Node.js, Java, Firefox and Python's requests have a list of their own and need the above all the same.\n",
        fingerprint = ca.fingerprint(),
    )
}
