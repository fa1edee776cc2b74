"""Times the peers of Ewald's image operations on the same inputs and prints both side by side.

    python3 -m venv VENV && VENV/bin/pip install -r requirements.txt
    Benchmarks imaging INPUTS > ours.tsv        (writes the inputs into the folder INPUTS)
    VENV/bin/python compare.py INPUTS ours.tsv

Run both on one core (taskset -c 0); the peers' thread pools are limited to one thread here.
"""
import os
import statistics
import sys
import time
import warnings

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np
from scipy import ndimage as ndi
from skimage import feature, filters, measure, morphology, registration, segmentation, transform
from sklearn.cluster import DBSCAN
from sklearn.decomposition import non_negative_factorization

warnings.filterwarnings("ignore")
folder, ours_path = sys.argv[1:3]


def load(name, dtype, *shape):
    return np.fromfile(os.path.join(folder, name), dtype).reshape(shape)


image = load("image.f32", np.float32, 512, 512)
moved = load("moved.f32", np.float32, 512, 512)
pattern = load("pattern.f32", np.float32, 144, 144)
mask = load("mask.u8", np.uint8, 512, 512).astype(bool)
markers = load("markers.i32", np.int32, 512, 512)
points = load("points.f64", np.float64, -1, 2)
stack = load("stack.f32", np.float32, 100, 2000)
counts = load("counts.f32", np.float32, 2000, 400)
weights = load("weights.f32", np.float32, 2000, 11)
components = load("components.f32", np.float32, 11, 400)
patterns = load("patterns.f32", np.float32, 500, 1264)
gradient = filters.sobel(image)
level = filters.threshold_otsu(image)


def dog():
    small, large = ndi.gaussian_filter(pattern, 1.7), ndi.gaussian_filter(pattern, 13.2)
    return np.maximum(np.where(small > large, pattern, 0) - large, 0).mean()


def nmf(solver, loss, rounds):
    w, h, _ = non_negative_factorization(
        counts, W=weights.copy(), H=components.copy(), n_components=11, init="custom", solver=solver,
        beta_loss=loss, tol=0, max_iter=rounds)
    return w.sum() + h.sum()


def centre_of_mass():
    return ndi.center_of_mass(image > level)[0]


operations = {
    "gaussian_1.7_512": lambda: ndi.gaussian_filter(image, 1.7).mean(),
    "gaussian_13.2_512": lambda: ndi.gaussian_filter(image, 13.2).mean(),
    "dog_background_144": dog,
    "gaussian_laplace_1.5_512": lambda: ndi.gaussian_laplace(image, 1.5).mean(),
    "blob_log_30_scales_144": lambda: len(
        feature.blob_log(pattern, min_sigma=0.7, max_sigma=10, num_sigma=30, threshold=0.046)),
    "sobel_512": lambda: filters.sobel(image).mean(),
    "otsu_512": lambda: filters.threshold_otsu(image),
    "li_512": lambda: filters.threshold_li(image),
    "percentiles_512": lambda: np.percentile(image, [1, 50, 99.5])[2],
    "label_512": lambda: ndi.label(mask)[1],
    "erosion_disc2_512": lambda: morphology.erosion(mask, morphology.disk(2), mode="min").sum(),
    "dilation_disc5_512": lambda: morphology.dilation(mask, morphology.disk(5)).sum(),
    "edt_512": lambda: ndi.distance_transform_edt(mask).mean(),
    "local_maxima_d3_512": lambda: len(feature.peak_local_max(image, min_distance=3, exclude_border=False)),
    "watershed_512": lambda: segmentation.watershed(gradient, markers, mask=mask).sum(),
    "dbscan_20000": lambda: DBSCAN(eps=0.89, min_samples=10).fit(points).labels_.max() + 1,
    "resize_512_to_680": lambda: transform.resize(image, (680, 680), order=1, anti_aliasing=False).mean(),
    "average_512_to_128": lambda: transform.downscale_local_mean(image, (4, 4)).mean(),
    "rotate_512": lambda: transform.rotate(image, -np.degrees(0.3), order=1).mean(),
    "polar_512": lambda: transform.warp_polar(
        image, center=(255.5, 255.5), radius=256, output_shape=(360, 256), order=1).mean(),
    "shift_cubic_512": lambda: ndi.shift(image, (3.4, -2.7), order=3).mean(),
    "shift_fourier_512": lambda: np.fft.irfft2(
        ndi.fourier_shift(np.fft.rfft2(image), (3.4, -2.7), n=512)).mean(),
    "phase_registration_512": lambda: registration.phase_cross_correlation(
        image, moved, upsample_factor=100)[0][0],
    "match_template_21_512": lambda: feature.match_template(image, image[200:221, 300:321]).max(),
    "centre_of_mass_512": centre_of_mass,
    "ncc_matrix_100x2000": lambda: np.corrcoef(stack, dtype=np.float32).mean(),
    "nmf_cd_2000x400_k11_50": lambda: nmf("cd", "frobenius", 50),
    "nmf_mu_2000x400_k11_50": lambda: nmf("mu", "frobenius", 50),
    "nmf_kl_2000x400_k11_10": lambda: nmf("mu", "kullback-leibler", 10),
    "scree_500x1264": lambda: np.linalg.svd(patterns, compute_uv=False)[29],
    "svd_500x1264": lambda: np.linalg.svd(patterns, full_matrices=False)[1][29],
    "gemm_float_512": lambda: (image @ moved).mean(),
    "gemm_double_512": lambda: double_product(),
}
double = image.astype(np.float64), moved.astype(np.float64)


def double_product():
    return (double[0] @ double[1])[0, 7]


ours = {}
for line in open(ours_path):
    parts = line.rstrip("\n").split("\t")
    if len(parts) == 3:
        ours[parts[0]] = (float(parts[1]), float(parts[2]))

print(f"{'operation':28}{'ours ms':>10}{'peer ms':>10}{'ratio':>8}   {'our value':>14}{'peer value':>14}")
for name, operation in operations.items():
    if name not in ours:
        continue
    value = float(operation())
    times, total = [], 0.0
    while len(times) < 5 or (total < 0.25 and len(times) < 1000):
        start = time.process_time()
        operation()
        times.append(time.process_time() - start)
        total += times[-1]
    peer = statistics.median(times) * 1000
    mine, mine_value = ours[name]
    print(f"{name:28}{mine:10.3f}{peer:10.3f}{peer / mine:8.2f}   {mine_value:14.6g}{value:14.6g}", flush=True)
