"""ase_reads.py FILE.extxyz: ASE opens what the engine wrote, with intervals and verdicts."""
import sys

from ase.io import read

atoms = read(sys.argv[1], format="extxyz")
assert len(atoms) > 0 and atoms.arrays["interval"].shape in ((len(atoms), 2), (len(atoms), 3))
assert atoms.arrays["determined"].dtype == bool and atoms.info["alpha"] > 0
print(f"ASE reads {len(atoms)} atoms, {int(atoms.arrays['determined'].sum())} determined")
