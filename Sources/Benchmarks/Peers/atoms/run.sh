#!/bin/sh
# Side by side: run.sh [FOLDER]. Makes a throw-away Python environment in FOLDER, runs a plain ADCG with SciPy and the
# program's atoms suite one after the other, prints the ratios, and has ASE read what the engine writes.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../../../..
folder=${1:-$(mktemp -d)}
export PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
if [ ! -x "$folder/venv/bin/python" ]; then
  python3 -m venv "$folder/venv"
  "$folder/venv/bin/pip" install --quiet --requirement "$here/requirements.txt"
fi
"${EWALD_BENCHMARKS:-$root/.build/release/Benchmarks}" atoms --json > "$folder/ewald.jsonl"
"$folder/venv/bin/python" "$here/measure.py" "$root/Tests/AtomTomographyTests/Reference" > "$folder/peer.jsonl"
"$folder/venv/bin/python" "$here/compare.py" "$folder/ewald.jsonl" "$folder/peer.jsonl"
"${EWALD:-$root/.build/release/ewald}" run --engine atom-tomography --output "$folder/atoms" \
  "$root/Samples/crystallites/hex-vacancy_sino.tif" > "$folder/run.txt"
"$folder/venv/bin/python" "$here/ase_reads.py" "$folder/atoms/hex-vacancy_sino_atoms.extxyz"
"${EWALD:-$root/.build/release/ewald}" simulate tomography --structure fcc --atoms 55 --output "$folder/cluster"
"${EWALD:-$root/.build/release/ewald}" run --engine atom-tomography --output "$folder/atoms" \
  "$folder/cluster/crystal_series.tif" > "$folder/space.txt"
"$folder/venv/bin/python" "$here/ase_reads.py" "$folder/atoms/crystal_series_atoms.extxyz"
