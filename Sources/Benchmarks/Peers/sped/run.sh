#!/bin/sh
# Side by side: run.sh FOLDER NAME [PEER.json]. FOLDER holds NAME_patterns.tif and NAME_truth_masks.tif; PEER.json
# are recorded figures of pyxem, where there are some.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
export PYTHONDONTWRITEBYTECODE=1
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --requirement "$here/requirements.txt"
build=$here/../../../../.build/release
binary=${EWALD_BENCHMARKS:-$build/Benchmarks}
"$binary" sped "$1" "$2" > "$work/ewald.jsonl"
"$work/venv/bin/python" "$here/compare.py" "$work/ewald.jsonl" ${3:+"$3"}
"$work/venv/bin/python" "$here/measure.py" "$1" "$2" "${EWALD:-$build/ewald}"
rm -r "$work"
