"""PyPI sekmet-fhir: its scenarios of a hospital's day, each step, but for those named here with the reason."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import sekmet.scenarios

# What the box does not offer, and does not claim in its CapabilityStatement.
NOT_OFFERED = "subscriptions: a Subscription is kept as it was sent, status 'requested', and nothing is sent out"
NOT_RUN = {"subscription_roundtrip": NOT_OFFERED, "subscription_backport_roundtrip": NOT_OFFERED}
# Scenario, and step or None for all: steps that the suite leaves out by itself, for the reason that is part of its words.
LEFT_OUT = {
    ("conformance_smoke", "Answers FHIR XML when asked (Accept application/fhir+xml)"): "does not advertise format xml",
    ("lab_order_peer_fills", None): "does not play role 'lab-filler'",
    ("billing_claim", "Wait for ClaimResponse"): "does not play role 'payer'",
    ("billing_claim", "Adjudication complete"): "does not play role 'payer'",
    ("billing_claim", "Synchronous Claim/$submit"): "does not play role 'payer'",
    ("messaging_adt_orders", None): "does not advertise FHIR messaging",
}

library = Path(sekmet.scenarios.__file__).parent / "library"
names = sorted(file.stem for file in library.glob("*.yaml"))
assert len(names) >= 14 and set(NOT_RUN) <= set(names), names

with tempfile.TemporaryDirectory() as home:
    base = {
        "data_dir": home,
        "base_url": "http://127.0.0.1:9/fhir",
        "peers": {"box": {"base_url": os.environ["CHARTBOX_FHIR"], "auth": {"type": "bearer", "token": os.environ["CHARTBOX_TOKEN"]}}},
    }
    # JSON is YAML, too.
    (Path(home) / "settings.yaml").write_text(json.dumps(base))
    run = [name for name in names if name not in NOT_RUN]
    command = [str(Path(sys.executable).parent / "sekmet"), "scenario", "run", *run, "--peer", "box", "--no-serve", "--report-dir", home]
    done = subprocess.run([*command, "--config", str(Path(home) / "settings.yaml")], cwd=home, capture_output=True, text=True)
    reports = list(Path(home).glob("*/results.json"))
    assert len(reports) == 1, done.stdout + done.stderr
    results = json.loads(reports[0].read_text())

wrong, passed = [], 0
for scenario in results:
    name = Path(scenario["file"]).stem
    if scenario.get("error"):
        wrong.append(f"{name}: {scenario['error']}")
    for step in scenario["steps"]:
        reason = LEFT_OUT.get((name, step["name"])) or LEFT_OUT.get((name, None))
        if step["status"] == "passed":
            passed += 1
        elif step["status"] != "skipped" or not reason or reason not in (step["message"] or ""):
            wrong.append(f"{name}: {step['name']}: {step['status']}: {step['message']}")
assert {Path(scenario["file"]).stem for scenario in results} == set(run), done.stdout
assert not wrong, "\n".join(wrong)
assert passed >= 95, passed
print(f"{passed} steps of {len(run)} scenarios passed")
