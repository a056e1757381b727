// What a program written with @microsoft/microsoft-graph-client sees that follows a folder: delta to the end, and again
// after changes.

import { PageIterator } from "@microsoft/microsoft-graph-client";
import assert from "node:assert/strict";
import { test } from "node:test";
import { signedIn } from "./people.mjs";

const megan = signedIn("MeganB");
const headers = { Prefer: "odata.maxpagesize=2" };

/** A folder of its own, so that nobody else's messages come between. */
async function newFolder(displayName) {
  return (await megan.api("/me/mailFolders").post({ displayName })).id;
}

function newMessage(folder, subject) {
  return megan.api(`/me/mailFolders/${folder}/messages`).post({ subject });
}

/** All entries of a round from its first page, and the link to the next round. */
async function round(page) {
  const entries = [];
  const iterator = new PageIterator(megan, page, (entry) => Boolean(entries.push(entry)), { headers });
  await iterator.iterate();
  assert.ok(iterator.isComplete(), "the round ended");
  return { entries, link: iterator.getDeltaLink() };
}

test("a folder's messages are followed to the end, and again after changes", async () => {
  const folder = await newFolder("Followed by the JavaScript client");
  const made = [];
  for (const subject of ["One", "Two", "Three", "Four", "Five"]) made.push(await newMessage(folder, subject));
  const request = megan.api(`/me/mailFolders/${folder}/messages/delta`).select(["subject", "isRead"]);
  const first = await round(await request.headers(headers).get());
  assert.deepEqual(first.entries.map((entry) => entry.subject).sort(), ["Five", "Four", "One", "Three", "Two"]);

  await megan.api(`/me/messages/${made[0].id}`).patch({ isRead: false });
  await megan.api(`/me/messages/${made[1].id}/move`).post({ destinationId: "archive" });
  await megan.api(`/me/messages/${made[2].id}`).delete();
  const six = await newMessage(folder, "Six");
  const second = await round(await megan.api(first.link).headers(headers).get());
  const told = Object.fromEntries(second.entries.map((entry) => [entry.id, entry]));
  assert.equal(second.entries.length, 4);
  assert.equal(told[made[0].id].isRead, false);
  assert.equal(told[made[0].id].subject, "One", "what was selected comes each time");
  assert.deepEqual(told[made[1].id]["@removed"], { reason: "deleted" });
  assert.deepEqual(told[made[2].id]["@removed"], { reason: "deleted" });
  assert.equal(told[six.id].subject, "Six");

  const third = await round(await megan.api(second.link).headers(headers).get());
  assert.deepEqual(third.entries, [], "each change is told once");
});

test("folders are followed to the end, and again after changes", async () => {
  const first = await round(await megan.api("/me/mailFolders/delta").headers(headers).get());
  const inbox = await megan.api("/me/mailFolders/inbox").get();
  assert.ok(first.entries.some((entry) => entry.id === inbox.id));
  const folder = await newFolder("Seen by the JavaScript client");
  const second = await round(await megan.api(first.link).headers(headers).get());
  const seen = second.entries.find((entry) => entry.id === folder);
  assert.equal(seen.displayName, "Seen by the JavaScript client");
});
