// What a program written with @microsoft/microsoft-graph-client sees of a server that holds it to Graph's own limits.
// The server's settings must say so: `[limits] graph = true`.

import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:https";
import { test } from "node:test";
import { dev, person, signedIn } from "../people.mjs";

/** Graph's limit on requests of an app at a mailbox at a time. */
const TOGETHER = 4;

/** An upload that is let in and does not end of itself. */
async function slowUpload() {
  const headers = {
    Authorization: `Bearer ${person("AdeleV").token}`,
    "Content-Type": "text/plain",
    "Content-Length": "4",
    Expect: "100-continue",
  };
  const upload = request(`${dev.https_url}/me/sendMail`, { method: "POST", headers });
  upload.flushHeaders();
  await once(upload, "continue");
  return upload;
}

test("the client waits as long as it is told, and is then answered", async () => {
  const uploads = await Promise.all(Array.from({ length: TOGETHER }, slowUpload));
  const [statuses, retryAfter] = [[], []];
  const fetched = globalThis.fetch;
  globalThis.fetch = async (...asked) => {
    const answer = await fetched(...asked);
    statuses.push(answer.status);
    if (answer.status === 429) {
      retryAfter.push(answer.headers.get("retry-after"));
      for (const upload of uploads.splice(0)) {
        upload.end("AAAA");
        const [response] = await once(upload, "response");
        response.resume();
        await once(response, "end");
      }
    }
    return answer;
  };
  try {
    const began = Date.now();
    const inbox = await signedIn("AdeleV").api("/me/mailFolders/inbox").get();
    assert.equal(inbox.displayName, "Inbox");
    assert.deepEqual(statuses, [429, 200]);
    assert.deepEqual(retryAfter, ["1"]);
    assert.ok(Date.now() - began >= 1000, "it waited");
  } finally {
    globalThis.fetch = fetched;
  }
});
