"""What a machine that trusts the local CA believes: certificates for this server's names, and for no other, even from whoever
has the CA's key. The judge is OpenSSL, as Python, curl, Node.js and most else have it."""

import ipaddress
import os
import socket
import ssl
import tempfile
import threading
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from people import DEV

CA = x509.load_pem_x509_certificate(Path(DEV["ca"]).read_bytes())
KEY_FILE = Path(DEV["ca"]).with_name("ca-key.pem")


def signed(name: x509.GeneralName) -> bytes:
    """A certificate for this name that the CA's key signed, with its own key."""
    ca_key = serialization.load_pem_private_key(KEY_FILE.read_bytes(), None)
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a server")]))
        .issuer_name(CA.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    unencrypted = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, unencrypted)
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def believes(name: str, general_name: x509.GeneralName) -> str:
    """What a client that trusts the CA says of a server with such a certificate: nothing, if it believes it."""
    with tempfile.TemporaryDirectory() as folder:
        pem = Path(folder, "server.pem")
        pem.write_bytes(signed(general_name))
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(pem)
    ours, theirs = socket.socketpair()

    def serve():
        try:
            server.wrap_socket(theirs, server_side=True).close()
        except OSError:
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        ssl.create_default_context(cafile=DEV["ca"]).wrap_socket(ours, server_hostname=name).close()
        return ""
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    finally:
        ours.close()
        thread.join()


class Trust(unittest.TestCase):
    def test_the_ca_speaks_for_the_names_of_this_server(self):
        for name in ("localhost", "graph.microsoft.com", "login.microsoftonline.com"):
            self.assertEqual(believes(name, x509.DNSName(name)), "", name)
        self.assertEqual(believes("127.0.0.1", x509.IPAddress(ipaddress.ip_address("127.0.0.1"))), "")

    def test_the_ca_speaks_for_no_other(self):
        for name in ("bank.example", "microsoft.com", "outlook.microsoft.com"):
            self.assertIn("permitted subtree violation", believes(name, x509.DNSName(name)), name)
        address = x509.IPAddress(ipaddress.ip_address("203.0.113.1"))
        self.assertIn("permitted subtree violation", believes("203.0.113.1", address))

    def test_its_key_is_its_owners_alone(self):
        self.assertEqual(os.stat(KEY_FILE).st_mode & 0o777, 0o600)


if __name__ == "__main__":
    unittest.main()
