#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A file as an array of C: embed.py FILE NAME OUTPUT."""
import pathlib
import sys

lines = pathlib.Path(sys.argv[1]).read_bytes().splitlines(keepends=True)
data = b''.join(line for line in lines if b'SPDX-' not in line)  # of the file, not of what is made with it
rows = [', '.join(str(b) for b in data[i:i + 24]) for i in range(0, len(data), 24)]
pathlib.Path(sys.argv[3]).write_text(
    f'#include <stddef.h>\n#include "idlc/emit.h"\n\nconst char {sys.argv[2]}[] = {{\n' + ',\n'.join(rows)
    + f'}};\nconst size_t {sys.argv[2]}_len = sizeof({sys.argv[2]});\n')
