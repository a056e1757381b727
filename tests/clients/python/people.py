"""The people of a running server in development mode, each with an unmodified official client.

DEV_JSON names the file that the server wrote; SSL_CERT_FILE and REQUESTS_CA_BUNDLE must name its `ca`.
"""

import asyncio
import json
import os
import time
from pathlib import Path
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken
from azure.identity.aio import ClientSecretCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.message import Message
from msgraph.generated.users.item.mail_folders.item.messages.messages_request_builder import MessagesRequestBuilder

DEV = json.loads(Path(os.environ["DEV_JSON"]).read_text(encoding="utf-8"))

DELIVERED_WITHIN = 20  # seconds in which a message must have been delivered


class GivenToken:
    """A credential that has its token already."""

    def __init__(self, token: str):
        self._token = AccessToken(token, int(time.time()) + 3600)

    def get_token(self, *_scopes, **_options) -> AccessToken:
        return self._token


def person(name: str) -> dict:
    """The person whose address begins with `name`."""
    return next(one for one in DEV["people"] if one["userPrincipalName"].startswith(f"{name}@"))


def client_of(credential) -> GraphServiceClient:
    """An official client of this server. Its base URL ends with a slash, as the client's own default does, so that
    every request asks for `/v1.0//...`."""
    host = urlsplit(DEV["https_url"]).hostname
    scopes = ["https://graph.microsoft.com/.default"]
    adapter = GraphRequestAdapter(AzureIdentityAuthenticationProvider(credential, scopes=scopes, allowed_hosts=[host]))
    adapter.base_url = DEV["https_url"] + "/"
    return GraphServiceClient(request_adapter=adapter)


def signed_in(name: str) -> GraphServiceClient:
    return client_of(GivenToken(person(name)["token"]))


def app_credential() -> ClientSecretCredential:
    """Signs in at the server's own token endpoint."""
    return ClientSecretCredential(DEV["tenant"], DEV["client_id"], DEV["client_secret"], authority=DEV["authority"])


async def post_mime(client: GraphServiceClient, path: str, base64: bytes, answer: str):
    """Posts a whole message as base64. The client has no method for this, so the request is made by hand; `answer`
    names the type that the adapter makes of what comes back."""
    request = RequestInformation(Method.POST, "{+baseurl}" + path, {"baseurl": client.request_adapter.base_url})
    request.headers.try_add("Content-Type", "text/plain")
    request.content = base64
    if answer == "message":
        return await client.request_adapter.send_async(request, Message, {})
    return await client.request_adapter.send_no_response_content_async(request, {})


async def messages(client: GraphServiceClient, folder: str) -> list[Message]:
    """The newest hundred messages of a folder."""
    query = MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters(top=100)
    page = await client.me.mail_folders.by_mail_folder_id(folder).messages.get(RequestConfiguration(query_parameters=query))
    return page.value


async def arrived(client: GraphServiceClient, folder: str, subject: str) -> Message:
    """The only message of `folder` with this subject, as soon as it is there."""
    deadline = time.monotonic() + DELIVERED_WITHIN
    while True:
        found = [message for message in await messages(client, folder) if message.subject == subject]
        assert len(found) <= 1, f'{folder} holds {len(found)} messages "{subject}"'
        if found:
            return found[0]
        assert time.monotonic() < deadline, f'{folder} holds no message "{subject}" after {DELIVERED_WITHIN} s'
        await asyncio.sleep(0.05)
