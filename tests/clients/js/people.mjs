// The people of a running server in development mode, each with an unmodified official client.
// DEV_JSON names the file that the server wrote; NODE_EXTRA_CA_CERTS must name its `ca`, before node starts.

import { Client } from "@microsoft/microsoft-graph-client";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

/** What the server says of itself. */
export const dev = JSON.parse(readFileSync(process.env.DEV_JSON, "utf8"));

/** Milliseconds in which a message must have been delivered. */
const DELIVERED_WITHIN = 20_000;

/** The person whose address begins with `name`. */
export function person(name) {
  return dev.people.find((one) => one.userPrincipalName.startsWith(`${name}@`));
}

/** A client that is signed in as `name`. It sends the token to https alone, and to hosts that it was told of. */
export function signedIn(name) {
  const url = new URL(dev.https_url);
  return Client.init({
    baseUrl: `${url.origin}/`,
    defaultVersion: url.pathname.slice(1),
    customHosts: new Set([url.hostname]),
    authProvider: (done) => done(null, person(name).token),
  });
}

/** Sends a whole message, given as its octets. */
export function sendMime(client, octets) {
  return client.api("/me/sendMail").header("Content-Type", "text/plain").post(octets.toString("base64"));
}

/** The only message of `folder` with this subject, as soon as it is there. */
export async function arrived(client, folder, subject) {
  const deadline = Date.now() + DELIVERED_WITHIN;
  for (;;) {
    const page = await client.api(`/me/mailFolders/${folder}/messages`).top(100).get();
    const found = page.value.filter((message) => message.subject === subject);
    if (found.length > 1) throw new Error(`${folder} holds ${found.length} messages "${subject}"`);
    if (found.length === 1) return found[0];
    if (Date.now() > deadline) throw new Error(`${folder} holds no message "${subject}" after ${DELIVERED_WITHIN} ms`);
    await pause(50);
  }
}

/** The octets of a message. */
export async function octetsOf(client, id) {
  const stream = await client.api(`/me/messages/${id}/$value`).getStream();
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}
