"""PyPI fhirpy: conditional create and update, paging, include, transaction."""

import os
from uuid import uuid4

from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound

client = SyncFHIRClient(os.environ["CHARTBOX_FHIR"], authorization="Bearer " + os.environ["CHARTBOX_TOKEN"])
number = uuid4().hex
identifier = {"system": "urn:test:fhirpy", "value": number}
same = {"identifier": f"urn:test:fhirpy|{number}"}


def patient(**more):
    return client.resource("Patient", identifier=[identifier], name=[{"family": "Fhirpy"}], **more)


# Conditional create: the second finds the first.
first, created = client.resources("Patient").search(**same).get_or_create(patient())
assert created and first.id
again, created = client.resources("Patient").search(**same).get_or_create(patient())
assert not created and again.id == first.id

# A conditional update.
changed, created = client.resources("Patient").search(**same).update(patient(active=True))
assert not created and changed["meta"]["versionId"] == "2"

# Paging and include.
for day in range(1, 6):
    client.resource(
        "Observation",
        status="final",
        code={"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        subject={"reference": f"Patient/{first.id}"},
        effectiveDateTime=f"2026-03-0{day}",
        valueQuantity={"value": 70 + day, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"},
    ).save()
search = client.resources("Observation").search(subject=f"Patient/{first.id}").limit(2)
assert len(search.fetch_all()) == 5
along = client.resources("Observation").search(subject=f"Patient/{first.id}").include("Observation", "subject").fetch_raw()
kinds = [entry["resource"]["resourceType"] for entry in along["entry"]]
assert kinds.count("Observation") == 5 and kinds.count("Patient") == 1, kinds

# A whole copy, by its pages; and the summary, a document.
copied, address = [], f"{client.url}/Patient/{first.id}/$everything?_count=2"
while address:
    page = client.execute(address, method="get")
    copied += [entry["resource"]["resourceType"] for entry in page["entry"] if entry["search"]["mode"] == "match"]
    address = next((link["url"] for link in page["link"] if link["relation"] == "next"), None)
assert sorted(copied) == ["Observation"] * 5 + ["Patient"], copied
summary = client.execute(f"Patient/{first.id}/$summary", method="get")
assert summary["type"] == "document" and summary["entry"][0]["resource"]["resourceType"] == "Composition", summary

# A transaction: all of it or nothing.
urn = f"urn:uuid:{uuid4()}"
entries = [
    {"fullUrl": urn, "resource": {"resourceType": "Patient"}, "request": {"method": "POST", "url": "Patient"}},
    {
        "resource": {"resourceType": "Flag", "status": "active", "code": {"text": "x"}, "subject": {"reference": urn}},
        "request": {"method": "POST", "url": "Flag"},
    },
]
bundle = client.resource("Bundle", type="transaction", entry=entries)
answer = client.execute("", method="post", data=bundle.serialize())
patient_id, flag = answer["entry"][0]["resource"]["id"], answer["entry"][1]["resource"]
assert flag["subject"]["reference"] == f"Patient/{patient_id}", answer
entries[1]["resource"]["subject"]["reference"] = "Patient/nobody"
try:
    client.execute("", method="post", data=client.resource("Bundle", type="transaction", entry=entries).serialize())
except OperationOutcome as refused:
    assert "nobody" in str(refused)
else:
    raise AssertionError("a transaction with a dangling reference was taken")

# What others refer to stays until they are gone.
try:
    first.delete()
except OperationOutcome as refused:
    assert "Observation" in str(refused), refused
else:
    raise AssertionError("a patient with observations was deleted")
for one in search.fetch_all():
    one.delete()
first.delete()
try:
    client.reference("Patient", first.id).to_resource()
except ResourceNotFound:
    pass
else:
    raise AssertionError("a deleted patient is read")
