// What a program written with @microsoft/microsoft-graph-client does with inbox rules.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { signedIn } from "./people.mjs";

const RULES = "/me/mailFolders/inbox/messageRules";
const megan = signedIn("MeganB");

test("a rule is made, runs, is changed and removed", async () => {
  const folder = await megan.api("/me/mailFolders").post({ displayName: "By JavaScript" });
  const conditions = { subjectContains: ["by javascript"] };
  const rule = { displayName: "JavaScript", sequence: 1, conditions, actions: { moveToFolder: folder.id, stopProcessingRules: true } };
  const made = await megan.api(RULES).post(rule);
  assert.deepEqual([made.actions, made.hasError], [rule.actions, false]);
  const toRecipients = [{ emailAddress: { address: "MeganB@contoso.com" } }];
  await signedIn("AlexW").api("/me/sendMail").post({ message: { subject: "Ruled by JavaScript", toRecipients } });
  let found = [];
  for (let tries = 0; tries < 200 && found.length === 0; tries++) {
    await setTimeout(50);
    ({ value: found } = await megan.api(`/me/mailFolders/${folder.id}/messages`).select("subject").get());
  }
  assert.deepEqual(found.map((message) => message.subject), ["Ruled by JavaScript"]);
  const changed = await megan.api(`${RULES}/${made.id}`).patch({ displayName: "Another name", isEnabled: false });
  assert.deepEqual([changed.displayName, changed.isEnabled, changed.conditions], ["Another name", false, conditions]);
  await megan.api(`${RULES}/${made.id}`).delete();
  assert.deepEqual((await megan.api(RULES).get()).value, []);
});
