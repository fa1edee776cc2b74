"""Plain ADCG with SciPy over the reference crystallites, and one evaluation by the number of atoms.

measure.py REFERENCES: prints a JSON line a figure, named as the program's own suite names them.
"""
import json
import pathlib
import struct
import sys
import time

import numpy as np
from scipy.optimize import linear_sum_assignment, minimize
from scipy.spatial import cKDTree

SIGMA, DU, ALPHA = 0.15, 0.1, 0.1
PEAK = 1 / (np.sqrt(2 * np.pi) * SIGMA)


def floats(path, rows):
    data = path.read_bytes()
    at = struct.unpack_from("<I", data, 4)[0]
    tags = {}
    for i in range(struct.unpack_from("<H", data, at)[0]):
        tag, kind, _, value = struct.unpack_from("<HHII", data, at + 2 + 12 * i)
        tags[tag] = value & 0xFFFF if kind == 3 else value
    values = np.frombuffer(data, "<f4", offset=tags[273], count=tags[279] // 4)
    return values.reshape(rows, -1).astype(float)


def pair(r):
    """Energy and slope: Lennard-Jones, 0 at 2.5, straight below 0.75."""
    def lj(r):
        s = r**-6
        return s * (s - 2), 12 / r * s * (1 - s)
    shift = lj(2.5)[0]
    v, d = lj(np.maximum(r, 0.75))
    v = np.where(r < 0.75, v + d * (r - 0.75), v) - shift
    out = r >= 2.5
    return np.where(out, 0, v), np.where(out, 0, d)


class Objective:
    def __init__(self, u, angles, y, alpha):
        t = np.radians(angles)
        self.dirs = np.stack([np.cos(t), np.sin(t)], 1)
        self.u, self.y, self.alpha = u, y, alpha

    def __call__(self, flat):
        p = flat.reshape(-1, 2)
        f, g = 0.0, np.zeros_like(p)
        window = np.arange(-12, 13)
        for d, y in zip(self.dirs, self.y):
            c = p @ d
            k = np.rint((c - self.u[0]) / DU).astype(int)[:, None] + window
            ok = (k >= 0) & (k < len(self.u))
            k = np.clip(k, 0, len(self.u) - 1)
            x = self.u[k] - c[:, None]
            b = PEAK * np.exp(-x**2 / (2 * SIGMA**2)) * ok
            r = np.bincount(k.ravel(), b.ravel(), len(self.u)) - y
            f += DU * (r**2).sum()
            g += (2 * DU * (r[k] * b * x / SIGMA**2).sum(1))[:, None] * d
        if self.alpha and len(p) > 1:
            i, j = cKDTree(p).query_pairs(2.5, output_type="ndarray").T
            v = p[i] - p[j]
            r = np.maximum(np.hypot(*v.T), 1e-9)
            e, s = pair(r)
            f += self.alpha * e.sum()
            w = self.alpha * (s / r)[:, None] * v
            np.add.at(g, i, w)
            np.add.at(g, j, -w)
        return f, g.ravel()


def adcg(u, angles, y, alpha):
    obj = Objective(u, angles, y, alpha)
    ax = np.arange(-5, 5.001, 0.1)
    grid = np.stack(np.meshgrid(ax, ax), -1).reshape(-1, 2)
    inside = np.ones(len(grid), bool)
    columns = []
    for d, row in zip(obj.dirs, y):
        lit = u[row > 0.35 * PEAK]
        c = grid @ d
        inside &= (c > lit.min() - 0.1) & (c < lit.max() + 0.1)
    grid = grid[inside]
    columns = [PEAK * np.exp(-((u - (grid @ d)[:, None]) ** 2) / (2 * SIGMA**2)) for d in obj.dirs]
    atoms, best = np.zeros((0, 2)), (y**2).sum() * DU
    while len(atoms) < 500:
        change = np.zeros(len(grid))
        for d, c, row in zip(obj.dirs, columns, y):
            r = -row if not len(atoms) else PEAK * np.exp(
                -((u - (atoms @ d)[:, None]) ** 2) / (2 * SIGMA**2)).sum(0) - row
            change += DU * (2 * c @ r + (c**2).sum(1))
        if alpha and len(atoms):
            r = np.hypot(*(grid[:, None] - atoms[None]).transpose(2, 0, 1))
            change += alpha * pair(np.maximum(r, 1e-9))[0].sum(1)
        trial = np.vstack([atoms, grid[change.argmin()]])
        res = minimize(obj, trial.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 200})
        if res.fun >= best - 1e-6 * max(1, abs(best)):
            break
        atoms, best = res.x.reshape(-1, 2), res.fun
    return atoms


def score(found, truth):
    d = np.hypot(*(found[:, None] - truth[None]).transpose(2, 0, 1))
    i, j = linear_sum_assignment(np.where(d < 0.5, d, 500))
    good = d[i, j] < 0.5
    return good.sum(), len(truth), d[i, j][good]


def line(case, value, unit):
    print(json.dumps({"suite": "atoms", "case": case, "median": round(float(value), 4), "unit": unit}), flush=True)


def main(folder):
    folder = pathlib.Path(folder)
    rng = np.random.default_rng(1)
    for n in (100, 1000, 10000):
        side = int(np.ceil(np.sqrt(n)))
        p = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).reshape(-1, 2)[:n] - side / 2.0
        p = p + 0.02 * rng.standard_normal(p.shape)
        u = np.arange(-0.75 * side - 3, 0.75 * side + 3, DU)
        obj = Objective(u, [0.0, 60.0], np.zeros((2, len(u))), ALPHA)
        times = []
        for _ in range(9):
            t = time.process_time()
            obj(p.ravel())
            times.append(time.process_time() - t)
        line(f"one evaluation, {n} atoms", 1e3 * min(times), "ms")
    cases = json.loads((folder / "cases.json").read_text())
    for name, alpha in (("ADCG, alpha 0", 0.0), ("ADCG, Lennard-Jones", ALPHA)):
        shares, spent, complete, errors = [], [], 0, []
        for case in cases:
            y = floats(folder / f"{case['name']}_sino.tif", len(case["angles_deg"]))
            u = case["u0"] + case["du"] * np.arange(y.shape[1])
            truth = np.array(json.loads((folder / f"{case['name']}_truth.json").read_text())["atoms"])
            t = time.process_time()
            atoms = adcg(u, case["angles_deg"], y, alpha)
            spent.append(time.process_time() - t)
            matched, count, distances = score(atoms, truth)
            shares.append(matched / count)
            errors.append(distances.mean() if len(distances) else 0)
            complete += matched == count == len(atoms)
        line(f"references: {name}, cases without a miss or an extra", complete, "cases")
        line(f"references: {name}, atoms matched", 100 * np.mean(shares), "%")
        line(f"references: {name}, largest mean error", max(errors), "r0")
        line(f"references: {name}, a case", np.median(spent), "s of a core")


main(sys.argv[1])
