"""measure.py FOLDER: intensities of the reference of 54 frames and their derivatives by 14 numbers of the structure and the
thickness, as NumPy computes them: a stack of eigenproblems a frame. One JSON line a figure."""
import csv
import json
import sys
import time

import numpy as np

folder = sys.argv[1]
truth = json.load(open(f"{folder}/crot54_truth.json"))
wavenumber, gamma, thickness = truth["K_invA"], truth["gamma"], truth["thickness_A"]
a, _, c, _, _, angle = truth["cell"]
basis = np.array([[a, 0, 0], [a * np.cos(np.radians(angle)), a * np.sin(np.radians(angle)), 0], [0, 0, c]])
reciprocal = np.linalg.inv(basis)  # columns a*, b*, c*
volume = abs(np.linalg.det(basis))
lengths = np.linalg.norm(reciprocal, axis=0)
orientation = np.array(truth["UB"])

GAUSSIANS = {
    "Si": ([0.2519, 0.6372, 1.3795, 2.5082, 1.0500], [0.3075, 2.0174, 9.6746, 29.3744, 80.4732]),
    "O": ([0.0974, 0.2921, 0.6910, 0.6990, 0.2039], [0.2067, 1.3815, 4.6943, 12.7105, 32.4726]),
}
OPERATIONS = [
    ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], 0), ([[0, -1, 0], [1, -1, 0], [0, 0, 1]], 2 / 3),
    ([[-1, 1, 0], [-1, 0, 0], [0, 0, 1]], 1 / 3), ([[0, 1, 0], [1, 0, 0], [0, 0, -1]], 0),
    ([[1, -1, 0], [0, -1, 0], [0, 0, -1]], 1 / 3), ([[-1, 0, 0], [-1, 1, 0], [0, 0, -1]], 2 / 3),
]
NAMES = list(truth["parameters"])
START = np.array([truth["parameters"][name] for name in NAMES])


def potentials(values, indices):
    p = dict(zip(NAMES, values))
    silicon = [p["Si_U11"], p["Si_U22"], p["Si_U33"], p["Si_U22"] / 2, p["Si_U23"] / 2, p["Si_U23"]]
    oxygen = [p[f"O_U{n}"] for n in ("11", "22", "33", "12", "13", "23")]
    atoms = [("Si", [p["Si_x"], 0, 2 / 3], silicon, 0.5), ("O", [p["O_x"], p["O_y"], p["O_z"]], oxygen, 1)]
    square = ((indices @ reciprocal.T) ** 2).sum(-1) / 4
    total = np.zeros(len(indices), complex)
    for element, place, u, weight in atoms:
        f = sum(x * np.exp(-y * square) for x, y in zip(*GAUSSIANS[element]))
        tensor = np.array([[u[0], u[3], u[4]], [u[3], u[1], u[5]], [u[4], u[5], u[2]]])
        for matrix, shift in OPERATIONS:
            turned = indices @ np.array(matrix)
            scaled = turned * lengths
            damping = np.exp(-2 * np.pi**2 * np.einsum("ni,ij,nj->n", scaled, tensor, scaled))
            total += weight * f * damping * np.exp(2j * np.pi * (turned @ place + indices[:, 2] * shift))
    return gamma / (np.pi * volume) * total


def turn(degrees):
    x = np.radians(degrees)
    return np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])


def error(g):
    return g[..., 2] - (g**2).sum(-1) / (2 * wavenumber)


def frame(alpha, measured, lattice):
    steps = truth["steps_per_frame"]
    angles = truth["semi_angle_deg"] * (2 * (np.arange(steps) + 0.5) / steps - 1)
    vectors = np.einsum("sij,nj->sni", np.array([turn(alpha + x) @ orientation for x in angles]), lattice)
    near = np.abs(error(vectors)).min(0) < truth["sgmax_beams"]
    near[(lattice == 0).all(-1)] = True
    beams, vectors = lattice[near], vectors[:, near]
    order = {tuple(beam): number for number, beam in enumerate(beams)}
    places = [order[tuple(index)] for index in measured]
    count = len(beams)
    differences = (beams[:, None] - beams[None]).reshape(-1, 3)
    shape = (count, count)
    coupling = potentials(START, differences).reshape(shape)
    step = 1e-5
    slopes = [
        ((potentials(START + step * unit, differences) - potentials(START - step * unit, differences))
         / (2 * step)).reshape(shape)
        for unit in np.eye(len(START))
    ]
    matrices = np.repeat(coupling[None], steps, 0)
    matrices[:, np.arange(count), np.arange(count)] = 2 * wavenumber * error(vectors)
    levels, waves = np.linalg.eigh(matrices)
    phases = np.exp(1j * np.pi * thickness / wavenumber * levels)
    entry = waves[:, order[0, 0, 0]].conj()
    exits = waves[:, places]
    amplitudes = np.einsum("smj,sj->sm", exits, phases * entry)
    intensities = (np.abs(amplitudes) ** 2).mean(0)
    gaps = levels[:, :, None] - levels[:, None, :]
    close = np.abs(gaps) < 1e-9
    quotients = np.where(
        close, 1j * np.pi * thickness / wavenumber * phases[:, :, None],
        (phases[:, :, None] - phases[:, None, :]) / np.where(close, 1, gaps))
    derivatives = []
    for slope in slopes:
        np.fill_diagonal(slope, 0)  # a phase common to all
        inner = waves.conj().transpose(0, 2, 1) @ slope @ waves
        change = np.einsum("smi,sij,sj->sm", exits, inner * quotients, entry)
        derivatives.append(2 * (amplitudes.conj() * change).real.mean(0))
    change = np.einsum("smj,sj->sm", exits, 1j * np.pi / wavenumber * levels * phases * entry)
    derivatives.append(2 * (amplitudes.conj() * change).real.mean(0))
    return intensities, derivatives


rows = list(csv.DictReader(open(f"{folder}/crot54_frames.csv")))
reach = range(-9, 10)
grid = np.array([(h, k, l) for h in reach for k in reach for l in reach])
lattice = grid[np.linalg.norm(grid @ reciprocal.T, axis=1) < truth["gmax_beams"]]
started = time.process_time()
worst = 0.0
for number in range(truth["frames"]):
    mine = [row for row in rows if int(row["frame"]) == number + 1]
    alpha = truth["alpha_start_deg"] + number * truth["alpha_step_deg"]
    intensities, _ = frame(alpha, [tuple(int(row[n]) for n in "hkl") for row in mine], lattice)
    worst = max(worst, max(abs(i - float(row["I_calc_unit"])) for i, row in zip(intensities, mine)))
seconds = time.process_time() - started
assert worst < 1e-8, worst
print(json.dumps({"suite": "frame-scaling", "case": "54 frames: intensities and derivatives, processor time", "median": seconds, "unit": "s"}))
