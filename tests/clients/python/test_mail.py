"""What a program written with msgraph-sdk sees: sending, listing and reading, octet for octet."""

import os
import unittest
from base64 import b64encode
from pathlib import Path

from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.file_attachment import FileAttachment
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.message import Message
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.recipient import Recipient
from msgraph.generated.users.item.messages.messages_request_builder import MessagesRequestBuilder
from msgraph.generated.users.item.send_mail.send_mail_post_request_body import SendMailPostRequestBody
from people import app_credential, arrived, client_of, messages, person, post_mime, signed_in

SEED = Path(os.environ.get("RESTANTE_SHARED", ""), "seed")
NO_SEED = not SEED.is_dir() and not os.environ.get("CI")


def plain_message(subject: str) -> bytes:
    """A message with bare LF line ends and trailing spaces, which nobody may tidy up."""
    message_id = subject.replace(" ", "-")
    return (
        f"From: Adele Vance <AdeleV@contoso.com>\nTo: Alex Wilber <AlexW@contoso.com>\nSubject: {subject}\n"
        f"Message-ID: <{message_id}@contoso.com>\n\nSpaces stay:  \n\tso do tabs.\n"
    ).encode()


def json_message(subject: str) -> Message:
    to = Recipient(email_address=EmailAddress(address="AlexW@contoso.com"))
    return Message(subject=subject, body=ItemBody(content_type=BodyType.Html, content="<p>Grüße</p>"), to_recipients=[to])


class Mail(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.adele = signed_in("AdeleV")
        self.alex = signed_in("AlexW")

    async def send_mime(self, octets: bytes):
        await post_mime(self.adele, "/me/sendMail", b64encode(octets), "nothing")

    async def octets_of(self, client, message: Message) -> bytes:
        return await client.me.messages.by_message_id(message.id).content.get()

    async def test_a_mime_message_arrives_octet_for_octet(self):
        subject = "MIME from the Python client"
        octets = plain_message(subject)
        await self.send_mime(octets)
        sent = await arrived(self.adele, "sentitems", subject)
        self.assertEqual(await self.octets_of(self.adele, sent), octets)
        received = await arrived(self.alex, "inbox", subject)
        delivered = await self.octets_of(self.alex, received)
        self.assertEqual(delivered[-len(octets) :], octets)

    async def test_a_mime_message_is_read_as_json(self):
        subject = "Read by the Python client"
        await self.send_mime(plain_message(subject))
        found = await arrived(self.alex, "inbox", subject)
        message = await self.alex.me.messages.by_message_id(found.id).get()
        self.assertEqual(message.subject, subject)
        self.assertEqual(message.from_.email_address.name, "Adele Vance")
        self.assertEqual(message.from_.email_address.address, "AdeleV@contoso.com")
        self.assertEqual([to.email_address.address for to in message.to_recipients], ["AlexW@contoso.com"])
        self.assertIs(message.has_attachments, False)
        self.assertIs(message.is_draft, False)
        self.assertEqual(message.internet_message_id, "<Read-by-the-Python-client@contoso.com>")
        self.assertEqual(message.body.content_type, BodyType.Text)
        self.assertIsNotNone(message.received_date_time)

    @unittest.skipIf(NO_SEED, f'RESTANTE_SHARED has no samples at "{SEED}"')
    async def test_the_sample_of_microsofts_mime_page_arrives_octet_for_octet(self):
        subject = "This is a test in Graph - MIME"
        octets = (SEED / "sample-decoded.eml").read_bytes()
        await post_mime(self.adele, "/me/sendMail", (SEED / "sample.b64").read_bytes(), "nothing")
        sent = await arrived(self.adele, "sentitems", subject)
        self.assertEqual(await self.octets_of(self.adele, sent), octets)
        for reader in (self.alex, signed_in("ChristieC")):
            received = await arrived(reader, "inbox", subject)
            delivered = await self.octets_of(reader, received)
            self.assertEqual(delivered[-len(octets) :], octets)

    async def test_a_json_message_with_an_attachment_arrives(self):
        subject = "JSON from the Python client"
        content = bytes([0, 1, 2, 253, 254, 255, 13, 10, 10])
        message = json_message(subject)
        message.attachments = [FileAttachment(odata_type="#microsoft.graph.fileAttachment", name="octets.bin", content_bytes=content)]
        await self.adele.me.send_mail.post(SendMailPostRequestBody(message=message, save_to_sent_items=True))
        found = await arrived(self.alex, "inbox", subject)
        received = await self.alex.me.messages.by_message_id(found.id).get()
        self.assertIs(received.has_attachments, True)
        self.assertEqual(received.from_.email_address.address, "AdeleV@contoso.com")
        self.assertEqual(received.body.content_type, BodyType.Html)
        self.assertIn("Grüße", received.body.content)
        mime = await self.octets_of(self.alex, found)
        self.assertIn(b"octets.bin", mime)
        self.assertIn(b64encode(content), mime)
        await arrived(self.adele, "sentitems", subject)

    async def test_without_save_to_sent_items_no_copy_is_kept(self):
        subject = "No copy from the Python client"
        await self.adele.me.send_mail.post(SendMailPostRequestBody(message=json_message(subject), save_to_sent_items=False))
        await arrived(self.alex, "inbox", subject)
        sent = await messages(self.adele, "sentitems")
        self.assertNotIn(subject, [message.subject for message in sent])

    async def test_a_draft_is_made_sent_and_gone_from_drafts(self):
        subject = "Draft of the Python client"
        octets = plain_message(subject)
        draft = await post_mime(self.adele, "/me/messages", b64encode(octets), "message")
        self.assertIs(draft.is_draft, True)
        self.assertEqual(await self.octets_of(self.adele, draft), octets)
        await self.adele.me.messages.by_message_id(draft.id).send.post()
        await arrived(self.alex, "inbox", subject)
        drafts = await messages(self.adele, "drafts")
        self.assertNotIn(subject, [message.subject for message in drafts])

    async def test_pages_are_followed_to_the_end_each_message_once(self):
        subjects = [f"Page {word} of the Python client" for word in ("one", "two", "three")]
        for subject in subjects:
            await self.send_mime(plain_message(subject))
            await arrived(self.alex, "inbox", subject)
        query = MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters(top=1, select=["id", "subject"])
        page = await self.alex.me.messages.get(RequestConfiguration(query_parameters=query))
        seen = list(page.value)
        while page.odata_next_link:
            page = await self.alex.me.messages.with_url(page.odata_next_link).get()
            seen += page.value
        ids = [message.id for message in seen]
        self.assertEqual(len(ids), len(set(ids)), "no message twice")
        self.assertEqual([message.subject for message in seen if message.subject in subjects], subjects[::-1], "newest first")

    async def test_the_doubled_slash_of_the_default_base_url_is_taken(self):
        request = self.adele.me.to_get_request_information()
        self.adele.request_adapter.set_base_url_for_request_information(request)
        self.assertIn("/v1.0//users/", request.url, "the client still writes it")
        self.assertEqual((await self.adele.me.get()).user_principal_name, "AdeleV@contoso.com")

    async def test_who_am_i_and_what_folders_have_i(self):
        me = await self.adele.me.get()
        self.assertEqual((me.id, me.display_name), (person("AdeleV")["id"], "Adele Vance"))
        inbox = await self.adele.me.mail_folders.by_mail_folder_id("inbox").get()
        folders = await self.adele.me.mail_folders.get()
        self.assertIn(inbox.id, [folder.id for folder in folders.value])

    async def test_a_deleted_message_is_gone_from_the_inbox(self):
        subject = "Deleted by the Python client"
        await self.send_mime(plain_message(subject))
        found = await arrived(self.alex, "inbox", subject)
        await self.alex.me.messages.by_message_id(found.id).delete()
        left = await messages(self.alex, "inbox")
        self.assertNotIn(subject, [message.subject for message in left])

    async def test_the_id_of_another_mailbox_is_not_found_in_graphs_words(self):
        subject = "Private draft of the Python client"
        draft = await post_mime(self.adele, "/me/messages", b64encode(plain_message(subject)), "message")
        with self.assertRaises(ODataError) as refused:
            await self.alex.me.messages.by_message_id(draft.id).get()
        self.assertEqual(refused.exception.response_status_code, 404)
        self.assertEqual(refused.exception.error.code, "ErrorItemNotFound")
        self.assertTrue(refused.exception.error.inner_error.request_id)

    async def test_an_app_signs_in_with_its_secret_and_reads_a_mailbox(self):
        subject = "Read by an app of the Python client"
        await self.send_mime(plain_message(subject))
        found = await arrived(self.alex, "inbox", subject)
        async with app_credential() as credential:
            alex = client_of(credential).users.by_user_id("AlexW@contoso.com")
            message = await alex.messages.by_message_id(found.id).get()
        self.assertEqual(message.subject, subject)


if __name__ == "__main__":
    unittest.main()
