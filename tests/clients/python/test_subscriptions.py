"""What a program written with msgraph-sdk does with subscriptions: it is posted what changes, and opens what is sent along."""

import base64
import datetime
import hashlib
import hmac
import json
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.message import Message
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.recipient import Recipient
from msgraph.generated.models.subscription import Subscription
from msgraph.generated.users.item.send_mail.send_mail_post_request_body import SendMailPostRequestBody
from people import DELIVERED_WITHIN, arrived, signed_in


class Receiver:
    """Takes notifications on loopback."""

    def __init__(self):
        taken = self.taken = Queue()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                token = parse_qs(urlsplit(self.path).query).get("validationToken")
                self.send_response(200 if token else 202)
                self.send_header("Content-Type", "text/plain")
                self.end_headers()
                if token:
                    self.wfile.write(token[0].encode())
                else:
                    taken.put(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/changes"

    def next(self) -> dict:
        """What was posted next. The client has no model of it."""
        return json.loads(self.taken.get(timeout=DELIVERED_WITHIN))

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def in_an_hour():
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)


def certificate(key) -> str:
    """A certificate of its own, as an app gives it."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "an app")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1)).sign(key, hashes.SHA256())
    return base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()


def opened(content, key) -> dict:
    """What was sent along, opened as Microsoft's page says (change-notifications-with-resource-data)."""
    sha1 = rsa_padding.OAEP(rsa_padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    secret, data, signature = (base64.b64decode(content[name]) for name in ("dataKey", "data", "dataSignature"))
    secret = key.decrypt(secret, sha1)
    assert hmac.compare_digest(hmac.digest(secret, data, hashlib.sha256), signature)
    cipher = Cipher(algorithms.AES(secret), modes.CBC(secret[:16])).decryptor()
    unpadder = padding.PKCS7(128).unpadder()
    padded = cipher.update(data) + cipher.finalize()
    return json.loads(unpadder.update(padded) + unpadder.finalize())


class Subscriptions(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.client = signed_in("AlexW")
        self.subscriptions = self.client.subscriptions
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)

    async def send(self, subject):
        to = [Recipient(email_address=EmailAddress(address="AlexW@contoso.com"))]
        message = Message(subject=subject, body=ItemBody(content="A text."), to_recipients=to)
        await signed_in("AdeleV").me.send_mail.post(SendMailPostRequestBody(message=message))

    async def test_one_is_made_told_listed_renewed_and_removed(self):
        made = await self.subscriptions.post(
            Subscription(
                change_type="created",
                notification_url=self.receiver.url,
                resource="/me/mailFolders('Inbox')/messages",
                expiration_date_time=in_an_hour(),
                client_state="SecretClientState",
            )
        )
        self.assertEqual((made.client_state, made.include_resource_data), ("SecretClientState", False))
        await self.send("Told to Python")
        message = await arrived(self.client, "inbox", "Told to Python")
        [told] = self.receiver.next()["value"]
        self.assertEqual((told["changeType"], told["clientState"]), ("created", "SecretClientState"))
        self.assertEqual((told["subscriptionId"], told["resourceData"]["id"]), (made.id, message.id))
        one = self.subscriptions.by_subscription_id(made.id)
        until = in_an_hour() + datetime.timedelta(hours=1)
        renewed = await one.patch(Subscription(expiration_date_time=until))
        self.assertEqual(renewed.expiration_date_time.replace(microsecond=0), until.replace(microsecond=0))
        await one.reauthorize.post()
        self.assertIn(made.id, [one.id for one in (await self.subscriptions.get()).value])
        self.assertEqual((await one.get()).resource, "/me/mailFolders('Inbox')/messages")
        await one.delete()
        with self.assertRaises(ODataError) as gone:
            await one.get()
        self.assertEqual(gone.exception.response_status_code, 404)

    async def test_what_is_sent_along_is_opened(self):
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        made = await self.subscriptions.post(
            Subscription(
                change_type="created",
                notification_url=self.receiver.url,
                resource="me/messages?$select=subject,from,bodyPreview",
                expiration_date_time=in_an_hour(),
                include_resource_data=True,
                encryption_certificate=certificate(key),
                encryption_certificate_id="mine",
            )
        )
        self.addAsyncCleanup(self.subscriptions.by_subscription_id(made.id).delete)
        await self.send("Sealed for Python")
        told = self.receiver.next()
        content = told["value"][0]["encryptedContent"]
        self.assertEqual(content["encryptionCertificateId"], "mine")
        data = opened(content, key)
        self.assertEqual((data["subject"], data["bodyPreview"]), ("Sealed for Python", "A text."))
        self.assertEqual(data["from"]["emailAddress"]["address"], "AdeleV@contoso.com")
        self.assertEqual(len(told["validationTokens"]), 1)


if __name__ == "__main__":
    unittest.main()
