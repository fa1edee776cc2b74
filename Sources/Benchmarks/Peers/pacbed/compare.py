"""Prints the ratios of the peer's times to the program's: compare.py EWALD.jsonl PEER.jsonl.

Wall clock on a quiet machine; processor time where other work runs beside.
"""

import json
import sys


def lines(path):
    with open(path) as file:
        return [json.loads(line) for line in file if line.startswith("{")]


ewald = {row["case"]: row["median"] for row in lines(sys.argv[1])}
peer = lines(sys.argv[2])[0]
full = next(name for name in ewald if name.startswith("140,000 patterns 200x200 (from"))
for clock, theirs, suffix in (
    ("wall clock", peer["seconds"], ""), ("processor", peer["processor_seconds"], ", processor time")
):
    each = theirs / peer["thicknesses"]
    table = ewald["table to 100 nm" + suffix]
    alone = ewald["pattern 128x128, alone" + suffix] / 1e3
    amortised = ewald["pattern 128x128, one of 300 thicknesses" + suffix] / 1e3
    everything = ewald[full if not suffix else "140,000 patterns 200x200" + suffix] + table
    for name, peer_seconds, ewald_seconds in (
        ("one pattern, a run of its own", theirs, alone),
        ("one pattern, all thicknesses of a run", each, amortised),
        ("140,000 patterns, a run for each; the table included", theirs * 140_000, everything),
        ("140,000 patterns, all thicknesses of a run; the table included", each * 140_000, everything),
    ):
        ratio = peer_seconds / ewald_seconds
        print(f"{clock:10s} {name:63s} abTEM {peer_seconds:10.4g} s  ewald {ewald_seconds:10.4g} s  ratio {ratio:9.0f}")
