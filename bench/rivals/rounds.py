# SPDX-License-Identifier: MIT
"""The side of a Python client in run.py: a line "SECONDS" in, calls for that long, a line "CALLS SECONDS" out."""
import sys
import time

BETWEEN_LOOKS = 8


def serve(once):
    for line in sys.stdin:
        n, seconds, begin = 0, float(line), time.perf_counter()
        while True:
            for _ in range(BETWEEN_LOOKS):
                once()
            n += BETWEEN_LOOKS
            spent = time.perf_counter() - begin
            if spent >= seconds:
                break
        print(n, spent, flush=True)
