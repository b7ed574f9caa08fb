"""PyPI fhirclient: create, read, update, search with paging, delete."""

import os
from uuid import uuid4

from fhirclient import client
from fhirclient.models.humanname import HumanName
from fhirclient.models.identifier import Identifier
from fhirclient.models.patient import Patient

base = os.environ["CHARTBOX_FHIR"]
smart = client.FHIRClient(settings={"app_id": "chartbox-test", "api_base": base})
smart.server.session.headers["Authorization"] = "Bearer " + os.environ["CHARTBOX_TOKEN"]
server = smart.server
server.session.headers["Accept"] = "application/fhir+json"

number = uuid4().hex


def patient(given: str) -> Patient:
    one = Patient()
    one.identifier = [Identifier({"system": "urn:test:fhirclient-py", "value": number})]
    one.name = [HumanName({"family": "Fhirclient", "given": [given]})]
    return one


ids = set()
for given in ["Ada", "Bea", "Cid", "Dot", "Eve"]:
    made = patient(given).create(server)
    assert made["id"] and made["meta"]["versionId"] == "1", made
    ids.add(made["id"])

read = Patient.read(made["id"], server)
assert read.name[0].given == ["Eve"]
read.active = True
assert read.update(server)["meta"]["versionId"] == "2"

search = Patient.where({"identifier": "urn:test:fhirclient-py|" + number, "_count": "2"})
found = {one.id for one in search.perform_resources_iter(server)}
assert found == ids, (found, ids)

read.delete(server)
try:
    Patient.read(made["id"], server)
except Exception as error:
    assert "410" in str(error) or getattr(getattr(error, "response", None), "status_code", 0) == 410 or "Gone" in repr(error), repr(error)
else:
    raise AssertionError("a deleted patient is read")
