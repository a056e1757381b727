"""What a program sees that has Microsoft's names built in: the libraries unmodified and told nothing of this server, which the
names lead to."""

import asyncio
import unittest
from urllib.parse import parse_qs, urlsplit

import azure.identity.aio
import msal
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CertificateCredential, ClientSecretCredential, DeviceCodeCredential, InteractiveBrowserCredential
from browser import Browser, loopback, use
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph import GraphServiceClient
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.message import Message
from msgraph.generated.models.recipient import Recipient
from msgraph.generated.users.item.messages.messages_request_builder import MessagesRequestBuilder
from msgraph.generated.users.item.send_mail.send_mail_post_request_body import SendMailPostRequestBody
from names import NAMES, led_here
from people import DEV, GivenToken, arrived, person

REDIRECT = "http://localhost:4711/signed-in"
MAIL = ["https://graph.microsoft.com/Mail.ReadWrite", "https://graph.microsoft.com/Mail.Send"]
DEFAULT = ["https://graph.microsoft.com/.default"]
TENANT = f"https://login.microsoftonline.com/{DEV['tenant']}"
ADELE = person("AdeleV")
MEGAN = person("MeganB")
PAGES = 100  # more than there are


def to_adele(subject: str) -> SendMailPostRequestBody:
    to = Recipient(email_address=EmailAddress(address=ADELE["userPrincipalName"]))
    body = ItemBody(content_type=BodyType.Text, content="Here.")
    message = Message(subject=subject, body=body, to_recipients=[to])
    return SendMailPostRequestBody(message=message, save_to_sent_items=True)


class Names(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        # The libraries of sign-in block; the loop would call each request of theirs slow.
        asyncio.get_running_loop().slow_callback_duration = 10
        self._asked = self.enterContext(led_here())

    async def asyncTearDown(self):
        beyond = self._asked - NAMES - {"127.0.0.1", "localhost"}
        self.assertEqual(beyond, set(), "nothing else was asked for")
        self.assertLessEqual(NAMES, self._asked)

    async def demand_mail(self, credential, subject: str, mailbox=lambda client: client.me):
        """Sends a message, finds it by pages whose links stay on Graph's own host."""
        client = GraphServiceClient(credential, DEFAULT)
        for number in (1, 2):
            await mailbox(client).send_mail.post(to_adele(f"{subject} {number}"))
        adele = GraphServiceClient(GivenToken(ADELE["token"]), DEFAULT)
        for number in (1, 2):
            await arrived(adele, "inbox", f"{subject} {number}")
        query = MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters(top=1)
        page = await mailbox(client).messages.get(RequestConfiguration(query_parameters=query))
        found = []
        for _ in range(PAGES):
            found += [message.subject for message in page.value]
            if page.odata_next_link is None:
                break
            self.assertTrue(page.odata_next_link.startswith("https://graph.microsoft.com/v1.0/"), page.odata_next_link)
            page = await mailbox(client).messages.with_url(page.odata_next_link).get()
        self.assertLessEqual({f"{subject} {number}" for number in (1, 2)}, set(found))

    async def demand_mail_of_app(self, credential, subject: str):
        await self.demand_mail(credential, subject, lambda client: client.users.by_user_id(ADELE["userPrincipalName"]))

    async def demand_mail_by(self, result: dict, subject: str):
        self.assertIn("access_token", result, result)
        await self.demand_mail(GivenToken(result["access_token"]), subject)


class WithMsal(Names):
    async def test_an_app_signs_in_with_its_secret(self):
        app = msal.ConfidentialClientApplication(DEV["client_id"], client_credential=DEV["client_secret"], authority=TENANT)
        result = app.acquire_token_for_client(DEFAULT)
        self.assertIn("access_token", result, result)
        await self.demand_mail_of_app(GivenToken(result["access_token"]), "Msal for an app")
        app = msal.ConfidentialClientApplication(DEV["client_id"], client_credential="wrong", authority=TENANT)
        self.assertEqual(app.acquire_token_for_client(DEFAULT)["error_codes"], [7000215])

    async def test_a_person_signs_in_by_code_at_the_common_authority_and_is_known_again(self):
        app = msal.PublicClientApplication(DEV["client_id"])
        flow = app.initiate_auth_code_flow(MAIL, redirect_uri=REDIRECT, login_hint=ADELE["userPrincipalName"])
        self.assertTrue(flow["auth_uri"].startswith("https://login.microsoftonline.com/common/"))
        answer = requests.get(flow["auth_uri"], allow_redirects=False, timeout=10)
        back = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
        result = app.acquire_token_by_auth_code_flow(flow, back)
        self.assertIn("access_token", result, result)
        (account,) = app.get_accounts()
        self.assertEqual(account["environment"], "login.microsoftonline.com")
        result = app.acquire_token_silent(MAIL, account, force_refresh=True)
        await self.demand_mail_by(result, "Msal by code")

    async def test_a_device_is_signed_in(self):
        app = msal.PublicClientApplication(DEV["client_id"], authority=TENANT)
        flow = app.initiate_device_flow(MAIL)
        self.assertTrue(flow["verification_uri"].startswith("https://login.microsoftonline.com/"))
        await self.demand_mail_by(app.acquire_token_by_device_flow(flow), "Msal by device")

    async def test_a_person_signs_in_with_a_password(self):
        app = msal.PublicClientApplication(DEV["client_id"], authority=TENANT)
        result = app.acquire_token_by_username_password(ADELE["userPrincipalName"], ADELE["password"], MAIL)
        await self.demand_mail_by(result, "Msal by password")
        wrong = app.acquire_token_by_username_password(ADELE["userPrincipalName"], "wrong", MAIL)
        self.assertEqual(wrong["error_codes"], [50126])


class WithAzureIdentity(Names):
    async def test_an_app_signs_in_with_its_secret(self):
        with ClientSecretCredential(DEV["tenant"], DEV["client_id"], DEV["client_secret"]) as credential:
            await self.demand_mail_of_app(credential, "Azure for an app")
        with ClientSecretCredential(DEV["tenant"], DEV["client_id"], "wrong") as credential:
            with self.assertRaisesRegex(ClientAuthenticationError, "AADSTS7000215"):
                credential.get_token(*DEFAULT)

    async def test_an_app_signs_in_with_its_certificate(self):
        with CertificateCredential(DEV["tenant"], DEV["client_id"], DEV["client_certificate"]) as credential:
            await self.demand_mail_of_app(credential, "Azure by certificate")

    async def test_an_app_signs_in_without_blocking(self):
        async with azure.identity.aio.ClientSecretCredential(DEV["tenant"], DEV["client_id"], DEV["client_secret"]) as credential:
            await self.demand_mail_of_app(credential, "Azure without blocking")

    async def test_a_device_is_signed_in(self):
        shown = []
        with DeviceCodeCredential(
            DEV["client_id"], tenant_id=DEV["tenant"], prompt_callback=lambda *what: shown.append(what)
        ) as credential:
            await self.demand_mail(credential, "Azure by device")
        self.assertEqual(len(shown), 1)

    async def test_a_person_signs_in_in_a_browser(self):
        use(Browser(MEGAN["userPrincipalName"]))
        with InteractiveBrowserCredential(client_id=DEV["client_id"], redirect_uri=loopback()) as credential:
            self.assertEqual(credential.authenticate(scopes=DEFAULT).username, MEGAN["userPrincipalName"])
            await self.demand_mail(credential, "Azure in a browser")


if __name__ == "__main__":
    unittest.main()
