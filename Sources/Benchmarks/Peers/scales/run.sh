#!/bin/sh
# Side by side: run.sh [FOLDER]. Makes a throw-away Python environment in FOLDER, refines the sample, has gemmi read the
# CIF that was refined, and has NumPy compute the same Bloch waves beside the program.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../../../..
folder=${1:-$(mktemp -d)}
ewald=${EWALD:-$root/.build/release/ewald}
export PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
if [ ! -x "$folder/venv/bin/python" ]; then
  python3 -m venv "$folder/venv"
  "$folder/venv/bin/pip" install --quiet --requirement "$here/requirements.txt"
fi
sample=$(ls "$root"/Samples/quartz-3ded/*.cif_pets | head -n 1)
"$ewald" run --engine frame-scaling --spacings 3 --output "$folder/refined" "$sample" > "$folder/run.txt"
"$folder/venv/bin/python" "$here/gemmi_reads.py" "$folder"/refined/*refined.cif
"${EWALD_BENCHMARKS:-$root/.build/release/Benchmarks}" frame-scaling --json > "$folder/ewald.jsonl"
"$folder/venv/bin/python" "$here/measure.py" "$root/Tests/FrameScalingTests/Reference" > "$folder/peer.jsonl"
"$folder/venv/bin/python" "$here/compare.py" "$folder/ewald.jsonl" "$folder/peer.jsonl"
