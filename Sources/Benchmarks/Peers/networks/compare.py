"""Joins the JSON lines of several rounds: compare.py FILE... prints medians side by side with ratios."""
import json
import statistics
import sys
from collections import defaultdict

times = defaultdict(lambda: defaultdict(list))
for path in sys.argv[1:]:
    for line in open(path):
        if line.startswith("{"):
            r = json.loads(line)
            times[r["case"]][r.get("by", "ewald")].append(r["median"] if r["median"] is not None else float("nan"))

print(f"{'case':52} {'ewald':>10} {'peer':>10} {'ratio':>6}  peer")
for case, by in times.items():
    ours = statistics.median(by["ewald"]) if "ewald" in by else float("nan")
    for peer in [p for p in by if p != "ewald"] or [""]:
        theirs = statistics.median(by[peer]) if peer else float("nan")
        print(f"{case:52} {ours:10.3f} {theirs:10.3f} {ours / theirs:6.2f}  {peer}")
