"""What a program written with msgraph-sdk sees that follows a folder: delta to the end, and again after changes."""

import unittest

from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.models.mail_folder import MailFolder
from msgraph.generated.models.message import Message
from msgraph.generated.users.item.mail_folders.item.messages.delta.delta_request_builder import DeltaRequestBuilder
from msgraph.generated.users.item.messages.item.move.move_post_request_body import MovePostRequestBody
from people import signed_in


class Delta(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.megan = signed_in("MeganB")

    async def new_message(self, folder: str, subject: str) -> Message:
        return await self.megan.me.mail_folders.by_mail_folder_id(folder).messages.post(Message(subject=subject))

    async def round(self, builder, page):
        """All entries of a round from its first page, and the link to the next round."""
        entries = list(page.value)
        while page.odata_next_link:
            self.assertIsNone(page.odata_delta_link)
            page = await builder.with_url(page.odata_next_link).get()
            entries += page.value
        self.assertIsNotNone(page.odata_delta_link)
        return entries, page.odata_delta_link

    async def test_a_folder_s_messages_are_followed_to_the_end_and_again_after_changes(self):
        name = "Followed by the Python client"
        folder = (await self.megan.me.mail_folders.post(MailFolder(display_name=name))).id
        made = [await self.new_message(folder, f"Message {number}") for number in range(5)]
        delta = self.megan.me.mail_folders.by_mail_folder_id(folder).messages.delta
        query = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(select=["subject", "isRead"], top=2)
        page = await delta.get(RequestConfiguration(query_parameters=query))
        entries, link = await self.round(delta, page)
        self.assertEqual({entry.subject for entry in entries}, {message.subject for message in made})

        messages = self.megan.me.messages
        await messages.by_message_id(made[0].id).patch(Message(is_read=False))
        await messages.by_message_id(made[1].id).move.post(MovePostRequestBody(destination_id="archive"))
        await messages.by_message_id(made[2].id).delete()
        new = await self.new_message(folder, "New")
        entries, link = await self.round(delta, await delta.with_url(link).get())
        told = {entry.id: entry for entry in entries}
        self.assertEqual(set(told), {made[0].id, made[1].id, made[2].id, new.id})
        self.assertIs(told[made[0].id].is_read, False)
        self.assertEqual(told[made[0].id].subject, "Message 0")
        self.assertNotIn("@removed", told[new.id].additional_data)
        for gone in (made[1], made[2]):
            self.assertEqual(told[gone.id].additional_data["@removed"], {"reason": "deleted"})

        entries, _ = await self.round(delta, await delta.with_url(link).get())
        self.assertEqual(entries, [])

    async def test_folders_are_followed_to_the_end_and_again_after_changes(self):
        delta = self.megan.me.mail_folders.delta
        entries, link = await self.round(delta, await delta.get())
        inbox = await self.megan.me.mail_folders.by_mail_folder_id("inbox").get()
        self.assertIn(inbox.id, {entry.id for entry in entries})
        name = "Seen by the Python client"
        made = await self.megan.me.mail_folders.post(MailFolder(display_name=name))
        entries, _ = await self.round(delta, await delta.with_url(link).get())
        self.assertIn((made.id, name), {(entry.id, entry.display_name) for entry in entries})


if __name__ == "__main__":
    unittest.main()
