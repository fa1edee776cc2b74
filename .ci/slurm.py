"""What `.ci/slurm` does to a sweep once there is a Slurm."""
import os, pathlib, random, re, signal, subprocess, sys, time

random.seed(int(sys.argv[1]))
EWALD, SCRATCH = os.environ["EWALD"], pathlib.Path(os.environ["SCRATCH"])
failures, begun = [], time.monotonic()


def say(text):
    print(f"{time.monotonic() - begun:6.0f} s  {text}", flush=True)


def run(*words, codes=(0,), environment=None):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, env=environment)
    if done.returncode not in codes:
        raise SystemExit(f"{' '.join(map(str, words))}: {done.returncode}: {done.stderr}{done.stdout}")
    return done.stdout


def states(folder):
    text = run(EWALD, "sweep", "status", folder, "--json")
    return {m[1]: m[2] for m in re.finditer(r'"name":"([^"]+)","state":"([^"]+)"', text)}


def count(folder):
    found = list(states(folder).values())
    return ", ".join(f"{found.count(s)} {s}" for s in sorted(set(found)))


def wait(what, condition, patience=1800):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.5)
    failures.append(f"{what} did not come within {patience} s")
    return False


def queue():
    """Tasks of the sweep that wait or run."""
    return [l.split("|") for l in run("squeue", "-h", "-r", "-n", "ewald-sweep", "-o", "%i|%T").splitlines()]


def supervisors():
    """Process numbers of `ewald sweep part` on this plan."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[1:3] == [b"sweep", b"part"] and str(SCRATCH).encode() in words[3]:
            found.append(int(entry.name))
    return found


# Twenty-four materials: four small crystals, their cells a little larger and smaller.
crystals = SCRATCH / "crystals"
crystals.mkdir()
for name in ("silicon", "magnesium-oxide", "strontium-titanate", "gallium-arsenide"):
    text = pathlib.Path(f"Samples/crystals/{name}.cif").read_text()
    for percent in (97, 98, 99, 100, 101, 102):
        scaled = re.sub(r"(_cell_length_[abc]\s+)([\d.]+)", lambda m: f"{m[1]}{float(m[2]) * percent / 100:.4f}", text)
        (crystals / f"{name}-{percent}.cif").write_text(scaled)
LIMIT = int(os.environ.get("LIMIT", "5"))
STEPS, VALIDATION = int(os.environ.get("STEPS", "100")), int(os.environ.get("VALIDATION", "20"))
plan = SCRATCH / "plan.toml"
plan.write_text(f"""\
# Small discs, thin crystals, few steps: the way of a part is that of a large one.
task = "train pacbed"
crystal = ["crystals/*.cif"]
voltage_kv = 80
convergence_mrad = "8..10"
thickness_nm = "0..4"
mistilt_mrad = "0..2"
steps = {STEPS}
transfer_steps = {STEPS // 2}
validation = {VALIDATION}
threads = 1
lease_s = 20
slurm.time = {LIMIT}
slurm.notice_s = 0
slurm.at_once = 4
slurm.cpus = 1
""")

say(f"24 materials, {STEPS} steps each: submitted")
sweep = SCRATCH / "plan.sweep"
print(run(EWALD, "sweep", plan), end="")
if len(states(sweep)) != 24:
    failures.append("there are not 24 parts")

# The first ones may end: a tree that loses its root has nothing left to lose.
wait("four parts done", lambda: list(states(sweep).values()).count("done") >= 4)
# A task killed where it runs, as by a kernel without memory.
wait("a task at work", supervisors)
time.sleep(random.uniform(0.5, 3))
if at_work := supervisors():
    victim = random.choice(at_work)
    try:
        os.kill(victim, signal.SIGKILL)
        say(f"kill -9 of a task's process ({victim})")
    except ProcessLookupError:
        pass
# scancel of one that runs and of one that waits.
wait("a task that runs", lambda: not queue() or any(s == "RUNNING" for _, s in queue()))
for state in ("RUNNING", "PENDING"):
    some = [t for t, s in queue() if s == state]
    if some:
        victim = random.choice(some)
        run("scancel", victim)
        say(f"scancel of {victim} ({state.lower()})")
# A node that goes out of service with its tasks, and comes back.
run("scontrol", "update", "nodename=c2", "state=down", "reason=test")
say("node c2 down: its tasks are queued again")
time.sleep(3)
run("scontrol", "update", "nodename=c2", "state=resume")
run("scontrol", "update", "nodename=c3", "state=drain", "reason=test")
say("node c3 drained")
wait("the end of the first array", lambda: not queue())
run("scontrol", "update", "nodename=c3", "state=resume")
say(f"the queue is empty: {count(sweep)}")
if "done" not in states(sweep).values():
    failures.append("nothing was done")
if all(s == "done" for s in states(sweep).values()):
    failures.append("nothing went wrong: the faults missed their aim")

# A result that is damaged on the disk, and one that was cut off.
done = sorted(n for n, s in states(sweep).items() if s == "done")
victim = sweep / "results" / random.choice(done)
network = victim / "network.ewald"
damaged = bytearray(network.read_bytes())
damaged[len(damaged) // 2] ^= 1
network.unlink()
network.write_bytes(damaged)
if run(EWALD, "sweep", "collect", sweep, codes=(3,)).startswith("24 of"):
    failures.append("a damaged result was collected")
say(f"one bit of {victim.name} turned over, and seen")

# Two who retry at the same time, and one of them is killed.
racers = [subprocess.Popen([EWALD, "sweep", "retry", str(sweep)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
          for _ in range(2)]
time.sleep(random.uniform(0, 0.2))
racers[0].kill()
for racer in racers:
    racer.wait()
say("retried by two at once, one of them killed")
# A node goes down under its tasks, which Slurm queues again; and one more task is killed.
wait("tasks on c1", lambda: not queue() or "c1" in run("squeue", "-h", "-t", "R", "-o", "%N"))
run("scontrol", "update", "nodename=c1", "state=down", "reason=test")
time.sleep(2)
run("scontrol", "update", "nodename=c1", "state=resume")
say("node c1 down under its tasks, and back")
wait("a task at work", lambda: not queue() or supervisors())
if at_work := supervisors():
    try:
        os.kill(random.choice(at_work), signal.SIGKILL)
        say("kill -9 of another task's process")
    except ProcessLookupError:
        pass
rounds = 0
while True:
    wait("the end of an array", lambda: not queue())
    found = states(sweep)
    if all(s == "done" for s in found.values()) and run(EWALD, "sweep", "collect", sweep, codes=(0, 3)).startswith("24 of"):
        break
    rounds += 1
    if rounds > 8:
        failures.append(f"not complete after {rounds} retries: {count(sweep)}")
        break
    say(f"retry {rounds}: {count(sweep)}")
    run(EWALD, "sweep", "retry", sweep, "--all", codes=(0, 3))

slurm = run(EWALD, "sweep", "collect", sweep, codes=(0, 3))
say("on Slurm:\n" + slurm.rstrip())
attempts = {}
for file in sweep.glob("parts/*/attempt-*.json"):
    end = re.search(r'"end": "(\w+)"', file.read_text())
    attempts[end[1] if end else "?"] = attempts.get(end[1] if end else "?", 0) + 1
leases = len(list(sweep.glob("parts/*/lease-*")))
say(f"{leases} leases: {attempts}, {leases - sum(attempts.values())} ended without a word")

# Time limits: one part that takes longer than its minute, again and again, from its checkpoint.
slow = SCRATCH / "slow.toml"
slow.write_text(plan.read_text().replace('crystals/*.cif', 'crystals/silicon-100.cif')
                .replace(f"slurm.time = {LIMIT}\n", "slurm.time = 1\n")
                .replace(f"\nsteps = {STEPS}\n", f"\nsteps = {os.environ.get('SLOW_STEPS', '1500')}\n"))
slow_sweep = SCRATCH / "slow.sweep"
run(EWALD, "sweep", slow)
limits = 0
while limits < 12:
    wait("the end of the slow part", lambda: not queue())
    if states(slow_sweep)["silicon-100"] == "done":
        break
    limits += 1
    say(f"time limit {limits}: " + run(EWALD, "sweep", "status", slow_sweep).splitlines()[-1].strip())
    run(EWALD, "sweep", "retry", slow_sweep)
if limits == 0:
    failures.append("the time limit was not hit: raise SLOW_STEPS")
if states(slow_sweep)["silicon-100"] != "done":
    failures.append("what runs out of time does not go on")

# The same plans here, without Slurm.
here = dict(os.environ, PATH="/nonexistent")
for one, other in ((plan, sweep), (slow, slow_sweep)):
    folder = SCRATCH / f"{one.stem}-here"
    run(EWALD, "sweep", one, "--here", "--jobs", os.environ.get("JOBS", "2"), "--output", folder, environment=here)
    here_text, text = (run(EWALD, "sweep", "collect", f, codes=(0, 3)) for f in (folder, other))
    if here_text.splitlines()[-1] != text.splitlines()[-1]:
        failures.append(f"{one.name}: here {here_text} is not what Slurm made: {text}")
    if subprocess.run(["diff", "-r", folder / "results", other / "results"]).returncode:
        failures.append(f"{one.name}: the results differ")
    say(f"{one.name} --here:\n" + here_text.rstrip())
if limits:
    say(f"{limits} time limits, and the same bytes as without")
for failure in failures:
    print("FAILED", failure)
sys.exit(1 if failures else 0)
