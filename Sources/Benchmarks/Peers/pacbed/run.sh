#!/bin/sh
# Side by side: run.sh [FOLDER]. Makes a throw-away Python environment in FOLDER, measures abTEM and the
# program's pacbed suite one after the other and prints the ratios.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$(mktemp -d)}
export PYTHONDONTWRITEBYTECODE=1
if [ ! -x "$folder/venv/bin/python" ]; then
  python3 -m venv "$folder/venv"
  "$folder/venv/bin/pip" install --quiet --requirement "$here/requirements.txt"
fi
binary=${EWALD_BENCHMARKS:-$here/../../../../.build/release/Benchmarks}
"$binary" pacbed --json > "$folder/ewald.jsonl"
"$folder/venv/bin/python" "$here/measure.py" > "$folder/peer.jsonl"
"$folder/venv/bin/python" "$here/compare.py" "$folder/ewald.jsonl" "$folder/peer.jsonl"
