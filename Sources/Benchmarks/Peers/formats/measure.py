"""Times the peers on the files of make.py, one JSON line a case: measure.py FOLDER [ROUNDS]."""

import importlib
import json
import logging
import statistics
import sys
import time
from pathlib import Path

import mrcfile
import numpy as np
import tifffile
from ncempy.io import dm as ncem_dm
from PIL import Image

folder = Path(sys.argv[1])
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
logging.disable(logging.CRITICAL)  # warnings would end up between the lines
rosetta = {
    ".tif": "tiff", ".mrc": "mrc", ".dm4": "digitalmicrograph", ".mib": "quantumdetector", ".blo": "blockfile",
    ".hspy": "hspy", ".png": "image",
}


def in_memory(array):
    """Mapped files are read in fact, as the others are."""
    return np.array(array) if isinstance(array, np.memmap) or not array.flags.owndata else array


def with_rosetta(path):
    reader = importlib.import_module(f"rsciio.{rosetta[path.suffix]}").file_reader
    return lambda: in_memory(np.asarray(reader(str(path))[0]["data"]))


def peers(path):
    if path.suffix in rosetta:
        yield "RosettaSciIO", with_rosetta(path)
    if path.suffix == ".tif":
        yield "tifffile", lambda: tifffile.imread(path)
    if path.suffix == ".npy":
        yield "NumPy", lambda: np.load(path)
    if path.suffix == ".npz":
        yield "NumPy", lambda: np.load(path)["stack"]
    if path.suffix == ".mrc":
        yield "mrcfile", lambda: mrcfile.read(path)
    if path.suffix == ".dm4":
        yield "ncempy", lambda: ncem_dm.dmReader(str(path))["data"]
    if path.suffix == ".png":
        yield "Pillow", lambda: np.asarray(Image.open(path))


for path in sorted(folder.iterdir()):
    for peer, read in peers(path):
        try:
            array = read()
            frames = array.size // (array.shape[-1] * array.shape[-2])
            times = []
            for _ in range(rounds):
                start = time.perf_counter()
                read()
                times.append(time.perf_counter() - start)
        except Exception as error:
            print(json.dumps({"peer": peer, "case": path.name, "error": str(error)[:100]}))
            continue
        seconds = statistics.median(times)
        for value, unit in [(frames / seconds, "frames/s"), (array.nbytes / seconds / 1e6, "MB/s")]:
            print(json.dumps({"peer": peer, "case": path.name, "median": round(value, 1), "unit": unit}), flush=True)
