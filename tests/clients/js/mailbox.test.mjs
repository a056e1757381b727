// What a program written with @microsoft/microsoft-graph-client does in a mailbox: filters, searches, keeps folders.

import { PageIterator } from "@microsoft/microsoft-graph-client";
import assert from "node:assert/strict";
import { test } from "node:test";
import { arrived, signedIn } from "./people.mjs";

const adele = signedIn("AdeleV");
const alex = signedIn("AlexW");

async function send(subject, content = "Nothing but a test.", more = {}) {
  const toRecipients = [{ emailAddress: { address: "AlexW@contoso.com" } }];
  const message = { subject, body: { contentType: "Text", content }, toRecipients, ...more };
  await adele.api("/me/sendMail").post({ message });
  return arrived(alex, "inbox", subject);
}

/** All of a list, with the client's own iterator. */
async function every(client, request) {
  const seen = [];
  await new PageIterator(client, await request.get(), (item) => Boolean(seen.push(item))).iterate();
  return seen;
}

test("messages are filtered and ordered, page by page", async () => {
  const word = "Filtered by JavaScript";
  for (const number of [2, 3, 1]) await send(`${word} ${number}`, "x", { importance: number === 3 ? "high" : "normal" });
  const list = () => alex.api("/me/messages").filter(`startswith(subject,'${word}')`).orderby("subject desc").top(2);
  const seen = await every(alex, list());
  assert.deepEqual(seen.map((message) => message.subject), [3, 2, 1].map((number) => `${word} ${number}`));
  const [high, ...others] = await every(alex, alex.api("/me/messages").filter(`importance eq 'high' and startswith(subject,'${word}')`));
  assert.deepEqual([high.subject, others.length], [`${word} 3`, 0]);
  const from = await every(
    alex,
    alex.api("/me/mailFolders/inbox/messages").filter(`from/emailAddress/address eq 'AdeleV@contoso.com' and isRead eq false`).top(100),
  );
  assert.ok(from.length >= 3 && from.every((message) => message.isRead === false));
  await alex.api(`/me/messages/${high.id}`).patch({ isRead: true });
  const unread = await every(alex, alex.api("/me/messages").filter(`isRead eq false and startswith(subject,'${word}')`));
  assert.equal(unread.length, 2);
  const counted = await alex.api("/me/messages").filter(`startswith(subject,'${word}')`).count(true).top(1).get();
  assert.equal(counted["@odata.count"], 3);
});

test("messages are searched", async () => {
  const { id } = await send("Searched by JavaScript", "The Rhinozeros of Königsberg wears spectacles.");
  for (const words of ['"rhinozeros"', '"königsberg spectacles"', '"subject:searched AND from:AdeleV"']) {
    const found = await every(alex, alex.api("/me/messages").search(words));
    assert.deepEqual(found.map((message) => message.id), [id], words);
  }
  assert.deepEqual(await every(alex, alex.api("/me/messages").search('"rhinozeros NOT spectacles"')), []);
});

test("folders are made, renamed, filled, counted and deleted", async () => {
  const folder = await alex.api("/me/mailFolders").post({ displayName: "Kept by JavaScript" });
  const child = await alex.api(`/me/mailFolders/${folder.id}/childFolders`).post({ displayName: "Within" });
  const { id } = await send("Filed by JavaScript");
  const moved = await alex.api(`/me/messages/${id}/move`).post({ destinationId: child.id });
  assert.equal(moved.parentFolderId, child.id);
  const renamed = await alex.api(`/me/mailFolders/${child.id}`).patch({ displayName: "Inside" });
  assert.deepEqual([renamed.displayName, renamed.totalItemCount, renamed.unreadItemCount], ["Inside", 1, 1]);
  assert.equal((await alex.api(`/me/mailFolders/${folder.id}`).get()).childFolderCount, 1);
  const named = await alex.api("/me/mailFolders").filter("displayName eq 'Kept by JavaScript'").get();
  assert.deepEqual(named.value.map((one) => one.id), [folder.id]);
  await alex.api(`/me/mailFolders/${folder.id}`).delete();
  const left = await every(alex, alex.api("/me/mailFolders").top(100));
  assert.ok(left.every((one) => one.id !== folder.id));
});
