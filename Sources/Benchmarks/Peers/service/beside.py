"""A session at twenty frames a second: alone, with ten viewers, and beside the service under load; a frame of 50 MB.

The latency of a frame is from its last byte to its result in the session file. beside.py SECONDS"""
import io, json, os, subprocess, sys, time
from pathlib import Path

import numpy as np
import requests
import tifffile

seconds, rate = float(sys.argv[1]), 20
scratch, ewald, url = Path(os.environ["SCRATCH"]), os.environ["EWALD"], os.environ["URL"]
ticks = os.sysconf("SC_CLK_TCK")
random = np.random.default_rng(1)
y, x = np.mgrid[:512, :512]
disc = np.where((x - 250) ** 2 + (y - 260) ** 2 < 120 ** 2, 900, 20)
frames = [random.poisson(disc).astype(np.uint16) for _ in range(16)]


def processor(pid):
    """Seconds of a process and of those that it started."""
    own = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return (int(own[11]) + int(own[12])) / ticks + sum(processor(child) for child in children)


def session(name, beside=None):
    folder = scratch / name
    folder.mkdir()
    path = f"{scratch}/{name}.session.jsonl"
    watch = subprocess.Popen([ewald, "watch", str(folder), "--engine", "frame", "--session", path, "--line"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not os.path.exists(path):
        time.sleep(0.05)
    time.sleep(1)
    others = beside(path) if beside else []
    time.sleep(2 if beside else 0)
    used, begun, closed = processor(watch.pid), time.monotonic(), {}
    for number in range(int(rate * seconds)):
        time.sleep(max(0, begun + number / rate - time.monotonic()))
        frame = frames[number % 16]
        frame[0, :2] = number & 255, number >> 8
        file = folder / f"{number:06}.tif"
        tifffile.imwrite(file, frame)
        closed[file.name] = time.time()
    time.sleep(2)
    used = processor(watch.pid) - used
    for other in others:
        other.kill()
        other.wait()
    watch.terminate()
    watch.wait()
    times = []
    for line in open(path):
        record = json.loads(line)
        if record["type"] == "result":
            stamp = np.datetime64(record["time"].rstrip("Z")).astype("datetime64[ms]").astype(int) / 1e3
            times.append(stamp - closed[record["file"]])
    times.sort()
    p50, p99 = times[len(times) // 2] * 1e3, times[int(len(times) * 0.99)] * 1e3
    print(f"== a session, {rate} a second, {name}: {len(times)} of {len(closed)} results, p50 {p50:.0f} ms, p99 {p99:.0f} ms, "
          f"{used / len(closed) * 1e3:.2f} ms of processor a frame", flush=True)
    return used / len(closed)


def viewers(path):
    return [subprocess.Popen([ewald, "view", path, "--line"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for _ in range(10)]


def load(path):
    return [subprocess.Popen(
        ["wrk", "-t", "1", "-c", "50", "-d", f"{seconds + 10:.0f}s", "--timeout", "60s", "-s",
         "Sources/Benchmarks/Peers/service/post.lua", f"{url}api/v1/analyses"],
        env=dict(os.environ, FORM=f"{scratch}/form"), stdout=subprocess.DEVNULL)]


alone = session("alone")
print(f"   ten viewers: {(session('viewed', viewers) / alone - 1) * 100:+.1f} % of its processor time")
session("beside 50 connections", load)

large = random.poisson(np.kron(disc, np.ones((10, 10)))).astype(np.uint16)
form = io.BytesIO()
tifffile.imwrite(form, large)
for number in range(5):
    begun = time.monotonic()
    reply = requests.post(f"{url}api/v1/analyses", files={"file": ("large.tif", form.getvalue())}, data={"engine": "frame"}, timeout=60)
    verdict = reply.json().get("verdict", reply.text[:100])
    print(f"== a frame of {len(form.getvalue()) / 1e6:.0f} MB: {time.monotonic() - begun:.2f} s, {verdict}")
