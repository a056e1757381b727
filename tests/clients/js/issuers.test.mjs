// Tokens of a certified OpenID provider that isn't ours (oidc-provider): found by discovery, signed with RS256 and ES256, for a
// person who signs in there and for an app. The server under test is one of its own, since it must be told of the provider.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import Provider from "oidc-provider";

const binary = process.env.RESTANTE_BIN;
const home = mkdtempSync(join(tmpdir(), "restante-issuers-"));
const data = join(home, "data");
const audience = "api://restante";
const secret = "known to the provider alone";
const redirectUri = "http://localhost:4711/signed-in";
const scopes = "Mail.Read Mail.Send";

let dev, issuer, restante;
const doors = createServer();
process.on("exit", () => restante?.kill("SIGKILL")); // a test that breaks off leaves nothing running

/** Starts the server and waits for what it says of itself. */
async function serve(...more) {
  rmSync(join(data, "dev.json"), { force: true });
  const addresses = ["--http", "127.0.0.1:0", "--https", "127.0.0.1:0"];
  restante = spawn(binary, ["serve", "--data", data, ...addresses, ...more], { stdio: "ignore" });
  const deadline = Date.now() + 20_000;
  while (!existsSync(join(data, "dev.json"))) {
    assert.ok(restante.exitCode === null && Date.now() < deadline, "the server starts");
    await pause(50);
  }
  dev = JSON.parse(readFileSync(join(data, "dev.json"), "utf8"));
}

async function stop() {
  restante.kill("SIGTERM");
  const [code] = await once(restante, "exit");
  assert.equal(code, 0);
}

/** A private key as a provider keeps it. */
function key(kid, type, options) {
  return { ...generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }), kid, use: "sig" };
}

/** The provider: its access tokens for mail are JWTs (RFC 9068), an app's with the claims that say so. */
function provider(alg) {
  const mail = { scope: scopes, audience, accessTokenFormat: "jwt", jwt: { sign: { alg } } };
  const grant_types = ["authorization_code", "client_credentials"];
  const provider = new Provider(issuer, {
    clients: [{ client_id: dev.client_id, client_secret: secret, redirect_uris: [redirectUri], grant_types }],
    jwks: { keys: [key("first", "rsa", { modulusLength: 2048 }), key("second", "ec", { namedCurve: "P-256" })] },
    cookies: { keys: [randomBytes(16).toString("hex")] },
    findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    extraTokenClaims: (_, { kind, scope, accountId }) =>
      kind === "ClientCredentials" ? { idtyp: "app", roles: scope.split(" ") } : { preferred_username: accountId },
    features: {
      clientCredentials: { enabled: true },
      resourceIndicators: { enabled: true, getResourceServerInfo: () => mail, useGrantedResource: () => true },
    },
  });
  return provider.callback();
}

before(async () => {
  doors.listen(0, "127.0.0.1");
  await once(doors, "listening");
  issuer = `http://127.0.0.1:${doors.address().port}`;
  await serve(); // the provider must know the app's client id before the server asks it for its keys
  await stop();
  let answer = provider("RS256");
  doors.on("request", (request, response) => answer(request, response));
  doors.on("es256", () => (answer = provider("ES256")));
  const config = join(home, "restante.toml");
  writeFileSync(config, `development = true\n[[issuers]]\nissuer = "${issuer}"\naudiences = ["${audience}"]\n`);
  await serve("--config", config);
});

after(async () => {
  await stop();
  execFileSync(binary, ["check", "--data", data]);
  doors.close();
  doors.closeAllConnections();
  rmSync(home, { recursive: true });
});

/** Asks the token endpoint. */
async function token(form) {
  const authorization = `Basic ${Buffer.from(`${dev.client_id}:${encodeURIComponent(secret)}`).toString("base64")}`;
  const body = new URLSearchParams({ resource: audience, scope: scopes, ...form });
  const answer = await (await fetch(`${issuer}/token`, { method: "POST", headers: { authorization }, body })).json();
  assert.ok(answer.access_token, JSON.stringify(answer));
  return answer;
}

/** Signs in as a browser would, through the provider's pages of development, and gets a token for the code. */
async function signIn(login) {
  const verifier = randomBytes(32).toString("base64url");
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  const wish = { client_id: dev.client_id, response_type: "code", redirect_uri: redirectUri, scope: `openid ${scopes}` };
  const proof = { code_challenge: challenge, code_challenge_method: "S256" };
  const cookies = new Map();
  let url = `${issuer}/auth?${new URLSearchParams({ ...wish, ...proof, resource: audience })}`;
  for (let body; !url.startsWith(redirectUri); ) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(url, { redirect: "manual", headers: { cookie }, ...(body && { method: "POST", body }) });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      cookies.set(name, value);
    }
    const page = await answer.text();
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
    body = prompt && new URLSearchParams({ prompt, login, password: "any" });
    if (!prompt) url = new URL(answer.headers.get("location"), issuer).href;
  }
  const code = new URL(url).searchParams.get("code");
  assert.ok(code, url);
  return token({ grant_type: "authorization_code", code, redirect_uri: redirectUri, code_verifier: verifier });
}

const call = (path, accessToken, more) =>
  fetch(`${dev.base_url}${path}`, { ...more, headers: { authorization: `Bearer ${accessToken}`, "content-type": "text/plain" } });
const adele = () => dev.people[0].userPrincipalName;
const fields = () => `From: ${adele()}\r\nTo: ${adele()}\r\nSubject: By another's token\r\n`;
const letter = () => Buffer.from(`${fields()}\r\nHello\r\n`).toString("base64");

/** Demands that a token of this person reads and sends, and one of the app reads any mailbox. */
async function demandTaken(alg) {
  const { access_token, id_token } = await signIn(adele());
  const header = JSON.parse(Buffer.from(access_token.split(".")[0], "base64url"));
  assert.deepEqual([header.typ, header.alg], ["at+jwt", alg]);
  assert.equal((await call("/me/messages", access_token)).status, 200);
  assert.equal((await call("/me/sendMail", access_token, { method: "POST", body: letter() })).status, 202);
  assert.equal((await call(`/users/${dev.people[1].userPrincipalName}/messages`, access_token)).status, 403);
  assert.equal((await call("/me/messages", id_token)).status, 401, "it is for the app, not for us");

  const app = (await token({ grant_type: "client_credentials" })).access_token;
  assert.equal((await call(`/users/${adele()}/messages`, app)).status, 200);
  assert.equal((await call("/me/messages", app)).status, 400, "an app is nobody");
}

test("a provider's people and apps come in by its tokens", () => demandTaken("RS256"));

test("whoever isn't here is told so", async () => {
  const { access_token } = await signIn("eve@contoso.com");
  const refused = await call("/me/messages", access_token);
  assert.equal(refused.status, 401);
  assert.match((await refused.json()).error.message, /not registered/);
});

test("a new set of keys under the same names is found once the old one is forgotten", async () => {
  doors.emit("es256");
  await stop();
  await serve("--config", join(home, "restante.toml"));
  await demandTaken("ES256");
});
