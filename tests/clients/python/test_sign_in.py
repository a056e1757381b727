"""What a program written with msal or azure-identity sees: each library unmodified, told of this server by its authority alone."""

import asyncio
import unittest
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jwt
import msal
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    AuthorizationCodeCredential,
    CertificateCredential,
    ClientSecretCredential,
    DeviceCodeCredential,
    InteractiveBrowserCredential,
)
from browser import Browser, loopback, use
from people import DEV, GivenToken, client_of, person

AUTHORITY = f"{DEV['authority']}/{DEV['tenant']}"
REDIRECT = "http://localhost:4711/signed-in"
MAIL = ["https://graph.microsoft.com/Mail.ReadWrite"]
DEFAULT = ["https://graph.microsoft.com/.default"]
ADELE = person("AdeleV")
MEGAN = person("MeganB")
OPTIONS = {"authority": DEV["authority"], "disable_instance_discovery": True}


class KeepsThePort(requests.Session):
    """msal asks for the realm of a user at the authority's host, and forgets its port."""

    def get(self, url, **options):
        host = urlsplit(DEV["authority"])
        return super().get(url.replace(f"https://{host.hostname}/", f"{DEV['authority']}/", 1), **options)


def public(**options) -> msal.PublicClientApplication:
    return msal.PublicClientApplication(DEV["client_id"], authority=AUTHORITY, instance_discovery=False, **options)


def confidential(credential, **options) -> msal.ConfidentialClientApplication:
    options = options or {"authority": AUTHORITY, "instance_discovery": False}
    return msal.ConfidentialClientApplication(DEV["client_id"], client_credential=credential, **options)


def visited(uri: str) -> dict:
    """What a browser brings back to the app that opened this address."""
    answer = requests.get(uri, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def proven(id_token: str) -> dict:
    """The claims of an ID token, proven as OpenID Connect says, with the keys that the metadata lead to."""
    metadata = requests.get(f"{AUTHORITY}/v2.0/.well-known/openid-configuration", timeout=10).json()
    key = jwt.PyJWKClient(metadata["jwks_uri"]).get_signing_key_from_jwt(id_token)
    return jwt.decode(id_token, key.key, ["RS256"], audience=DEV["client_id"], issuer=metadata["issuer"])


class SignIn(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        # The libraries of sign-in block; the loop would call each request of theirs slow.
        asyncio.get_running_loop().slow_callback_duration = 10


class WithMsal(SignIn):
    async def demand_reads(self, result: dict, of_app: bool = False):
        self.assertIn("access_token", result, result)
        client = client_of(GivenToken(result["access_token"]))
        mailbox = client.users.by_user_id(ADELE["userPrincipalName"]) if of_app else client.me
        self.assertIsNotNone((await mailbox.messages.get()).value)

    async def test_an_app_signs_in_with_its_secret(self):
        await self.demand_reads(confidential(DEV["client_secret"]).acquire_token_for_client(DEFAULT), of_app=True)

    async def test_an_app_signs_in_by_an_openid_authority(self):
        app = confidential(DEV["client_secret"], oidc_authority=f"{AUTHORITY}/v2.0")
        await self.demand_reads(app.acquire_token_for_client(DEFAULT), of_app=True)

    async def test_an_app_signs_in_with_its_certificate(self):
        pem = Path(DEV["client_certificate"]).read_text(encoding="ascii")
        start = pem.index("-----BEGIN CERTIFICATE-----")
        credential = {"private_key": pem[:start], "public_certificate": pem[start:]}
        await self.demand_reads(confidential(credential).acquire_token_for_client(DEFAULT), of_app=True)

    async def test_a_wrong_secret_is_told_in_microsofts_number(self):
        result = confidential("wrong").acquire_token_for_client(DEFAULT)
        self.assertEqual((result["error"], result["error_codes"]), ("invalid_client", [7000215]))

    async def test_a_person_signs_in_by_code_and_is_known_again(self):
        app = public()
        flow = app.initiate_auth_code_flow(MAIL, redirect_uri=REDIRECT, login_hint=ADELE["userPrincipalName"])
        result = app.acquire_token_by_auth_code_flow(flow, visited(flow["auth_uri"]))
        await self.demand_reads(result)
        self.assertEqual(proven(result["id_token"])["oid"], ADELE["id"])
        (account,) = app.get_accounts()
        self.assertEqual(account["username"], ADELE["userPrincipalName"])
        self.assertEqual(account["home_account_id"], f"{ADELE['id']}.{DEV['tenant']}")
        self.assertEqual(app.acquire_token_silent(MAIL, account)["access_token"], result["access_token"], "from its cache")
        renewed = app.acquire_token_silent(MAIL, account, force_refresh=True)
        self.assertEqual(renewed["token_source"], "identity_provider")
        await self.demand_reads(renewed)
        await self.demand_reads(app.acquire_token_silent(MAIL, account, force_refresh=True))

    async def test_a_person_signs_in_in_a_browser(self):
        for hint, pages in ((MEGAN["userPrincipalName"], 1), (None, 2)):
            browser = Browser(MEGAN["userPrincipalName"])
            use(browser)
            result = public().acquire_token_interactive(MAIL, login_hint=hint, timeout=30)
            await self.demand_reads(result)
            self.assertEqual(proven(result["id_token"])["preferred_username"], MEGAN["userPrincipalName"])
            self.assertEqual(browser.pages, pages, "the page of persons, and the form that carries the code")

    async def test_an_app_with_a_secret_redeems_a_code(self):
        app = confidential(DEV["client_secret"])
        flow = app.initiate_auth_code_flow(MAIL, redirect_uri=REDIRECT, login_hint=ADELE["userPrincipalName"])
        await self.demand_reads(app.acquire_token_by_auth_code_flow(flow, visited(flow["auth_uri"])))

    async def test_a_device_is_signed_in(self):
        app = public()
        flow = app.initiate_device_flow(MAIL)
        self.assertIn(flow["user_code"], flow["message"])
        await self.demand_reads(app.acquire_token_by_device_flow(flow))

    async def test_a_person_signs_in_with_a_password(self):
        app = public(http_client=KeepsThePort())
        result = app.acquire_token_by_username_password(ADELE["userPrincipalName"], ADELE["password"], MAIL)
        await self.demand_reads(result)
        wrong = app.acquire_token_by_username_password(ADELE["userPrincipalName"], "wrong", MAIL)
        self.assertEqual((wrong["error"], wrong["error_codes"]), ("invalid_grant", [50126]))


class WithAzureIdentity(SignIn):
    async def demand_reads(self, credential, mailbox=lambda client: client.me):
        with credential:
            self.assertIsNotNone((await mailbox(client_of(credential)).messages.get()).value)

    async def demand_reads_as_app(self, credential):
        await self.demand_reads(credential, lambda client: client.users.by_user_id(ADELE["userPrincipalName"]))

    async def test_an_app_signs_in_with_its_secret(self):
        app = ClientSecretCredential(DEV["tenant"], DEV["client_id"], DEV["client_secret"], **OPTIONS)
        await self.demand_reads_as_app(app)

    async def test_a_tenant_may_be_named_by_its_domain(self):
        await self.demand_reads_as_app(ClientSecretCredential("contoso.com", DEV["client_id"], DEV["client_secret"], **OPTIONS))

    async def test_an_app_signs_in_with_its_certificate(self):
        await self.demand_reads_as_app(
            CertificateCredential(DEV["tenant"], DEV["client_id"], DEV["client_certificate"], **OPTIONS)
        )

    async def test_a_wrong_secret_is_told_in_microsofts_number(self):
        with ClientSecretCredential(DEV["tenant"], DEV["client_id"], "wrong", **OPTIONS) as credential:
            with self.assertRaisesRegex(ClientAuthenticationError, "AADSTS7000215"):
                credential.get_token(*DEFAULT)

    async def test_a_device_is_signed_in(self):
        shown = []
        credential = DeviceCodeCredential(
            DEV["client_id"], tenant_id=DEV["tenant"], prompt_callback=lambda *what: shown.append(what), **OPTIONS
        )
        await self.demand_reads(credential)
        self.assertEqual(len(shown), 1)

    async def test_a_person_signs_in_in_a_browser(self):
        use(Browser(MEGAN["userPrincipalName"]))
        credential = InteractiveBrowserCredential(
            tenant_id=DEV["tenant"], client_id=DEV["client_id"], redirect_uri=loopback(), **OPTIONS
        )
        self.assertEqual(credential.authenticate(scopes=DEFAULT).username, MEGAN["userPrincipalName"])
        await self.demand_reads(credential)

    async def test_a_code_is_redeemed(self):
        query = {
            "client_id": DEV["client_id"],
            "response_type": "code",
            "redirect_uri": REDIRECT,
            "scope": "offline_access https://graph.microsoft.com/.default",
            "login_hint": ADELE["userPrincipalName"],
        }
        uri = requests.Request("GET", f"{AUTHORITY}/oauth2/v2.0/authorize", params=query).prepare().url
        credential = AuthorizationCodeCredential(
            DEV["tenant"],
            DEV["client_id"],
            visited(uri)["code"],
            REDIRECT,
            client_secret=DEV["client_secret"],
            authority=DEV["authority"],
        )
        await self.demand_reads(credential)


if __name__ == "__main__":
    unittest.main()
