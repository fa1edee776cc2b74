"""Puts our lines and the peers' side by side, the median over rounds: compare.py FILE…"""

import json
import statistics
import sys
from collections import defaultdict

values = defaultdict(lambda: defaultdict(list))
for name in sys.argv[1:]:
    for line in open(name, encoding="utf-8"):
        row = json.loads(line)
        who = row.get("peer", "ewald")
        if "error" in row:
            print(f"{row['case']}: {who}: {row['error']}")
        else:
            values[(row["case"], row["unit"])][who].append(row["median"])
print(f"{'file':34} {'unit':9} {'ewald':>10}  peers (ewald / peer)")
for (case, unit), by in sorted(values.items()):
    ours = statistics.median(by.pop("ewald", [float("nan")]))
    rest = ", ".join(f"{who} {statistics.median(v):.1f} ({ours / statistics.median(v):.2f}x)" for who, v in sorted(by.items()))
    print(f"{case:34} {unit:9} {ours:10.1f}  {rest}")
