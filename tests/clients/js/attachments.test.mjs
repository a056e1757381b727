// What a program written with @microsoft/microsoft-graph-client sees of attachments: its own task for large files.

import { FileUpload, LargeFileUploadTask } from "@microsoft/microsoft-graph-client";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { signedIn } from "./people.mjs";

const adele = signedIn("AdeleV");

const MEGABYTE = 1024 * 1024;

/** A draft, given as JSON. */
function draft() {
  return adele.api("/me/messages").post({ subject: "Attachments of the JavaScript client", body: { content: "Hello" } });
}

/** A task that uploads a file to a draft in ranges of so many octets. */
async function task(message, name, octets, rangeSize, events = []) {
  const payload = { AttachmentItem: { attachmentType: "file", name, size: octets.length } };
  const session = await LargeFileUploadTask.createUploadSession(
    adele,
    `/me/messages/${message.id}/attachments/createUploadSession`,
    payload,
  );
  const file = new FileUpload(octets, name, octets.length);
  const uploadEventHandlers = { progress: (range) => events.push([range.minValue, range.maxValue]) };
  return new LargeFileUploadTask(adele, file, session, { rangeSize, uploadEventHandlers });
}

/** The octets of the attachment at an address, which the client is to ask for as it is told. */
async function octetsAt(location) {
  const path = new URL(location).pathname.replace(/^\/v1\.0/, "");
  return Buffer.from(await adele.api(`${path}/$value`).responseType("arraybuffer").get());
}

test("large files come by the client's own task, in ranges of several sizes", async () => {
  const message = await draft();
  for (const [size, range] of [
    [5 * MEGABYTE, 320 * 1024],
    [7 * MEGABYTE + 123, 3_000_000],
    [10 * MEGABYTE, 4 * MEGABYTE],
  ]) {
    const octets = randomBytes(size);
    const events = [];
    const uploading = await task(message, `${size} Grüße.bin`, octets, range, events);
    const result = await uploading.upload();
    assert.equal(events.length, Math.ceil(size / Math.min(range, size)), "a range each");
    assert.deepEqual(events.at(-1)[1], size - 1);
    assert.deepEqual(await octetsAt(result.location), octets);
  }
  const list = await adele.api(`/me/messages/${message.id}/attachments`).select("id,name,size").orderby("size desc").get();
  assert.deepEqual(
    list.value.map((one) => one.size),
    [10 * MEGABYTE, 7 * MEGABYTE + 123, 5 * MEGABYTE],
  );
});

test("an upload is resumed where it stopped, and given up", async () => {
  const message = await draft();
  const octets = randomBytes(6 * MEGABYTE);
  const uploading = await task(message, "resumed.bin", octets, MEGABYTE);
  const first = await uploading.file.sliceFile({ minValue: 0, maxValue: MEGABYTE - 1 });
  await uploading.uploadSlice(first, { minValue: 0, maxValue: MEGABYTE - 1 }, octets.length);
  const status = await uploading.getStatus();
  assert.equal(status.nextExpectedRanges[0].split("-")[0], String(MEGABYTE));
  const result = await uploading.resume();
  assert.deepEqual(await octetsAt(result.location), octets);

  const given = await task(message, "given up.bin", octets, MEGABYTE);
  await given.cancel();
  await assert.rejects(() => given.getStatus(), { statusCode: 404, code: "ErrorItemNotFound" });
  const count = await adele.api(`/me/messages/${message.id}/attachments/$count`).get();
  assert.equal(Number(count), 1);
});
