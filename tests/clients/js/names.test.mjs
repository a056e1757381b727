// What a program sees that has Microsoft's names built in: the libraries unmodified and told nothing of this server, which
// the names lead to.

import { ClientCertificateCredential, ClientSecretCredential, DeviceCodeCredential } from "@azure/identity";
import { ConfidentialClientApplication, CryptoProvider, PublicClientApplication } from "@azure/msal-node";
import { Client, PageIterator } from "@microsoft/microsoft-graph-client";
import { TokenCredentialAuthenticationProvider } from "@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { connected, leadHere } from "./names.mjs";
import { arrived, dev, person } from "./people.mjs";

leadHere();

const adele = person("AdeleV");
const redirectUri = "http://localhost:4711/signed-in";
const scopes = ["https://graph.microsoft.com/Mail.ReadWrite", "https://graph.microsoft.com/Mail.Send"];
const everything = { scopes: ["https://graph.microsoft.com/.default"] };
const auth = { clientId: dev.client_id };
const ofTenant = { ...auth, authority: `https://login.microsoftonline.com/${dev.tenant}` };

/** A client of Graph where it always is. */
const graph = (token) => Client.init({ authProvider: (done) => done(null, token) });

/** Sends a message, finds it by pages whose links stay on Graph's own host, and reads it. */
async function demandMail(client, mailbox, subject) {
  const toRecipients = [{ emailAddress: { address: adele.userPrincipalName } }];
  for (const number of [1, 2]) {
    const message = { subject: `${subject} ${number}`, body: { contentType: "Text", content: "Here." }, toRecipients };
    await client.api(`${mailbox}/sendMail`).post({ message });
  }
  const me = graph(adele.token);
  for (const number of [1, 2]) await arrived(me, "inbox", `${subject} ${number}`);

  const page = await client.api(`${mailbox}/messages`).top(1).get();
  assert.match(page["@odata.nextLink"], /^https:\/\/graph\.microsoft\.com\/v1\.0\//);
  const found = [];
  await new PageIterator(client, page, ({ subject }) => found.push(subject)).iterate();
  for (const number of [1, 2]) assert.ok(found.includes(`${subject} ${number}`));
}

test("an app signs in with msal-node", async () => {
  const app = new ConfidentialClientApplication({ auth: { ...ofTenant, clientSecret: dev.client_secret } });
  const { accessToken } = await app.acquireTokenByClientCredential(everything);
  await demandMail(graph(accessToken), `/users/${adele.userPrincipalName}`, "Msal for an app");
});

test("a wrong secret is told in Microsoft's number", async () => {
  const app = new ConfidentialClientApplication({ auth: { ...ofTenant, clientSecret: "wrong" } });
  await assert.rejects(app.acquireTokenByClientCredential(everything), (error) => /AADSTS7000215/.test(error.errorMessage));
});

test("a person signs in by code at the common authority, and is known again", async () => {
  const app = new PublicClientApplication({ auth });
  const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
  const asked = { scopes, redirectUri, loginHint: adele.userPrincipalName };
  const url = await app.getAuthCodeUrl({ ...asked, codeChallenge: challenge, codeChallengeMethod: "S256" });
  assert.equal(new URL(url).origin, "https://login.microsoftonline.com");
  const back = await fetch(url, { redirect: "manual" });
  const code = new URL(back.headers.get("location")).searchParams.get("code");
  const result = await app.acquireTokenByCode({ scopes, redirectUri, code, codeVerifier: verifier });
  assert.equal(result.account.homeAccountId, `${adele.id}.${dev.tenant}`);
  const renewed = await app.acquireTokenSilent({ scopes, account: result.account, forceRefresh: true });
  assert.equal(renewed.fromCache, false);
  await demandMail(graph(renewed.accessToken), "/me", "Msal for a person");
});

test("a device and a password sign in with msal-node", async () => {
  const app = new PublicClientApplication({ auth: ofTenant });
  let shown;
  const device = await app.acquireTokenByDeviceCode({ scopes, deviceCodeCallback: (what) => (shown = what) });
  assert.match(shown.verificationUri, /^https:\/\/login\.microsoftonline\.com\//);
  assert.ok((await graph(device.accessToken).api("/me/messages").get()).value);
  const named = { scopes, username: adele.userPrincipalName, password: adele.password };
  const result = await app.acquireTokenByUsernamePassword(named);
  assert.ok((await graph(result.accessToken).api("/me/messages").get()).value);
  const wrong = app.acquireTokenByUsernamePassword({ ...named, password: "wrong" });
  await assert.rejects(wrong, (error) => /AADSTS50126/.test(error.errorMessage));
});

test("an app signs in with @azure/identity", async () => {
  const credential = new ClientSecretCredential(dev.tenant, dev.client_id, dev.client_secret);
  const authProvider = new TokenCredentialAuthenticationProvider(credential, everything);
  await demandMail(Client.initWithMiddleware({ authProvider }), `/users/${adele.userPrincipalName}`, "Azure for an app");
});

test("an app signs in with @azure/identity by its certificate", async () => {
  const credential = new ClientCertificateCredential(dev.tenant, dev.client_id, { certificatePath: dev.client_certificate });
  const { token } = await credential.getToken(everything.scopes);
  assert.ok((await graph(token).api(`/users/${adele.userPrincipalName}/messages`).get()).value);
});

test("a device signs in with @azure/identity", async () => {
  const shown = [];
  const options = { tenantId: dev.tenant, clientId: dev.client_id, userPromptCallback: (what) => shown.push(what) };
  const authProvider = new TokenCredentialAuthenticationProvider(new DeviceCodeCredential(options), { scopes });
  await demandMail(Client.initWithMiddleware({ authProvider }), "/me", "Azure for a person");
  assert.equal(shown.length, 1);
});

test("nothing was asked for but by those two names", () => {
  assert.deepEqual([...connected].sort(), ["graph.microsoft.com", "login.microsoftonline.com"]);
});
