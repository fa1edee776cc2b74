#!/bin/sh
# Side by side on one thread: run.sh [ROUNDS] [FOLDER]. Builds a throw-away Python environment and about 400 MB of
# computed files in FOLDER, then alternates the program's formats suite with the peers.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
rounds=${1:-3}
folder=${2:-$(mktemp -d)}
export PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 TIFFFILE_NUM_THREADS=1
if [ ! -x "$folder/venv/bin/python" ]; then
  python3 -m venv "$folder/venv"
  "$folder/venv/bin/pip" install --quiet --requirement "$here/requirements.txt"
fi
[ -d "$folder/files" ] || "$folder/venv/bin/python" "$here/make.py" "$folder/files"
binary=${EWALD_BENCHMARKS:-$here/../../../../.build/release/Benchmarks}
for round in $(seq "$rounds"); do
  "$binary" formats "$folder/files" > "$folder/ewald.$round.jsonl"
  "$folder/venv/bin/python" "$here/measure.py" "$folder/files" > "$folder/peers.$round.jsonl"
done
"$folder/venv/bin/python" "$here/compare.py" "$folder"/*.jsonl
