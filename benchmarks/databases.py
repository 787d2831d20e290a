"""A million orders from a server beside the same orders from a file: seconds, and the most memory a process held.

    python benchmarks/databases.py orders.csv postgresql://USER@HOST/DB::orders mysql://USER@HOST/DB::orders

The sources hold the same orders, with the headers of the canonical table. Each is read in a process of its own, by the
kit and, where it is a file, by pandas alone; the last column is a digest of the frame, sorted by order: equal tables,
equal digests. Passwords come from PGPASSWORD and MYSQL_PWD.
"""

import subprocess
import sys

READ = """
import hashlib, resource, sys, time
start = time.perf_counter()
import pandas as pd
from course import collect
if sys.argv[2] == "pandas":
    frame = pd.read_csv(sys.argv[1], dtype="str")
else:
    frame = collect.read(sys.argv[1], "orders").frame.drop(columns=["source", "source_row"])
seconds = time.perf_counter() - start
own, driver = (resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
hashes = pd.util.hash_pandas_object(frame.sort_values("order_id").astype("str"), index=False)
digest = "–" if sys.argv[2] == "pandas" else hashlib.sha256(hashes.to_numpy().tobytes()).hexdigest()[:12]
source = sys.argv[1].partition("://")[0][-24:]
print(f"{sys.argv[2]:8} {source:24} {len(frame):10,} {seconds:8.1f} {own:8.0f} {driver:8.0f}  {digest}")
"""


def main(sources: list[str]) -> None:
    """Print a row a source."""
    print(f"{'by':8} {'source':24} {'rows':>10} {'s':>8} {'MB':>8} {'driver':>8}  digest", flush=True)
    for source in sources:
        for by in ("course", "pandas") if "://" not in source else ("course",):
            subprocess.run([sys.executable, "-c", READ, source, by], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
