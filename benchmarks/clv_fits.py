"""Fits of the CLV models beside `lifetimes` 0.11.3: same data, same likelihood, medians of three, processor time.

    .venv/bin/python benchmarks/clv_fits.py CDNOW_SAMPLE.txt

`lifetimes` is archived and needs an older pandas, so it runs in an environment of its own, made once in a folder of the
system's temporary directory with uv or pip; where that cannot be had, only the kit is measured, and the table says so.
Both get the same columns of the same file and fit in a process of their own, one after the other. Reading is not
counted; the kit's door checks, grouping and standard errors are.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

PEER = ["lifetimes==0.11.3", "pandas<2", "numpy<1.25", "scipy<1.12", "setuptools<70"]

FIT = """
import json, sys, time
import numpy as np
columns = dict(np.load(sys.argv[1]))
kind, kit, runs = sys.argv[2], sys.argv[3], int(sys.argv[4])
if kit == "kit":
    import pandas as pd
    from course import clv
    frame = pd.DataFrame(columns)
    model = {"bg": clv.BetaGeo, "gg": clv.GammaGamma}[kind]
    fit = lambda: model().fit(frame).log_likelihood_
else:
    import warnings
    warnings.filterwarnings("ignore")
    import lifetimes
    x = columns["x"].astype(float)
    if kind == "bg":
        def fit():
            model = lifetimes.BetaGeoFitter().fit(x, columns["t_x"], columns["T"])
            scale = model._scale
            return -model._negative_log_likelihood_ * len(x) + x.sum() * np.log(scale)
    else:
        def fit():
            model = lifetimes.GammaGammaFitter().fit(x, columns["monetary"])
            return -model._negative_log_likelihood_ * len(x)
seconds = []
for _ in range(runs):
    started = time.process_time()
    likelihood = fit()
    seconds.append(time.process_time() - started)
peak = int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) / 1024
print(json.dumps([sorted(seconds)[runs // 2], peak, likelihood]))
"""


def simulate(customers: int, seed: int, whole_days: bool = True) -> pd.DataFrame:
    """Customers of a BG/NBD company (r .24, α 4.4 weeks, a .79, b 2.4), as seen after up to a year.

    With `whole_days` a purchase is known by its day, as orders are; without, all times are different.
    """
    rng = np.random.default_rng(seed)
    rate = rng.gamma(0.24, 1 / 4.4, customers)
    leave = rng.beta(0.79, 2.4, customers)
    end = rng.uniform(1, 52, customers)
    if whole_days:
        end = np.ceil(end * 7) / 7
    x, t_x, now = np.zeros(customers, dtype="int64"), np.zeros(customers), np.zeros(customers)
    active = np.arange(customers)
    while len(active):
        now[active] += rng.exponential(1 / np.maximum(rate[active], 1e-300))
        active = active[now[active] <= end[active]]
        seen = np.ceil(now[active] * 7) / 7 if whole_days else now[active]
        new_day = seen > t_x[active]
        x[active] += new_day
        t_x[active] = seen
        active = active[rng.random(len(active)) > leave[active]]
    return pd.DataFrame({"x": x, "t_x": np.minimum(t_x, end), "T": end})


def simulate_spend(customers: int, seed: int) -> pd.DataFrame:
    """Customers of a Gamma-Gamma company (p 6.25, q 3.74, v 15.4) with one to about thirty repeat purchases."""
    rng = np.random.default_rng(seed)
    x = rng.geometric(0.35, customers)
    rate = rng.gamma(3.74, 1 / 15.4, customers)
    return pd.DataFrame({"x": x, "monetary": np.round(rng.gamma(6.25 * x) / rate / x, 2).clip(min=0.01)})


def peer_python() -> Path | None:
    """The interpreter of the environment that has lifetimes; None where it cannot be made."""
    return environment("lifetimes", PEER)


def environment(package: str, needs: list[str]) -> Path | None:
    """The interpreter of an environment that has a package, made where it is missing; None where it cannot be made."""
    home = Path(tempfile.gettempdir()) / f"course-benchmark-{package}"
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if python.exists() and not subprocess.run([python, "-c", f"import {package}"], capture_output=True).returncode:
        return python
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv:
        make = [[uv, "venv", "-q", "--clear", "--python", "3.11", home]]
        make += [[uv, "pip", "install", "-q", "--python", python, *needs]]
    else:
        make = [[sys.executable, "-m", "venv", "--clear", home], [python, "-m", "pip", "install", "-q", *needs]]
    for command in make:
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
        if done.returncode:
            print(f"{package} could not be installed and is not measured:", done.stderr.strip().splitlines()[-1:])
            return None
    return python


def measure(python: Path | str, kit: str, kind: str, file: Path, runs: int) -> tuple[float, float]:
    """Median seconds of a fit, and the log-likelihood it reached."""
    command = [str(python), "-c", FIT, str(file), kind, kit, str(runs)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent.parent)
    if done.returncode:
        sys.exit(done.stderr)
    seconds, _, likelihood = json.loads(done.stdout)
    return seconds, likelihood


def cases(cdnow: str):
    """Name, kind and data of each line of the table."""
    from course import clv, collect

    sample = clv.summary(collect.read(cdnow, "orders").frame, as_of="1997-09-30")
    yield "BG/NBD, CDNOW 2,357", "bg", sample
    yield "BG/NBD, 100,000", "bg", simulate(100_000, 1)
    yield "BG/NBD, 1,000,000", "bg", simulate(1_000_000, 2)
    yield "BG/NBD, 1,000,000, all times different", "bg", simulate(1_000_000, 3, whole_days=False)
    yield "Gamma-Gamma, 1,000,000", "gg", simulate_spend(1_000_000, 4)


def main() -> None:
    """Print the table."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    peer = peer_python()
    print(f"{'':40}{'lifetimes':>12}{'course.clv':>12}{'faster':>9}   log-likelihoods")
    with tempfile.TemporaryDirectory() as folder:
        for name, kind, data in cases(sys.argv[1]):
            file = Path(folder) / "data.npz"
            columns = ["x", "t_x", "T"] if kind == "bg" else ["x", "monetary"]
            np.savez(file, **{c: data[c].to_numpy() for c in columns})
            own, likelihood = measure(sys.executable, "kit", kind, file, 3)
            if peer is None:
                print(f"{name:40}{'–':>12}{own:>10.3f} s{'–':>9}   – / {likelihood:.4f}")
                continue
            other, its = measure(peer, "lifetimes", kind, file, 3)
            print(f"{name:40}{other:>10.3f} s{own:>10.3f} s{other / own:>8.0f}×   {its:.4f} / {likelihood:.4f}")


if __name__ == "__main__":
    main()
