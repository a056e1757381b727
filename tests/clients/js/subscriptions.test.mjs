// What a program written with @microsoft/microsoft-graph-client does with subscriptions, and with the stream of changes.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { arrived, dev, person, signedIn } from "./people.mjs";

const megan = signedIn("MeganB");
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

/** A receiver on loopback, and what it is posted next. */
async function receiver(t) {
  const taken = [];
  let wake = () => {};
  const server = createServer(async (request, response) => {
    const token = new URL(request.url, "http://localhost").searchParams.get("validationToken");
    const parts = [];
    for await (const part of request) parts.push(part);
    if (token !== null) return response.writeHead(200, { "content-type": "text/plain" }).end(token);
    taken.push(...JSON.parse(Buffer.concat(parts)).value);
    response.writeHead(202).end();
    wake();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close().closeAllConnections());
  const next = async () => {
    while (taken.length === 0) await new Promise((done) => (wake = done));
    return taken.shift();
  };
  return { url: `http://127.0.0.1:${server.address().port}/changes`, next };
}

async function send(subject) {
  const toRecipients = [{ emailAddress: { address: "MeganB@contoso.com" } }];
  await signedIn("AlexW").api("/me/sendMail").post({ message: { subject, toRecipients } });
}

test("a subscription is made, told, renewed and removed", { timeout: 60_000 }, async (t) => {
  const { url, next } = await receiver(t);
  const made = await megan.api("/subscriptions").post({
    changeType: "created,updated",
    notificationUrl: url,
    lifecycleNotificationUrl: url,
    resource: "/me/mailFolders/inbox/messages?$filter=isRead eq false",
    expirationDateTime: inAnHour(),
    clientState: "a secret",
  });
  await send("Told to JavaScript");
  const message = await arrived(megan, "inbox", "Told to JavaScript");
  const told = await next();
  assert.deepEqual([told.subscriptionId, told.clientState, told.changeType], [made.id, "a secret", "created"]);
  assert.equal(told.resourceData.id, message.id);
  assert.equal((await megan.api(told.resource).get()).subject, "Told to JavaScript");
  const one = megan.api(`/subscriptions/${made.id}`);
  const later = new Date(Date.now() + 7_200_000).toISOString();
  const renewed = await one.patch({ expirationDateTime: later });
  assert.equal(Date.parse(renewed.expirationDateTime), Math.floor(Date.parse(later) / 1000) * 1000);
  assert.ok((await megan.api("/subscriptions").get()).value.some(({ id }) => id === made.id));
  await one.delete();
  await assert.rejects(() => megan.api(`/subscriptions/${made.id}`).get(), { statusCode: 404 });
});

test("changes are heard on a connection that is held", { timeout: 60_000 }, async () => {
  const end = new AbortController();
  const headers = { authorization: `Bearer ${person("MeganB").token}` };
  const stream = await fetch(`${dev.base_url}/me/messages/changes?$select=subject`, { headers, signal: end.signal });
  assert.equal(stream.headers.get("content-type"), "text/event-stream");
  await send("Heard by JavaScript");
  let text = "";
  for await (const part of stream.body.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes('"subject":"Heard by JavaScript"') && text.endsWith("\n\n")) break;
  }
  end.abort();
  assert.match(text, /event: created\n/);
});
