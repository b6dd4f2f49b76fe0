#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bench/mapper beside Samba's mapper, both in one run, in a network namespace (tests/peers/run)."""
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / 'tests/peers'))
import harness  # noqa: E402
import samba_host  # noqa: E402

stand = harness.Stand()
try:
    samba_host.start(stand)
    sys.exit(subprocess.run([pathlib.Path(os.environ['SALLYPORT_BUILD']) / 'bench/mapper', '127.0.0.1', '135']).returncode)
finally:
    stand.stop()
