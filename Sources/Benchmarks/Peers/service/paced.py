"""So many requests a second from many clients that do not wait for each other. paced.py RATE SECONDS"""
import os, sys, threading, time
import requests

rate, seconds = float(sys.argv[1]), float(sys.argv[2])
form = open(os.environ["SCRATCH"] + "/form", "rb").read()
times, bad, lock = [], [0], threading.Lock()


def one():
    begun = time.monotonic()
    reply = requests.post(os.environ["URL"] + "api/v1/analyses", data=form,
                          headers={"Content-Type": "multipart/form-data; boundary=b"}, timeout=120)
    with lock:
        times.append(time.monotonic() - begun)
        bad[0] += reply.status_code != 200


threads, begun = [], time.monotonic()
for number in range(int(rate * seconds)):
    time.sleep(max(0, begun + number / rate - time.monotonic()))
    threads.append(threading.Thread(target=one))
    threads[-1].start()
for thread in threads:
    thread.join()
times.sort()
print(f"== {rate:g} a second for {seconds:g} s: p50 {times[len(times) // 2]:.3f} s, p99 {times[int(len(times) * 0.99)]:.3f} s, "
      f"refused {bad[0]}")
