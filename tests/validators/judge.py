"""What fhirkit-rs says of each case: python judge.py cases.ndjson > python.ndjson"""

import json
import sys

import fhirkit

for line in open(sys.argv[1], encoding="utf-8"):
    case = json.loads(line)
    try:
        found = fhirkit.validate(json.dumps(case["resource"]))
        issues = [str(issue) for issue in found or [] if getattr(issue, "severity", "error") in ("error", "fatal")]
    except (fhirkit.ParseError, fhirkit.ValidationError, ValueError) as error:
        issues = [str(error)]
    print(json.dumps({"name": case["name"], "fhirkit": issues}))
