"""What a program written with msgraph-sdk sees of `$batch`. The client can't read a member's body (its `response_body`
fails on JSON of any service), so what was done is looked up."""

import unittest

from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.mail_folder import MailFolder
from msgraph.generated.models.message import Message
from msgraph.generated.models.recipient import Recipient
from msgraph.generated.users.item.send_mail.send_mail_post_request_body import SendMailPostRequestBody
from msgraph_core.requests.batch_request_builder import BatchRequestBuilder
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_content_collection import BatchRequestContentCollection
from msgraph_core.requests.batch_request_item import BatchRequestItem
from people import arrived, signed_in


def message(subject: str) -> SendMailPostRequestBody:
    to = Recipient(email_address=EmailAddress(address="AlexW@contoso.com"))
    return SendMailPostRequestBody(message=Message(subject=subject, to_recipients=[to]))


class Batch(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.adele = signed_in("AdeleV")
        self.builder = BatchRequestBuilder(self.adele.request_adapter)

    async def test_members_are_answered(self):
        subject = "Batch of the Python client"
        requests = {
            "me": self.adele.me.to_get_request_information(),
            "gone": self.adele.me.messages.by_message_id("none").to_get_request_information(),
            "send": self.adele.me.send_mail.to_post_request_information(message(subject)),
        }
        content = BatchRequestContent({name: BatchRequestItem(request, name) for name, request in requests.items()})
        answer = await self.builder.post(content)
        self.assertEqual(answer.get_response_status_codes(), {"me": 200, "gone": 400, "send": 202})
        await arrived(signed_in("AlexW"), "inbox", subject)

    async def test_members_wait_for_those_they_depend_on(self):
        def folder(item_id: str, depends_on: list[str]) -> BatchRequestItem:
            request = self.adele.me.mail_folders.to_post_request_information(MailFolder(display_name="Of a Python batch"))
            return BatchRequestItem(request, item_id, depends_on)

        items = [folder("first", []), folder("second", ["first"]), folder("third", ["second"])]
        content = BatchRequestContent()
        for item in items:
            content.add_request(item.id, item)
        answer = await self.builder.post(content)
        self.assertEqual(answer.get_response_status_codes(), {"first": 201, "second": 409, "third": 424})

    async def test_a_collection_is_more_than_one_batch(self):
        collection = BatchRequestContentCollection()
        for number in range(25):
            collection.add_batch_request_item(BatchRequestItem(self.adele.me.to_get_request_information(), f"{number}"))
        answers = await self.builder.post(collection)
        statuses = [status for answer in answers.get_responses() for status in answer.get_response_status_codes().values()]
        self.assertEqual(statuses, [200] * 25)


if __name__ == "__main__":
    unittest.main()
