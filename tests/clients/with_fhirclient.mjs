// npm fhirclient: create, read, update, patch, search with all pages and references.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { default: Client } = require("fhirclient/lib/Client.js");

const client = new Client({}, {
    serverUrl: process.env.CHARTBOX_FHIR,
    tokenResponse: { access_token: process.env.CHARTBOX_TOKEN, token_type: "bearer" },
});
const number = randomUUID();

const patient = await client.create(
    { resourceType: "Patient", identifier: [{ system: "urn:test:fhirclient-js", value: number }] },
);
assert.equal(patient.meta.versionId, "1");

const changed = await client.update({ ...patient, active: true });
assert.equal(changed.meta.versionId, "2");
const patched = await client.patch(`Patient/${patient.id}`, [{ op: "replace", path: "/active", value: false }]);
assert.equal(patched.active, false);

for (let day = 1; day <= 5; day += 1) {
    await client.create({
        resourceType: "Flag", status: "active", code: { text: `${day}` }, subject: { reference: `Patient/${patient.id}` },
    });
}
let page = await client.request(`Flag?subject=Patient/${patient.id}&_count=2&_include=Flag:subject`);
const found = [];
for (;;) {
    found.push(...page.entry.filter((entry) => entry.search.mode === "match").map((entry) => entry.resource.id));
    assert.ok(page.entry.some((entry) => entry.search.mode === "include" && entry.resource.id === patient.id));
    const next = page.link.find((link) => link.relation === "next");
    if (!next) break;
    page = await client.request(next.url);
}
assert.equal(new Set(found).size, 5);

// What others refer to stays until they are gone.
await assert.rejects(client.delete(`Patient/${patient.id}`), /409|Conflict/i);
for (const id of found) await client.delete(`Flag/${id}`);
await client.delete(`Patient/${patient.id}`);
await assert.rejects(client.request(`Patient/${patient.id}`), /410|Gone/i);
