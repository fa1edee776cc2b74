"""compare.py EWALD PEER: seconds of a core for all intensities of 54 frames with their derivatives, and the ratio."""
import json
import sys

CASE = "54 frames: intensities and derivatives, processor time"
ours, theirs = (
    {f["case"]: f["median"] for f in map(json.loads, filter(lambda l: l.startswith("{"), open(path)))}[CASE]
    for path in sys.argv[1:3]
)
print(f"{CASE}: ewald {ours:.3g} s, NumPy {theirs:.3g} s, ratio {theirs / ours:.3g}")
