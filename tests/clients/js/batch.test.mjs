// What a program written with @microsoft/microsoft-graph-client sees of $batch.

import { BatchRequestContent, BatchResponseContent } from "@microsoft/microsoft-graph-client";
import assert from "node:assert/strict";
import { test } from "node:test";
import { arrived, dev, person, signedIn } from "./people.mjs";

const adele = signedIn("AdeleV");
const alex = signedIn("AlexW");

/** A request as the client's own batches take it. It makes the address one that begins with the version. */
function request(method, path, body) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  return new Request(`${dev.https_url}${path}`, { method, headers, body: body && JSON.stringify(body) });
}

async function batch(client, steps) {
  const content = await new BatchRequestContent(steps).getContent();
  return new BatchResponseContent(await client.api("/$batch").post(content));
}

test("each member of a batch has its answer", async () => {
  const answers = await batch(adele, [
    { id: "me", request: request("GET", "/me?$select=id,displayName") },
    { id: "inbox", request: request("GET", "/me/mailFolders/inbox") },
    { id: "gone", request: request("GET", "/me/messages/none") },
  ]);
  assert.equal((await answers.getResponseById("me").json()).id, person("AdeleV").id);
  assert.equal((await answers.getResponseById("inbox").json()).displayName, "Inbox");
  assert.equal(answers.getResponseById("gone").status, 400);
  assert.equal((await answers.getResponseById("gone").json()).error.code, "ErrorInvalidIdMalformed");
});

test("members that depend on each other come one after the other", async () => {
  const subject = "Batch of the JavaScript client";
  const message = { subject, toRecipients: [{ emailAddress: { address: "AlexW@contoso.com" } }] };
  const answers = await batch(adele, [
    { id: "1", request: request("POST", "/me/mailFolders", { displayName: subject }) },
    { id: "2", request: request("POST", "/me/sendMail", { message }), dependsOn: ["1"] },
    { id: "3", request: request("POST", "/me/mailFolders", { displayName: subject }), dependsOn: ["2"] },
  ]);
  assert.equal(answers.getResponseById("1").status, 201);
  assert.equal(answers.getResponseById("2").status, 202);
  assert.equal(await answers.getResponseById("2").text(), "", "a 202 has no body");
  assert.equal(answers.getResponseById("3").status, 409, "the name is taken by then");
  await arrived(alex, "inbox", subject);
});

test("MIME goes through a batch octet for octet", async () => {
  const subject = "MIME in a batch of the JavaScript client";
  const octets = Buffer.from(`From: AdeleV@contoso.com\nTo: AlexW@contoso.com\nSubject: ${subject}\n\nSpaces stay:  \n`);
  const headers = { "Content-Type": "text/plain" };
  const body = octets.toString("base64");
  const sent = await adele.api("/$batch").post({ requests: [{ id: "1", method: "POST", url: "/me/sendMail", headers, body }] });
  assert.deepEqual(sent.responses.map((one) => one.status), [202]);
  const { id } = await arrived(alex, "inbox", subject);
  const answers = await batch(alex, [{ id: "value", request: request("GET", `/me/messages/${id}/$value`) }]);
  const value = Buffer.from(await answers.getResponseById("value").text(), "base64");
  assert.deepEqual(value.subarray(-octets.length), octets);
});
