# SPDX-License-Identifier: MIT
"""Runs `hft bench` on this machine and checks what it writes, whatever the
figures: run.py HFT default|PATH|sweep-WHAT[-PATH]. Exits 77 where it cannot run."""
import csv
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import paths
from checks import expect, finish, skip

HFT, WHAT = sys.argv[1:]
SAMPLES = 50
SUMMARY = ("samples", "min", "p50", "p90", "p99", "p999", "p9999", "max", "mean")
# These have no schedule, or records that do not say how late they are.
WITHOUT_SCHEDULE = {"syscall", "floor", "lamport", "lamport-spin"}
LOSING = {"shm"}  # a record that is not seen in time is lost
SENDERS = ("frame", "udp")
STEPS = {"size": 11, "rings": 9, "capacity": 11}

def run(*arguments):
    done = subprocess.run([HFT, *arguments], capture_output=True, text=True,
                          timeout=100, check=False)
    print(done.stdout, done.stderr, sep="")
    if done.returncode != 0:
        sys.exit(f"hft {' '.join(arguments)}: status {done.returncode}")
    return done


def check_summary(name, summary, samples):
    expect(f"{name}: fields", [], [f for f in SUMMARY if f not in summary])
    expect(f"{name}.samples", samples, summary["samples"])
    order = [summary[field] for field in SUMMARY[1:-1]]
    expect(f"{name}: percentiles ascend", sorted(order), order)


def check_result(name, result):
    samples = result["samples"]
    check_summary(name, result, samples)
    expect(f"{name}.offered", samples + result["lost"], result["offered"])
    expect(f"{name} has rounds", True, len(result["rounds"]) > 0)
    if result["path"] not in WITHOUT_SCHEDULE:
        schedule = result["schedule"]
        check_summary(f"{name}.schedule", schedule, schedule["samples"])
        expect(f"{name}.schedule has every sample", True,
               schedule["samples"] >= samples)


def check_frame(document, schema):
    expect("schema", schema, document["schema"])
    expect("unit", "cycles", document["unit"])
    expect("validity.label is known", True, document["validity"]["label"]
           in ("bare-metal", "virtualised", "emulated", "noisy"))
    expect("manifest.tsc_hz is known", True, document["manifest"]["tsc_hz"] > 0)


def check_paths(folder, is_expected, sender=None):
    # All records fit into any ring, so none is lost even if a process stands still.
    arguments = ["--samples", str(SAMPLES), "--json", f"{folder}/results.json",
                 "--csv", str(folder), "--hgrm", str(folder)]
    if WHAT != "default":
        arguments += ["--paths", WHAT]
    if sender is not None:
        arguments += ["--sender", sender]
    run("bench", *arguments)
    document = json.loads((folder / "results.json").read_text("utf-8"))
    check_frame(document, "hft-results/1")
    expect("manifest.packet_sender", sender,
           document["manifest"]["extra"].get("packet_sender"))
    measured = {r["path"] for r in document["results"]}
    expect(f"paths {sorted(measured)}", True, is_expected(measured))
    for result in document["results"]:
        name = result["path"]
        check_result(name, result)
        expect(f"{name}.samples", SAMPLES, result["samples"])
        if name not in LOSING:
            expect(f"{name}.lost", 0, result["lost"])
        expect(f"{name}.min is positive", True, result["min"] > 0)
        raw = (folder / f"{name}.csv").read_text("utf-8").splitlines()
        expect(f"{name}.csv has a line a sample", SAMPLES + 1, len(raw))
        expect(f"{name}.hgrm is there", True, (folder / f"{name}.hgrm").exists())


def check_sweep(folder, sweep, path):
    run("bench", "--sweep", sweep, "--paths", path, "--samples", str(SAMPLES),
        "--rounds", "2", "--json", f"{folder}/sweep.json", "--csv", str(folder))
    document = json.loads((folder / "sweep.json").read_text("utf-8"))
    check_frame(document, "hft-sweep/1")
    expect("by", sweep, document["by"])
    points = document["points"]
    values = [point["value"] for point in points]
    expect("there are points", True, len(points) > 0)
    expect("values rise", sorted(set(values)), values)
    for point in points:
        name = f"{sweep} {point['value']}"
        check_result(name, point)
        expect(f"{name}.path", path, point["path"])
        expect(f"{name}: rates are positive", True,
               point["offered_rate"] > 0 and point["delivered_rate"] > 0)
        expect(f"{name}.missed", True, point["missed"] >= 0)
        expect(f"{name} has idle_ring", sweep == "rings", "idle_ring" in point)
    if sweep == "rate":
        expect("only the last is saturated", [],
               [p["value"] for p in points[:-1] if p["saturated"]])
    else:
        expect("points", STEPS[sweep], len(points))
        expect("samples", {SAMPLES}, {point["samples"] for point in points})
    with open(folder / "sweep.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    expect("sweep.csv", [(p["path"], p["value"], p["p99"]) for p in points],
           [(r["path"], int(r[sweep]), int(r["p99"])) for r in rows])
    if shutil.which("gnuplot") is None:
        print("no gnuplot: sweep.png is not drawn")
        return
    run("report", str(folder))
    expect("sweep.png is a PNG", b"\x89PNG\r\n\x1a\n",
           (folder / "sweep.png").read_bytes()[:8])


def main():
    if not {0, 1} <= os.sched_getaffinity(0):
        skip("it needs CPUs 0 and 1")
    there = paths.offered(HFT)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name) / "not" / "there"
        if WHAT.startswith("sweep-"):
            _, sweep, *path = WHAT.split("-")
            path = "-".join(path) or "process"
            if path not in there:
                skip(f"this machine does not offer the path {path}")
            check_sweep(folder, sweep, path)
        elif WHAT == "default":
            if "ring" in there:
                skip("with the driver here, that is what the guest's tests run")
            check_paths(folder, lambda found: {"process"} <= found <= there)
        elif WHAT not in there:
            skip(f"this machine does not offer the path {WHAT}")
        else:
            senders = SENDERS if paths.takes_packets(HFT, WHAT) else (None,)
            for sender in senders:
                check_paths(folder, lambda found: found == {WHAT}, sender)
    finish()


main()
