"""Prints the ratios of the peer's times to the program's: compare.py EWALD.jsonl PEER.jsonl."""

import json
import sys


def lines(path):
    with open(path) as file:
        return [json.loads(line) for line in file if line.startswith("{")]


ewald = {row["case"]: row["median"] for row in lines(sys.argv[1])}
peer = lines(sys.argv[2])[0]
amortised = ewald["pattern 128x128, one of 300 thicknesses"] / 1e3
alone = ewald["pattern 128x128, alone"] / 1e3
table = ewald["table to 100 nm"]
full = ewald["140,000 patterns 200x200 (from 13858)"]
rows = [
    ("one pattern: a run of its own", peer["seconds"], alone),
    ("one pattern among all thicknesses of its run", peer["seconds_a_thickness"], amortised),
    ("140,000 patterns, a run for each, with the table", peer["seconds"] * 140_000, full + table),
    ("140,000 patterns, runs with all thicknesses, with the table", peer["seconds_a_thickness"] * 140_000, full + table),
]
for name, theirs, ours in rows:
    print(f"{name:62s} abTEM {theirs:12.4g} s   ewald {ours:10.4g} s   ratio {theirs / ours:10.0f}")
