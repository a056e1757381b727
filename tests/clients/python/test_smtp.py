"""What a mail program does over SMTP: signs in with its token, and sends."""

import smtplib
import ssl
import unittest
from email.message import EmailMessage

from people import DEV, arrived, person, signed_in


def connected() -> smtplib.SMTP:
    host, port = DEV["smtp"].rsplit(":", 1)
    client = smtplib.SMTP(host, int(port), timeout=30)
    client.starttls(context=ssl.create_default_context(cafile=DEV["ca"]))
    client.ehlo()
    return client


class Submission(unittest.IsolatedAsyncioTestCase):
    def message(self, subject: str) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "AdeleV@contoso.com", "AlexW@contoso.com", subject
        message.set_content("Nothing but a test.")
        return message

    async def test_a_token_stands_for_a_password(self):
        with connected() as client:
            client.login("AdeleV@contoso.com", person("AdeleV")["token"])
            client.send_message(self.message("By smtplib"))
        self.assertEqual((await arrived(signed_in("AlexW"), "inbox", "By smtplib")).subject, "By smtplib")

    async def test_a_token_is_given_by_xoauth2(self):
        token = person("AdeleV")["token"]
        with connected() as client:
            client.auth("XOAUTH2", lambda _=None: f"user=AdeleV@contoso.com\x01auth=Bearer {token}\x01\x01")
            client.send_message(self.message("By XOAUTH2"))
        self.assertEqual((await arrived(signed_in("AlexW"), "inbox", "By XOAUTH2")).subject, "By XOAUTH2")

    async def test_a_wrong_token_is_refused(self):
        with connected() as client, self.assertRaises(smtplib.SMTPAuthenticationError) as refused:
            client.login("AdeleV@contoso.com", "wrong")
        self.assertEqual(refused.exception.smtp_code, 535)
