"""So many requests of a small frame from two connections, and the service's memory on the way. many.py COUNT PID"""
import http.client, os, sys, threading
from urllib.parse import urlsplit

count, pid = int(sys.argv[1]), sys.argv[2]
address = urlsplit(os.environ["URL"])
head = "{'descr': '<u2', 'fortran_order': False, 'shape': (64, 64), }"
head = head.ljust(118 - 1) + "\n"
file = b"\x93NUMPY\x01\x00\x76\x00" + head.encode() + bytes(
    value for y in range(64) for x in range(64) for value in ((200 if (x - 31) ** 2 + (y - 33) ** 2 < 300 else 9), 0))
left, bad, lock = count, 0, threading.Lock()


def memory():
    lines = open(f"/proc/{pid}/status").read().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("RssAnon", "RssShmem"))) / 1024


def ask():
    global left, bad
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
    while True:
        with lock:
            left -= 1
            number = left
        if number < 0:
            return
        if number % max(1, count // 10) == 0:
            print(f"   {count - number} requests: {memory():.1f} MB", flush=True)
        # Every frame is another one: its number stands in the corner.
        frame = file[:128] + number.to_bytes(4, "little") + file[132:]
        body = (b'--b\r\nContent-Disposition: form-data; name="engine"\r\n\r\nframe\r\n--b\r\nContent-Disposition: form-data; '
                b'name="file"; filename="a.npy"\r\n\r\n' + frame + b"\r\n--b--\r\n")
        connection.request("POST", "/api/v1/analyses", body, {"Content-Type": "multipart/form-data; boundary=b"})
        reply = connection.getresponse()
        reply.read()
        with lock:
            bad += reply.status != 200


begun = memory()
threads = [threading.Thread(target=ask) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(f"== {count} requests: {begun:.1f} -> {memory():.1f} MB, refused {bad}")
