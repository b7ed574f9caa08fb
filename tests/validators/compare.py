"""Ours beside theirs: python compare.py cases.ndjson node.ndjson python.ndjson

Fails where an example that is good counts as bad here, and where two of the others find something that is not found here.
"""

import collections
import json
import sys


def read(path):
    return [json.loads(line) for line in open(path, encoding="utf-8")]


cases = read(sys.argv[1])
theirs = collections.defaultdict(dict)
for path in sys.argv[2:]:
    for line in read(path):
        theirs[line.pop("name")].update(line)

counts = collections.defaultdict(collections.Counter)
wrong = []
for case in cases:
    verdicts = {name: issues for name, issues in theirs[case["name"]].items() if not any(i.startswith("!") for i in issues)}
    finders = [name for name, issues in verdicts.items() if issues]
    counts[case["what"]]["cases"] += 1
    counts[case["what"]]["ours"] += bool(case["ours"])
    counts[case["what"]].update(finders)
    if case["what"] == "example" and case["ours"]:
        wrong.append(f"{case['name']}: a false alarm: {case['ours'][:2]}")
    if not case["ours"] and len(finders) >= 2:
        found = {name: verdicts[name][:2] for name in finders}
        wrong.append(f"{case['name']} ({case['what']} at {case['expression']}): missed here: {found}")

for what, count in counts.items():
    print(f"{what}: " + ", ".join(f"{name} {number}" for name, number in sorted(count.items())))
print("\n".join(wrong))
sys.exit(1 if wrong else 0)
