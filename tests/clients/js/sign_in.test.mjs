// What a program written with @azure/msal-node or @azure/identity sees: each library unmodified, told of this server by its
// authority alone.

import { AuthorizationCodeCredential, ClientCertificateCredential, ClientSecretCredential, DeviceCodeCredential } from "@azure/identity";
import { ConfidentialClientApplication, CryptoProvider, PublicClientApplication } from "@azure/msal-node";
import { Client } from "@microsoft/microsoft-graph-client";
import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { dev, person } from "./people.mjs";

const adele = person("AdeleV");
const redirectUri = "http://localhost:4711/signed-in";
const scopes = ["https://graph.microsoft.com/Mail.ReadWrite"];
const everything = { scopes: ["https://graph.microsoft.com/.default"] };

/** What both kinds of app are told. */
const auth = {
  clientId: dev.client_id,
  authority: `${dev.authority}/${dev.tenant}`,
  knownAuthorities: [new URL(dev.authority).host],
};

const publicApp = () => new PublicClientApplication({ auth });
const confidentialApp = (credential) => new ConfidentialClientApplication({ auth: { ...auth, ...credential } });

/** Demands that a token reads Adele's mail. */
async function demandReads(result, mailbox = "/me") {
  const url = new URL(dev.https_url);
  const client = Client.init({
    baseUrl: `${url.origin}/`,
    defaultVersion: url.pathname.slice(1),
    customHosts: new Set([url.hostname]),
    authProvider: (done) => done(null, result.accessToken),
  });
  assert.ok(Array.isArray((await client.api(`${mailbox}/messages`).get()).value));
}

test("an app signs in with its secret", async () => {
  const app = confidentialApp({ clientSecret: dev.client_secret });
  await demandReads(await app.acquireTokenByClientCredential(everything), `/users/${adele.userPrincipalName}`);
});

test("an app signs in with its certificate", async () => {
  const pem = readFileSync(dev.client_certificate, "ascii");
  const start = pem.indexOf("-----BEGIN CERTIFICATE-----");
  const thumbprintSha256 = createHash("sha256").update(new X509Certificate(pem.slice(start)).raw).digest("hex");
  const app = confidentialApp({ clientCertificate: { privateKey: pem.slice(0, start), thumbprintSha256 } });
  await demandReads(await app.acquireTokenByClientCredential(everything), `/users/${adele.userPrincipalName}`);
});

test("a wrong secret is told in Microsoft's number", async () => {
  const asked = confidentialApp({ clientSecret: "wrong" }).acquireTokenByClientCredential(everything);
  await assert.rejects(asked, (error) => error.errorCode === "invalid_client" && /AADSTS7000215/.test(error.errorMessage));
});

test("a person signs in by code and is known again", async () => {
  const app = publicApp();
  const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
  const asked = { scopes, redirectUri, loginHint: adele.userPrincipalName };
  const url = await app.getAuthCodeUrl({ ...asked, codeChallenge: challenge, codeChallengeMethod: "S256" });
  const back = await fetch(url, { redirect: "manual" });
  const code = new URL(back.headers.get("location")).searchParams.get("code");
  const result = await app.acquireTokenByCode({ scopes, redirectUri, code, codeVerifier: verifier });
  await demandReads(result);
  assert.equal(result.account.username, adele.userPrincipalName);
  assert.equal(result.account.homeAccountId, `${adele.id}.${dev.tenant}`);
  const renewed = await app.acquireTokenSilent({ scopes, account: result.account, forceRefresh: true });
  assert.equal(renewed.fromCache, false);
  await demandReads(renewed);
});

test("a device is signed in", async () => {
  let shown;
  const result = await publicApp().acquireTokenByDeviceCode({ scopes, deviceCodeCallback: (what) => (shown = what) });
  assert.match(shown.message, new RegExp(shown.userCode));
  await demandReads(result);
});

test("a person signs in with a password, and not with another", async () => {
  const asked = { scopes, username: adele.userPrincipalName, password: adele.password };
  await demandReads(await publicApp().acquireTokenByUsernamePassword(asked));
  const wrong = publicApp().acquireTokenByUsernamePassword({ ...asked, password: "wrong" });
  await assert.rejects(wrong, (error) => error.errorCode === "invalid_grant" && /AADSTS50126/.test(error.errorMessage));
});

/** What @azure/identity is told. */
const options = { authorityHost: dev.authority, disableInstanceDiscovery: true };

/** Demands that a credential of @azure/identity reads Adele's mail. */
async function demandCredentialReads(credential, mailbox) {
  const { token } = await credential.getToken(everything.scopes);
  await demandReads({ accessToken: token }, mailbox);
}

test("an app signs in with @azure/identity by secret and by certificate", async () => {
  const mailbox = `/users/${adele.userPrincipalName}`;
  await demandCredentialReads(new ClientSecretCredential(dev.tenant, dev.client_id, dev.client_secret, options), mailbox);
  const certificatePath = dev.client_certificate;
  const byCertificate = new ClientCertificateCredential(dev.tenant, dev.client_id, { certificatePath }, options);
  await demandCredentialReads(byCertificate, mailbox);
  const wrong = new ClientSecretCredential(dev.tenant, dev.client_id, "wrong", options);
  await assert.rejects(wrong.getToken(everything.scopes), /AADSTS7000215/);
});

test("people sign in with @azure/identity by device and by code", async () => {
  const shown = [];
  const userPromptCallback = (what) => shown.push(what);
  const of = { ...options, tenantId: dev.tenant, clientId: dev.client_id };
  await demandCredentialReads(new DeviceCodeCredential({ ...of, userPromptCallback }));
  assert.equal(shown.length, 1);

  const asked = { client_id: dev.client_id, response_type: "code", redirect_uri: redirectUri, scope: "offline_access .default" };
  const query = new URLSearchParams({ ...asked, login_hint: adele.userPrincipalName });
  const back = await fetch(`${dev.authority}/${dev.tenant}/oauth2/v2.0/authorize?${query}`, { redirect: "manual" });
  const code = new URL(back.headers.get("location")).searchParams.get("code");
  const { client_id: id, client_secret: secret } = dev;
  await demandCredentialReads(new AuthorizationCodeCredential(dev.tenant, id, secret, code, redirectUri, options));
});
