"""What a program written with msgraph-sdk does in a mailbox: pages, filters, searches, keeps folders."""

import unittest

from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.mail_folder import MailFolder
from msgraph.generated.models.message import Message
from msgraph.generated.models.recipient import Recipient
from msgraph.generated.users.item.mail_folders.mail_folders_request_builder import MailFoldersRequestBuilder
from msgraph.generated.users.item.messages.item.move.move_post_request_body import MovePostRequestBody
from msgraph.generated.users.item.messages.messages_request_builder import MessagesRequestBuilder
from msgraph.generated.users.item.send_mail.send_mail_post_request_body import SendMailPostRequestBody
from msgraph_core.tasks.page_iterator import PageIterator
from people import arrived, signed_in


def query(**options) -> RequestConfiguration:
    return RequestConfiguration(query_parameters=MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters(**options))


class Mailbox(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.adele = signed_in("AdeleV")
        self.alex = signed_in("AlexW")

    async def send(self, subject: str, content: str = "Nothing but a test.") -> Message:
        to = Recipient(email_address=EmailAddress(address="AlexW@contoso.com"))
        message = Message(subject=subject, body=ItemBody(content_type=BodyType.Text, content=content), to_recipients=[to])
        await self.adele.me.send_mail.post(SendMailPostRequestBody(message=message, save_to_sent_items=False))
        return await arrived(self.alex, "inbox", subject)

    async def every(self, **options) -> list[Message]:
        """All of a list, with the client's own iterator."""
        seen = []

        def take(message: Message) -> bool:
            seen.append(message)
            return True

        page = await self.alex.me.messages.get(query(**options))
        await PageIterator(page, self.alex.request_adapter).iterate(take)
        return seen

    async def test_messages_are_filtered_and_ordered_page_by_page(self):
        word = "Filtered by Python"
        for number in (2, 3, 1):
            await self.send(f"{word} {number}")
        seen = await self.every(filter=f"startswith(subject,'{word}')", orderby=["subject desc"], top=2)
        self.assertEqual([message.subject for message in seen], [f"{word} {number}" for number in (3, 2, 1)])
        await self.alex.me.messages.by_message_id(seen[0].id).patch(Message(is_read=True))
        unread = await self.every(filter=f"isRead eq false and startswith(subject,'{word}')", orderby=["receivedDateTime"])
        self.assertEqual([message.subject for message in unread], [f"{word} {number}" for number in (2, 1)])
        page = await self.alex.me.messages.get(query(filter=f"startswith(subject,'{word}')", count=True, top=1))
        self.assertEqual(page.odata_count, 3)

    async def test_messages_are_searched(self):
        sent = await self.send("Searched by Python", "The Nashorn of Königsberg wears spectacles.")
        for words in ('"nashorn"', '"königsberg spectacles"', '"subject:searched AND from:AdeleV AND nashorn"'):
            self.assertEqual([message.id for message in await self.every(search=words)], [sent.id], words)
        self.assertEqual(await self.every(search='"nashorn NOT spectacles"'), [])

    async def test_folders_are_made_renamed_filled_counted_and_deleted(self):
        folders = self.alex.me.mail_folders
        folder = await folders.post(MailFolder(display_name="Kept by Python"))
        child = await folders.by_mail_folder_id(folder.id).child_folders.post(MailFolder(display_name="Within"))
        sent = await self.send("Filed by Python")
        moved = await self.alex.me.messages.by_message_id(sent.id).move.post(MovePostRequestBody(destination_id=child.id))
        self.assertEqual(moved.parent_folder_id, child.id)
        renamed = await folders.by_mail_folder_id(child.id).patch(MailFolder(display_name="Inside"))
        self.assertEqual((renamed.display_name, renamed.total_item_count, renamed.unread_item_count), ("Inside", 1, 1))
        self.assertEqual((await folders.by_mail_folder_id(folder.id).get()).child_folder_count, 1)
        named = MailFoldersRequestBuilder.MailFoldersRequestBuilderGetQueryParameters(filter="displayName eq 'Kept by Python'")
        page = await folders.get(RequestConfiguration(query_parameters=named))
        self.assertEqual([one.id for one in page.value], [folder.id])
        await folders.by_mail_folder_id(folder.id).delete()
        page = await folders.get(RequestConfiguration(query_parameters=named))
        self.assertEqual(page.value, [])
