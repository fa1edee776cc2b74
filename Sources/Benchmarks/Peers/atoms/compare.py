"""compare.py EWALD PEER: the figures that both have, and their ratio."""
import json
import sys


def read(path):
    return {f["case"]: f for f in map(json.loads, filter(lambda l: l.startswith("{"), open(path)))}


ours, theirs = map(read, sys.argv[1:3])
print(f"{'case':62} {'ewald':>10} {'SciPy':>10}")
for case, peer in theirs.items():
    # Crystals of whole rows have a few atoms more or less.
    same = ours.get(case) or next(
        (f for c, f in ours.items() if case.startswith("one") and c.startswith("one")
         and abs(float(c.split()[2]) / float(case.split()[2]) - 1) < 0.25), None)
    if same and same["median"]:
        ratio = peer["median"] / same["median"]
        print(f"{case:62} {same['median']:10.4g} {peer['median']:10.4g} {peer['unit']}  {ratio:.3g}")
