// npm fhir-kit-client: capabilities, conditional create, ETag, paging, history, compartment, batch and transaction.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import * as kit from "fhir-kit-client";

const Client = kit.Client ?? kit.default;
const client = new Client({ baseUrl: process.env.CHARTBOX_FHIR });
client.bearerToken = process.env.CHARTBOX_TOKEN;
const number = randomUUID();

const capabilities = await client.capabilityStatement();
assert.equal(capabilities.fhirVersion, "4.0.1");

const body = { resourceType: "Patient", identifier: [{ system: "urn:test:kit", value: number }] };
const once = { headers: { "If-None-Exist": `identifier=urn:test:kit|${number}` } };
const first = await client.create({ resourceType: "Patient", body, options: once });
const again = await client.create({ resourceType: "Patient", body, options: once });
assert.equal(again.id, first.id);

const stale = { headers: { "If-Match": 'W/"1"' } };
const updated = await client.update({ resourceType: "Patient", id: first.id, body: { ...first, active: true }, options: stale });
assert.equal(updated.meta.versionId, "2");
await assert.rejects(
    client.update({ resourceType: "Patient", id: first.id, body: first, options: stale }),
    (error) => error.response.status === 412 && error.response.data.resourceType === "OperationOutcome",
);
const patched = await client.patch({
    resourceType: "Patient", id: first.id, jsonPatch: [{ op: "replace", path: "/active", value: false }],
});
assert.equal(patched.active, false);
assert.equal((await client.vread({ resourceType: "Patient", id: first.id, version: "1" })).active, undefined);
assert.equal((await client.history({ resourceType: "Patient", id: first.id })).total, 3);

for (let day = 1; day <= 3; day += 1) {
    await client.create({
        resourceType: "Flag",
        body: { resourceType: "Flag", status: "active", code: { text: `${day}` }, subject: { reference: `Patient/${first.id}` } },
    });
}
let page = await client.search({ resourceType: "Flag", searchParams: { subject: `Patient/${first.id}`, _count: 2 } });
assert.equal(page.entry.length, 2);
page = await client.nextPage({ bundle: page });
assert.equal(page.entry.length, 1);
const inside = await client.compartmentSearch({ resourceType: "Flag", compartment: { resourceType: "Patient", id: first.id } });
assert.equal(inside.entry.length, 3);

const urn = `urn:uuid:${randomUUID()}`;
const made = await client.transaction({
    body: {
        resourceType: "Bundle",
        type: "transaction",
        entry: [
            { resource: { resourceType: "Flag", status: "active", code: { text: "t" }, subject: { reference: urn } }, request: { method: "POST", url: "Flag" } },
            { fullUrl: urn, resource: body, request: { method: "POST", url: "Patient", ifNoneExist: `identifier=urn:test:kit|${number}` } },
        ],
    },
});
assert.deepEqual(made.entry.map((entry) => entry.response.status), ["201", "200"]);
assert.equal(made.entry[0].resource.subject.reference, `Patient/${first.id}`);
// What others refer to stays until they are gone.
await assert.rejects(client.delete({ resourceType: "Patient", id: first.id }), (error) => error.response.status === 409);
for (const id of [...inside.entry.map((entry) => entry.resource.id), made.entry[0].resource.id]) {
    await client.delete({ resourceType: "Flag", id });
}
await client.delete({ resourceType: "Patient", id: first.id });
await assert.rejects(client.read({ resourceType: "Patient", id: first.id }), (error) => error.response.status === 410);
