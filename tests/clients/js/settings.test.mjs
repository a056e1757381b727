// What a program written with @microsoft/microsoft-graph-client does with the settings of a mailbox.

import assert from "node:assert/strict";
import { test } from "node:test";
import { signedIn } from "./people.mjs";

const christie = signedIn("ChristieC");

test("settings are read and set, member by member", async () => {
  const scheduled = { dateTime: "2030-07-01T08:00:00", timeZone: "W. Europe Standard Time" };
  const automaticRepliesSetting = { status: "Scheduled", scheduledStartDateTime: scheduled, internalReplyMessage: "Away" };
  const changed = await christie.api("/me/mailboxSettings").patch({ automaticRepliesSetting, timeZone: "Europe/Berlin" });
  assert.equal(changed.automaticRepliesSetting.scheduledStartDateTime.dateTime, "2030-07-01T06:00:00.0000000");
  const zone = await christie.api("/me/mailboxSettings/timeZone").get();
  assert.equal(zone.value, "Europe/Berlin");
  const replies = await christie.api("/me/mailboxSettings/automaticRepliesSetting").get();
  assert.deepEqual([replies.status, replies.internalReplyMessage], ["scheduled", "Away"]);
  await assert.rejects(christie.api("/me/mailboxSettings").patch({ timeZone: "Mars" }), { statusCode: 400, code: "InvalidTimeZone" });
  const me = await christie.api("/me").select("displayName,mailboxSettings").get();
  assert.equal(me.mailboxSettings.timeZone, "Europe/Berlin");
});

test("zones are offered by the names of either standard", async () => {
  const { value: windows } = await christie.api("/me/outlook/supportedTimeZones").get();
  assert.ok(windows.some((zone) => zone.alias === "W. Europe Standard Time"));
  const standard = "microsoft.graph.timeZoneStandard'Iana'";
  const { value: iana } = await christie.api(`/me/outlook/supportedTimeZones(TimeZoneStandard=${standard})`).get();
  assert.ok(iana.some((zone) => zone.alias === "Europe/Berlin"));
});

test("categories are listed, made, recolored and deleted", async () => {
  const list = "/me/outlook/masterCategories";
  const { value: first } = await christie.api(list).get();
  assert.equal(first[0].displayName, "Red category");
  const made = await christie.api(list).post({ displayName: "Made by JavaScript", color: "preset9" });
  const recolored = await christie.api(`${list}/${made.id}`).patch({ color: "preset15" });
  assert.deepEqual([recolored.displayName, recolored.color], ["Made by JavaScript", "preset15"]);
  await assert.rejects(christie.api(list).post({ displayName: "MADE by JavaScript" }), { statusCode: 409 });
  await christie.api(`${list}/${made.id}`).delete();
  assert.deepEqual((await christie.api(list).get()).value, first);
});

test("senders are classified", async () => {
  const list = "/me/inferenceClassification/overrides";
  const senderEmailAddress = { name: "News", address: "javascript@elsewhere.example" };
  const made = await christie.api(list).post({ classifyAs: "other", senderEmailAddress });
  const changed = await christie.api(`${list}/${made.id}`).patch({ classifyAs: "focused" });
  assert.deepEqual([changed.id, changed.classifyAs], [made.id, "focused"]);
  await christie.api(`${list}/${made.id}`).delete();
  assert.deepEqual((await christie.api(list).get()).value, []);
});
