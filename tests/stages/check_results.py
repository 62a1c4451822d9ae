# SPDX-License-Identifier: MIT
"""Checks a results.json: check_results.py FILE SAMPLES PATH..."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from checks import expect, finish

with open(sys.argv[1], encoding="utf-8") as file:
    document = json.load(file)
samples = int(sys.argv[2])
paths = sys.argv[3:]

expect("schema", "hft-results/1", document["schema"])
expect("paths", sorted(paths), sorted(r["path"] for r in document["results"]))
expect("validity.label is known", True, document["validity"]["label"]
       in ("bare-metal", "virtualised", "emulated", "noisy"))
for key in ("accelerator", "qemu", "config_hash", "commit"):
    expect(f"manifest has {key}", True, bool(document["manifest"].get(key)))
for result in document["results"]:
    name = result["path"]
    expect(f"{name}.samples", samples, result["samples"])
    # A word has no memory: a consumer that stands still for a tick loses one.
    if name != "shm":
        expect(f"{name}.lost", 0, result["lost"])
    expect(f"{name}.offered", samples + result["lost"], result["offered"])
    order = [result[k] for k in ("min", "p50", "p90", "p99", "p999", "max")]
    expect(f"{name}: percentiles ascend", sorted(order), order)
    expect(f"{name}.p50 is positive", True, result["p50"] > 0)
    # Counters of two CPUs may differ by more than a record takes. The host decides
    # that; the result has to say so.
    doubted = any(f" samples of {name} took 0 cycles" in reason
                  for reason in document["validity"]["reasons"])
    expect(f"{name}: samples of no time are a reason to doubt",
           result["min"] == 0, doubted)
finish()
