"""What the published workflow costs in scikit-image and scikit-learn, which pyxem calls: one thread, seconds of
processor time. And that RosettaSciIO, by which HyperSpy reads, sees in EWALD's Ripple file the patterns of its
TIFF. measure.py FOLDER NAME EWALD"""
import json
import os
import subprocess
import sys
import tempfile
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np
import tifffile
from rsciio.ripple import file_reader
from scipy.ndimage import gaussian_filter
from skimage.feature import blob_log, peak_local_max
from sklearn.cluster import DBSCAN
from sklearn.decomposition import NMF

folder, name, ewald = sys.argv[1:4]
patterns = np.minimum(tifffile.imread(f"{folder}/{name}_patterns.tif"), 255).astype(np.float32)
count = len(patterns)


def say(case, seconds):
    print(json.dumps({"suite": "sped", "case": case, "cpu_s": round(seconds, 3), "patterns": count}))


def clock(body):
    start = time.process_time()
    result = body()
    return result, time.process_time() - start


def background(z):
    narrow, wide = gaussian_filter(z, 1.7), gaussian_filter(z, 13.2)
    return np.maximum(np.where(narrow > wide, z, 0) - wide, 0)


clean, seconds = clock(lambda: np.array([background(z) for z in patterns]))
say("difference of Gaussians", seconds)
clean /= clean.max()
peaks, seconds = clock(lambda: [peak_local_max(z, min_distance=3, threshold_abs=0.03, exclude_border=5) for z in clean])
say("maxima", seconds)
part = max(1, count // 100)
_, seconds = clock(
    lambda: [
        blob_log(z, min_sigma=0.7, max_sigma=10, num_sigma=30, threshold=0.046, overlap=0.5, exclude_border=2)
        for z in clean[::part]
    ]
)
say("blobs", seconds * count / len(clean[::part]))
centre = np.array(clean.shape[1:]) / 2
vectors = np.concatenate(peaks) - centre
labels, seconds = clock(lambda: DBSCAN(eps=1.78, min_samples=10).fit(vectors).labels_)
say("unique vectors", seconds)
unique = [vectors[labels == k].mean(0) for k in range(labels.max() + 1)]
unique = [v for v in unique if np.hypot(*v) >= 10]
y, x = np.mgrid[: clean.shape[1], : clean.shape[2]]


def images():
    out = []
    for v in unique:
        disc = (y - centre[0] - v[0]) ** 2 + (x - centre[1] - v[1]) ** 2 <= 4
        out.append(clean[:, disc].sum(1))
    return np.array(out)


vdf, seconds = clock(images)
say("virtual dark-field images", seconds)
say(f"vectors {len(unique)}", 0)
_, seconds = clock(
    lambda: NMF(11, init="nndsvda", max_iter=100, tol=0).fit_transform(clean.reshape(count, -1)[:, ::4])
)
say("factorisation of patterns, 100 rounds", 4 * seconds)
_, seconds = clock(lambda: NMF(11, init="nndsvda", max_iter=100, tol=0).fit_transform(np.maximum(vdf.T, 0)))
say("factorisation of the matrix, 100 rounds", seconds)
height, width = tifffile.imread(f"{folder}/{name}_truth_masks.tif").shape[-2:]
with tempfile.TemporaryDirectory() as files:
    scan = ["--engine", "sped", "--scan", f"{width}x{height}", "--output", files]
    subprocess.run([ewald, "run", *scan, f"{folder}/{name}_patterns.tif"], check=True, stdout=subprocess.DEVNULL)
    ripple = file_reader(f"{files}/{name}_patterns_patterns.rpl", lazy=False)[0]
    pages = tifffile.imread(f"{files}/{name}_patterns_patterns.tif")
    assert ripple["data"].shape == pages.shape and (ripple["data"] == pages).all(), "the Ripple file differs"
print(json.dumps({"suite": "sped", "case": "ripple", "shape": pages.shape, "axes": ripple["axes"]}, default=str))
