#!/bin/sh
# Side by side on one thread: run.sh [ROUNDS] [FOLDER]. Builds a throw-away Python environment in FOLDER (several GB for
# PyTorch), exports the networks there, and alternates the program's networks suite with the peers.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
rounds=${1:-3}
folder=${2:-$(mktemp -d)}
export PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1
if [ ! -x "$folder/venv/bin/python" ]; then
  python3 -m venv "$folder/venv"
  "$folder/venv/bin/pip" install --quiet --requirement "$here/requirements.txt"
fi
[ -f "$folder/models/xception.onnx" ] || "$folder/venv/bin/python" "$here/export.py" "$folder/models" small large
binary=${EWALD_BENCHMARKS:-$here/../../../../.build/release/Benchmarks}
for round in $(seq "$rounds"); do
  EWALD_NETWORK_MODELS="$folder/models" "$binary" networks --json > "$folder/ewald.$round.jsonl"
  "$folder/venv/bin/python" "$here/measure.py" "$folder/models" > "$folder/peers.$round.jsonl"
done
"$folder/venv/bin/python" "$here/compare.py" "$folder"/*.jsonl
