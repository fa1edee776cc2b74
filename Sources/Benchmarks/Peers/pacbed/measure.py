"""One position-averaged pattern of rutile along c, 80 kV, 20 mrad, 20 nm, computed with abTEM.

Prints one JSON line with the seconds of the run and of one thickness of it: abTEM can read out the exit
planes of a single run, so both the pattern alone and one of its thicknesses are fair to compare with.
"""

import json
import sys
import time

import abtem
import numpy as np
from ase import Atoms

abtem.config.set({"device": "cpu", "local_diagnostics.progress_bar": False})
A, C, U = 4.594, 2.959, 0.305
POSITIONS = [
    (0, 0, 0), (0.5, 0.5, 0.5), (U, U, 0), (1 - U, 1 - U, 0), (0.5 + U, 0.5 - U, 0.5), (0.5 - U, 0.5 + U, 0.5),
]


def main(cells: int, rounds: int) -> None:
    atoms = Atoms("Ti2O4", cell=[A, A, C], scaled_positions=POSITIONS, pbc=True)
    unit = abtem.Potential(
        atoms, gpts=(32, 32), slice_thickness=C / 2, projection="infinite", parametrization="kirkland"
    ).build().compute()
    potential = abtem.CrystalPotential(unit, (12, 12, cells), exit_planes=2)
    times = []
    for _ in range(rounds):
        probe = abtem.Probe(energy=80e3, semiangle_cutoff=20, tilt=(5.2, 3.0))
        probe.grid.match(potential)
        scan = abtem.GridScan((0, 0), (A, A), gpts=(6, 6), endpoint=False)
        detector = abtem.PixelatedDetector(max_angle=33)
        start = (time.perf_counter(), time.process_time())
        result = probe.scan(potential, scan=scan, detectors=detector)
        image = np.asarray(result.mean((-4, -3)).compute().array)
        times.append((time.perf_counter() - start[0], time.process_time() - start[1]))
    seconds, processor = sorted(times)[len(times) // 2]
    print(json.dumps({
        "case": "abtem", "seconds": seconds, "processor_seconds": processor, "thicknesses": cells,
        "shape": list(image.shape), "sum": float(image[-1].sum()),
    }))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 68, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
