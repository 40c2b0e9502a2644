#!/usr/bin/env python3
"""Times whole processes, from their start to their end with one answer of a tiny network: ours, and PyTorch where it is installed.

usage: start.py HYPERKERNELS PYTHON     Writes one JSON document. HYPERKERNELS is the published executable.
"""
import json
import statistics
import subprocess
import sys
import time

RUNS = 21
RIVAL_RUNS = 5

RIVAL = """
import torch
from torch import nn
with torch.no_grad():
    print(nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 10))(torch.ones(1, 8)))
"""


def measure(command, runs):
    samples = []
    for run in range(runs + 1):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        # The first run reads the files from the disk.
        if run > 0:
            samples.append((time.perf_counter() - start) * 1e3)
    return {"ms": statistics.median(samples), "least": min(samples), "most": max(samples), "runs": runs}


def main():
    engine, python = sys.argv[1:]
    document = {"ours": measure([engine, "first"], RUNS)}
    try:
        document["torch"] = measure([python, "-c", RIVAL], RIVAL_RUNS)
    except OSError as failure:
        document["skipped"] = failure.strerror
    except subprocess.CalledProcessError as failure:
        # The last line says what is missing: "ModuleNotFoundError: No module named 'torch'".
        document["skipped"] = failure.stderr.decode().strip().splitlines()[-1]
    json.dump(document, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
