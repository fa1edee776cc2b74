#!/usr/bin/env bash
# The service under load, and the published client's call beside `ewald run`. wrk asks from 50 connections at once and
# without a pause, harder than any number of people; p99 is also measured at the publication's sixteen a second.
# Needs Debian's wrk and python3-venv. run.sh [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/../../../.."
seconds=${1:-20}
export EWALD=$(realpath "${EWALD:-.build/release/ewald}")
scratch=$(mktemp -d "${TMPDIR:-/tmp}/ewald-load-XXXXXX")
trap 'kill "$service" 2>/dev/null || true; wait "$service" 2>/dev/null || true; rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/pip" -q install -r Sources/Benchmarks/Peers/service/requirements.txt
export SCRATCH=$scratch
"$EWALD" serve --listen 127.0.0.1:0 --data "$scratch/data" 2>"$scratch/said" &
service=$!
for _ in {1..100}; do grep -q 'listening on' "$scratch/said" && break; sleep 0.1; done
export URL=$(grep -oE 'http://[^ ]*' "$scratch/said")
python=$scratch/venv/bin/python
"$python" Sources/Benchmarks/Peers/service/client.py
memory() { awk '/^Rss(Anon|Shmem)/ { rss += $2 } END { print int(rss / 1024) }' "/proc/$service/status"; }
for method in network network+fit; do
  METHOD=$method "$python" Sources/Benchmarks/Peers/service/form.py
  echo "== $method, 512 x 512 16 bit, 50 connections, $seconds s (service: $(memory) MB)"
  FORM=$scratch/form wrk -t 1 -c 50 -d "${seconds}s" --timeout 60s --latency \
    -s Sources/Benchmarks/Peers/service/post.lua "${URL}api/v1/analyses" | grep -E '50%|99%|Requests/sec|Non-2xx'
  echo "   afterwards: $(memory) MB"
done
METHOD=network "$python" Sources/Benchmarks/Peers/service/form.py
"$python" Sources/Benchmarks/Peers/service/paced.py 16 "$seconds"
"$python" Sources/Benchmarks/Peers/service/beside.py "$seconds"
# REQUESTS asks for so many more, of a small frame, and looks at the memory: 100,000 take half an hour.
[ -z "${REQUESTS:-}" ] || python3 Sources/Benchmarks/Peers/service/many.py "$REQUESTS" "$service"
