"""Writes one computed scan into the containers that are measured: make.py FOLDER."""

import struct
import sys
from pathlib import Path

import h5py
import mrcfile
import numpy as np
import tifffile
from PIL import Image

from dm4 import write_dm4

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
random = np.random.default_rng(1)


def patterns(frames, size, kind=np.uint16):
    """Poisson counts of a few discs: compressible as real counts are."""
    y, x = np.mgrid[:size, :size] / size - 0.5
    mean = np.full((size, size), 0.5)
    for cy, cx in [(0, 0), (0.25, 0), (-0.25, 0), (0, 0.25), (0, -0.25)]:
        mean += 200 * ((y - cy) ** 2 + (x - cx) ** 2 < 0.06**2)
    return random.poisson(mean, (frames, size, size)).clip(0, np.iinfo(kind).max).astype(kind)


def write_mib(path, stack):
    count, height, width = stack.shape
    with open(path, "wb") as file:
        for index, image in enumerate(stack):
            head = (
                f"MQ1,{index + 1:06d},00384,01,{width:04d},{height:04d},U16,   1x1,01,2026-01-01 10:00:00.000000,0.001000,"
                "0,0,0,0,0,0,0,0,0,0,0,3RX,MQ1A,2026-01-01T10:00:00.000000000Z,1000000ns,12,"
            )
            file.write(head.encode().ljust(384, b"\0"))
            file.write(image[::-1].astype(">u2").tobytes())


def write_blo(path, stack, side):
    count, size, _ = stack.shape
    first = 4096 + count
    head = bytearray(4096)
    head[:8] = b"IMGBLO\2\1"
    struct.pack_into("<III", head, 8, 4096, first, 131141)
    struct.pack_into("<HHHHH", head, 20, size, 0, side, count // side, 0)
    struct.pack_into("<dd", head, 30, 1.0, 1.0)
    with open(path, "wb") as file:
        file.write(head)
        file.write(bytes(count))
        for index, image in enumerate(stack):
            file.write(b"\xaa\x55" + struct.pack("<I", index) + image.tobytes())


large = patterns(128, 512)
tifffile.imwrite(folder / "stack_512_u16.tif", large)
tifffile.imwrite(folder / "stack_512_u16_lzw.tif", large[:48], compression="lzw", predictor=True)
tifffile.imwrite(folder / "stack_512_u16_deflate.tif", large[:48], compression="zlib", predictor=True)
tifffile.imwrite(folder / "single_512_u16.tif", large[0])
np.save(folder / "stack_512_u16.npy", large)
np.savez(folder / "stack_512_u16.npz", stack=large)
np.savez_compressed(folder / "stack_512_u16_deflate.npz", stack=large[:48])
with mrcfile.new(folder / "stack_512_u16.mrc", overwrite=True) as file:
    file.set_data(large)
write_dm4(folder / "stack_512_u16.dm4", large)
write_mib(folder / "stack_512_u16.mib", large)
Image.fromarray(large[0]).save(folder / "single_512_u16.png")
small = patterns(48 * 48, 144, np.uint8)
write_blo(folder / "scan_48x48_144_u8.blo", small, 48)
scan = patterns(32 * 32, 128).reshape(32, 32, 128, 128)
with h5py.File(folder / "scan_32x32_128_u16.hspy", "w") as file:
    file.attrs["file_format"] = "HyperSpy"
    file.attrs["file_format_version"] = "3.3"
    signal = file.create_group("Experiments/scan")
    signal.create_dataset("data", data=scan, chunks=(8, 8, 32, 32), compression="gzip", shuffle=True)
    for index, (name, size) in enumerate(zip(["y", "x", "ky", "kx"], scan.shape)):
        axis = signal.create_group(f"axis-{index}")
        axis.attrs.update(name=name, size=size, scale=1.0, offset=0.0, units="nm", navigate=index < 2)
    for name in ["metadata", "original_metadata", "learning_results"]:
        signal.create_group(name)
