"""The published Python client's call, as its description tells it, beside `ewald run`: bit for bit, in four forms."""
import json, os, subprocess, struct, sys
from pathlib import Path

import numpy as np
import requests
import tifffile

sys.path.insert(0, "Sources/Benchmarks/Peers/formats")
from dm4 import write_dm4

url, scratch, ewald = os.environ["URL"], os.environ["SCRATCH"], os.environ["EWALD"]
frame = tifffile.imread("Samples/rutile-wedge/wedge_003.tif").astype(np.uint16)
frame.tofile(f"{scratch}/a.raw")
tifffile.imwrite(f"{scratch}/a.tif", frame)
np.save(f"{scratch}/a.npy", frame)
write_dm4(Path(scratch) / "a.dm4", frame)
physical = {"acceleration_voltage": 80000, "zone_axis": {"u": 0, "v": 0, "w": 1}, "crystal_structure": "Rutile",
            "convergence_angle": 20}
kinds = {"a.raw": {"typ": "raw", "dtype": "uint16", "width": frame.shape[1], "height": frame.shape[0]},
         "a.tif": {"typ": "tiff"}, "a.npy": {"typ": "npy"}, "a.dm4": {"typ": "dm4"}}
line = subprocess.run([ewald, "run", "--json", "--engine", "pacbed", "--model", "rutile-80kv", "--convergence-mrad", "20", "--voltage-kv", "80",
                       f"{scratch}/a.tif"], capture_output=True, check=True, text=True).stdout
own = {v["name"]: v["value"] for v in json.loads(line)["values"]}
for name, kind in kinds.items():
    reply = requests.post(f"{url}inference/", files={"file": open(f"{scratch}/{name}", "rb")},
                          data={"parameters": json.dumps({"file_params": kind, "physical_params": physical})}, timeout=300)
    answer = reply.json()
    if reply.status_code != 200:
        raise SystemExit(f"{name}: {reply.status_code} {answer}")
    same = all(struct.pack("d", a) == struct.pack("d", b) for a, b in [
        (answer["thickness"], own["thickness"] * 10), (answer["mistilt"], own["mistilt"]), (answer["scale"], own["scale"])])
    print(f"{name}: {answer['thickness']} Å, mistilt {answer['mistilt']} mrad, scale {answer['scale']}: "
          + ("the bits of ewald run" if same else f"NOT those of ewald run {own['thickness']}"))
