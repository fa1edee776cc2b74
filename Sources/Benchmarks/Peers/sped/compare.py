"""Prints the quality table beside the recorded one. compare.py OURS.jsonl [PEER.json]"""
import json
import sys

print(f"{'run':28}{'found':>8}{'mean IoU':>10}{'worst':>8}{'over':>6}{'spurious':>10}{'cpu s':>9}")


def row(name, found, best, over, spurious, seconds):
    mean = sum(best) / len(best)
    print(f"{name:28}{found:>5}/{len(best)}{mean:>10.3f}{min(best):>8.2f}{over:>6}{spurious:>10}{seconds:>9}")


for line in open(sys.argv[1]):
    r = json.loads(line)
    if "best_iou" in r:
        row("ewald " + r["method"], r["found"], r["best_iou"], r["over_segmentation"], r["spurious"], r["cpu_s"])
if len(sys.argv) > 2:
    for name, run in json.load(open(sys.argv[2]))["runs"].items():
        q = run.get("quality")
        if q and "best_iou" in q:
            seconds = round(sum(step.get("cpu_s", 0) for step in run.get("timing", {}).values()), 1)
            row("pyxem " + name, q["found_one_to_one"], q["best_iou"], q["over_segmentation"], q["spurious"], seconds)
