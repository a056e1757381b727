"""What a program written with msgraph-sdk sees of attachments: its own task for large files."""

import os
import unittest
from io import BytesIO
from urllib.parse import urlsplit

from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from msgraph.generated.models.attachment_item import AttachmentItem
from msgraph.generated.models.attachment_type import AttachmentType
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.file_attachment import FileAttachment
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.message import Message
from msgraph.generated.users.item.messages.item.attachments.create_upload_session.create_upload_session_post_request_body import (
    CreateUploadSessionPostRequestBody,
)
from msgraph_core.tasks.large_file_upload import LargeFileUploadTask

from people import signed_in

MEGABYTE = 1024 * 1024


class Attachments(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.adele = signed_in("AdeleV")
        body = ItemBody(content_type=BodyType.Text, content="Hello")
        message = await self.adele.me.messages.post(Message(subject="Attachments of the Python client", body=body))
        self.attachments = self.adele.me.messages.by_message_id(message.id).attachments

    async def task(self, name: str, octets: bytes, slice_size: int) -> LargeFileUploadTask:
        item = AttachmentItem(attachment_type=AttachmentType.File, name=name, size=len(octets))
        request = CreateUploadSessionPostRequestBody(attachment_item=item)
        session = await self.attachments.create_upload_session.post(request)
        return LargeFileUploadTask(session, self.adele.request_adapter, BytesIO(octets), max_chunk_size=slice_size)

    async def octets_of(self, attachment_id: str) -> bytes:
        request = self.attachments.by_attachment_id(attachment_id).to_get_request_information()
        url = urlsplit(request.url)
        request = RequestInformation(method=Method.GET)
        request.url = url._replace(path=f"{url.path}/$value", query="").geturl()
        return await self.adele.request_adapter.send_primitive_async(request, "bytes", {})

    async def test_large_files_come_by_the_clients_own_task(self):
        for size, slice_size in [(5 * MEGABYTE, 8 * MEGABYTE), (7 * MEGABYTE + 123, 3_000_000), (10 * MEGABYTE, 4 * MEGABYTE)]:
            octets = os.urandom(size)
            name = f"{size} Grüße.bin"
            seen = []
            with self.assertNoLogs(level="ERROR"):  # where the client tells that a slice failed
                await (await self.task(name, octets, slice_size)).upload(seen.append)
            self.assertEqual(bool(seen), size > slice_size, "it is told of each slice but the last")
            page = await self.attachments.get()
            found = [one for one in page.value if one.name == name]
            self.assertEqual(len(found), 1, "the file is there, once")
            self.assertIsInstance(found[0], FileAttachment)
            self.assertEqual(found[0].size, size)
            self.assertEqual(await self.octets_of(found[0].id), octets)
            await self.attachments.by_attachment_id(found[0].id).delete()


if __name__ == "__main__":
    unittest.main()
