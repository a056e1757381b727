// What a program written with @microsoft/microsoft-graph-client sees: sending, listing and reading, octet for octet.

import { GraphError, PageIterator } from "@microsoft/microsoft-graph-client";
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { arrived, octetsOf, person, sendMime, signedIn } from "./people.mjs";

const adele = signedIn("AdeleV");
const alex = signedIn("AlexW");
const christie = signedIn("ChristieC");

/** A message with bare LF line ends and trailing spaces, which nobody may tidy up. */
function plainMessage(subject) {
  const header = `From: Adele Vance <AdeleV@contoso.com>\nTo: Alex Wilber <AlexW@contoso.com>\nSubject: ${subject}\n`;
  return Buffer.from(`${header}Message-ID: <${subject.replaceAll(" ", "-")}@contoso.com>\n\nSpaces stay:  \n\tso do tabs.\n`);
}

/** Where Microsoft's MIME page's samples lie, or why there are none. */
function seed() {
  const folder = join(process.env.RESTANTE_SHARED ?? "", "seed");
  if (existsSync(folder)) return { folder };
  if (process.env.CI) return { folder };
  return { skip: `RESTANTE_SHARED has no samples at "${folder}"` };
}

test("a MIME message arrives octet for octet", async () => {
  const subject = "MIME from the JavaScript client";
  const octets = plainMessage(subject);
  await sendMime(adele, octets);

  const sent = await arrived(adele, "sentitems", subject);
  assert.deepEqual(await octetsOf(adele, sent.id), octets, "the sender's copy is what was sent");
  const received = await arrived(alex, "inbox", subject);
  const delivered = await octetsOf(alex, received.id);
  assert.deepEqual(delivered.subarray(-octets.length), octets, "the recipient's copy ends with what was sent");
});

test("a MIME message is read as JSON", async () => {
  const subject = "Read by the JavaScript client";
  await sendMime(adele, plainMessage(subject));
  const { id } = await arrived(alex, "inbox", subject);
  const message = await alex.api(`/me/messages/${id}`).get();
  assert.equal(message.subject, subject);
  assert.deepEqual(message.from.emailAddress, { name: "Adele Vance", address: "AdeleV@contoso.com" });
  assert.deepEqual(message.toRecipients, [{ emailAddress: { name: "Alex Wilber", address: "AlexW@contoso.com" } }]);
  assert.equal(message.hasAttachments, false);
  assert.equal(message.isDraft, false);
  assert.equal(message.internetMessageId, "<Read-by-the-JavaScript-client@contoso.com>");
  assert.equal(message.body.contentType, "text");
});

const samples = seed();
test("the sample of Microsoft's MIME page arrives octet for octet", { skip: samples.skip }, async () => {
  const subject = "This is a test in Graph - MIME";
  const octets = readFileSync(join(samples.folder, "sample-decoded.eml"));
  const base64 = readFileSync(join(samples.folder, "sample.b64"), "latin1");
  await adele.api("/me/sendMail").header("Content-Type", "text/plain").post(base64);

  const sent = await arrived(adele, "sentitems", subject);
  assert.deepEqual(await octetsOf(adele, sent.id), octets);
  for (const reader of [alex, christie]) {
    const { id } = await arrived(reader, "inbox", subject);
    assert.deepEqual((await octetsOf(reader, id)).subarray(-octets.length), octets);
  }
});

test("a JSON message with an attachment arrives", async () => {
  const subject = "JSON from the JavaScript client";
  const content = Buffer.from([0, 1, 2, 253, 254, 255, 13, 10, 10]);
  await adele.api("/me/sendMail").post({
    message: {
      subject,
      body: { contentType: "HTML", content: "<p>Grüße</p>" },
      toRecipients: [{ emailAddress: { address: "AlexW@contoso.com" } }],
      attachments: [
        { "@odata.type": "#microsoft.graph.fileAttachment", name: "octets.bin", contentBytes: content.toString("base64") },
      ],
    },
  });

  const { id } = await arrived(alex, "inbox", subject);
  const message = await alex.api(`/me/messages/${id}`).get();
  assert.equal(message.hasAttachments, true);
  assert.equal(message.from.emailAddress.address, "AdeleV@contoso.com");
  assert.equal(message.body.contentType, "html");
  assert.match(message.body.content, /Grüße/);
  const mime = (await octetsOf(alex, id)).toString("latin1");
  assert.match(mime, /octets\.bin/);
  assert.ok(mime.includes(content.toString("base64")), "the attachment's octets are in the message");
});

test("saveToSentItems false keeps no copy", async () => {
  const subject = "No copy from the JavaScript client";
  const message = { subject, toRecipients: [{ emailAddress: { address: "AlexW@contoso.com" } }] };
  await adele.api("/me/sendMail").post({ message, saveToSentItems: "false" });
  await arrived(alex, "inbox", subject);
  const { value } = await adele.api("/me/mailFolders/sentitems/messages").top(100).get();
  assert.deepEqual(value.filter((one) => one.subject === subject), []);
});

test("a MIME draft is made, sent and gone from Drafts", async () => {
  const subject = "Draft of the JavaScript client";
  const octets = plainMessage(subject);
  const draft = await adele.api("/me/messages").header("Content-Type", "text/plain").post(octets.toString("base64"));
  assert.equal(draft.isDraft, true);
  assert.equal(draft.subject, subject);
  assert.deepEqual(await octetsOf(adele, draft.id), octets);

  // The client writes the JSON word `null` as the body here.
  await adele.api(`/me/messages/${draft.id}/send`).post(null);
  await arrived(alex, "inbox", subject);
  const { value } = await adele.api("/me/mailFolders/drafts/messages").get();
  assert.deepEqual(value.filter((one) => one.subject === subject), []);
});

test("pages are followed to the end, each message once", async () => {
  const subjects = ["one", "two", "three"].map((word) => `Page ${word} of the JavaScript client`);
  for (const subject of subjects) {
    await sendMime(adele, plainMessage(subject));
    await arrived(alex, "inbox", subject);
  }
  const first = await alex.api("/me/mailFolders/inbox/messages").top(1).select("id,subject").get();
  assert.equal(first.value.length, 1);
  const seen = [];
  const goOn = (message) => Boolean(seen.push(message));
  await new PageIterator(alex, first, goOn).iterate();
  assert.equal(new Set(seen.map((message) => message.id)).size, seen.length, "no message twice");
  const ours = seen.map((message) => message.subject).filter((subject) => subjects.includes(subject));
  assert.deepEqual(ours, [...subjects].reverse(), "newest first");
});

test("who am I, and what folders have I", async () => {
  const me = await adele.api("/me").get();
  assert.equal(me.id, person("AdeleV").id);
  assert.equal(me.displayName, "Adele Vance");
  const inbox = await adele.api("/me/mailFolders/inbox").get();
  const { value } = await adele.api("/me/mailFolders").get();
  assert.ok(value.some((folder) => folder.id === inbox.id), "the Inbox is one of the folders");
});

test("a deleted message is gone from the Inbox", async () => {
  const subject = "Deleted by the JavaScript client";
  await sendMime(adele, plainMessage(subject));
  const { id } = await arrived(alex, "inbox", subject);
  await alex.api(`/me/messages/${id}`).delete();
  const { value } = await alex.api("/me/mailFolders/inbox/messages").top(100).get();
  assert.deepEqual(value.filter((one) => one.subject === subject), []);
});

test("what is not base64 is refused in Graph's words", async () => {
  const refused = adele.api("/me/sendMail").header("Content-Type", "text/plain").post("this is no base64!");
  await assert.rejects(refused, (error) => {
    assert.ok(error instanceof GraphError);
    assert.equal(error.statusCode, 400);
    assert.equal(error.code, "ErrorMimeContentInvalidBase64String");
    assert.equal(error.message, "Invalid base64 string for MIME content.");
    assert.ok(error.requestId, "innerError names the request");
    return true;
  });
});
