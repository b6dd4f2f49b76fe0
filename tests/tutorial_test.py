#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The tutorial of README.md does what it says: its files are cut out, compiled and run."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(sys.argv[1])
CC = sys.argv[2].split()


def files_of(text):
    """name -> content of each ```c block that follows a line naming a file in bold and backquotes"""
    return dict(re.findall(r'\*\*[^`\n]*`([a-z-]+\.(?:idl|c))`:\n\n```c\n(.*?)```', text, re.S))


def run(folder, *command, **more):
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, **more)


def compiled(folder, name, half):
    objects = [str(BUILD / 'src/rpc/libsallyport.so')]
    run(folder, *CC, '-Wall', '-Wextra', '-Wno-unused-parameter', '-Werror', '-I', str(SOURCE / 'include'), name + '.c',
        'hello_ndr.c', half, '-o', name, *objects, '-Wl,-rpath,' + str(BUILD / 'src/rpc'))


def start(folder, environment, *command):
    child = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
    return child, child.stdout.readline()


def main():
    parts = files_of((SOURCE / 'README.md').read_text())
    assert set(parts) == {'hello.idl', 'hello-server.c', 'hello-client.c'}, parts.keys()
    with tempfile.TemporaryDirectory() as folder:
        for name, text in parts.items():
            (pathlib.Path(folder) / name).write_text(text)
        run(folder, str(BUILD / 'src/idlc/sallyport-idl'), '-o', '.', 'hello.idl')
        compiled(folder, 'hello-server', 'hello_server.c')
        compiled(folder, 'hello-client', 'hello_client.c')
        environment = dict(os.environ, SALLYPORT_NCALRPC_DIR=folder, SALLYPORT_PORTS=folder + '/none.yaml')
        server, line = start(folder, environment, './hello-server')
        try:
            port = re.search(r'\[(\d+)\]', line).group(1)
            for n in (1, 2):
                said = run(folder, './hello-client', f'ncacn_ip_tcp:127.0.0.1[{port}]', env=environment).stdout
                assert said == f'42, greeting {n}\n', said
        finally:
            server.terminate()
            server.wait()
        gone = subprocess.run(['./hello-client', f'ncacn_ip_tcp:127.0.0.1[{port}]'], cwd=folder, env=environment,
                              capture_output=True, text=True)
        assert gone.returncode == 1 and gone.stderr.startswith('TCP session: connect to'), gone.stderr
    print('the tutorial compiles and runs')


main()
