"""The kinematic pattern of Sources/CBLEED/Kinematic in plain NumPy, for a time to compare with.

python3 kinematic.py PHASE_SHIFTS.csv      (the table of the tests' Reference folder)
"""

import sys
import time

import numpy as np

UNIT = 3.809982111
A = 5.4310
S = A / np.sqrt(2)
Q = A / 4


def atoms(height, buckling, length):
    surface = [
        (S / 2 - length / 2, 0, -0.24 + height + buckling / 2, 0.012),
        (S / 2 + length / 2, 0, -0.24 + height - buckling / 2, 0.012),
        (0.10, S / 2, -Q, 0.006),
        (S - 0.10, S / 2, -Q, 0.006),
        (S / 2, S / 2, -2 * Q - 0.12, 0.006),
        (3 * S / 2, S / 2, -2 * Q + 0.12, 0.006),
        (S / 2, 0, -3 * Q - 0.08, 0.006),
        (3 * S / 2, 0, -3 * Q + 0.08, 0.006),
    ]
    places = [(0, 0), (0, S / 2), (S / 2, S / 2), (S / 2, 0)]
    bulk = [(x + n * S, y, -(4 + i) * Q, 0.006) for i, (x, y) in enumerate(places) for n in (0, 1)]
    return np.array(surface), np.array(bulk)


def pattern(energy, table, structure, size=64, half=2.1, radius=0.38, v0r=12.0, v0i=4.0, degree=7):
    surface, bulk = structure
    p = 2 * half / size
    axis = (np.arange(size) + 0.5 - size / 2) * p
    kx, ky = np.meshgrid(axis, -axis)
    delta = np.array([np.interp(energy + v0r, table[:, 0], table[:, l + 1]) for l in range(degree + 1)])
    weights = (2 * np.arange(degree + 1) + 1) * np.exp(1j * delta) * np.sin(delta)
    vacuum, real = energy / UNIT, (energy + v0r) / UNIT
    inside = real + 1j * v0i / UNIT
    image = np.zeros((size, size))
    for h in range(-4, 5):
        for k in range(-2, 3):
            gx, gy = h * np.pi / S, k * 2 * np.pi / S
            x, y = kx - gx, ky - gy
            lit = (x * x + y * y <= radius**2) & (x * x + y * y < vacuum) & (kx * kx + ky * ky < vacuum)
            if not lit.any():
                continue
            x, y, ox, oy = x[lit], y[lit], kx[lit], ky[lit]
            k2, o2 = x * x + y * y, ox * ox + oy * oy
            rz, ro = np.sqrt(real - k2), np.sqrt(real - o2)
            kz, ko = np.sqrt(inside - k2), np.sqrt(inside - o2)
            cosine = (x * ox + y * oy - rz * ro) / real
            f = np.polynomial.legendre.legval(cosine, weights) / np.sqrt(real)
            s = gx * gx + gy * gy + (rz + ro) ** 2

            def total(group):
                phase = -1j * (gx * group[:, 0] + gy * group[:, 1])[:, None] - 1j * group[:, 2][:, None] * (kz + ko)
                return np.exp(phase - group[:, 3][:, None] * s / 2).sum(0)

            amplitude = 2 * np.pi * f / (2 * S * S * ko)
            amplitude *= total(surface) + total(bulk) / (1 - np.exp(1j * (kz + ko) * A))
            image[lit] += np.sqrt((vacuum - o2) / (vacuum - k2)) * np.abs(amplitude) ** 2
    return image


if __name__ == "__main__":
    table = np.loadtxt(sys.argv[1], delimiter=",", skiprows=1)
    for size in (64, 128):
        times = []
        for number in range(20):
            structure = atoms(0, -0.5 + 0.05 * number, 2.30)
            start = time.process_time()
            pattern(30 + 3.5 * number, table, structure, size)
            times.append(time.process_time() - start)
        print(f"kinematic pattern {size}x{size}: {1e3 * sorted(times)[10]:.3f} ms")
