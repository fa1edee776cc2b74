"""A 512 x 512 frame with counting noise, and the form that sends it."""
import os
import numpy as np
import tifffile

scratch, method = os.environ["SCRATCH"], os.environ["METHOD"]
small = tifffile.imread("Samples/rutile-wedge/wedge_003.tif").astype(float)
frame = np.random.default_rng(1).poisson(np.kron(small, np.ones((4, 4)))).astype(np.uint16)
tifffile.imwrite(f"{scratch}/frame.tif", frame)
settings = '{"model": "rutile-80kv", "convergence_mrad": 20, "method": "%s"}' % method
form = b""
for name, value in (("engine", "pacbed"), ("settings", settings)):
    form += f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
form += b'--b\r\nContent-Disposition: form-data; name="file"; filename="frame.tif"\r\n\r\n'
form += open(f"{scratch}/frame.tif", "rb").read() + b"\r\n--b--\r\n"
open(f"{scratch}/form", "wb").write(form)
