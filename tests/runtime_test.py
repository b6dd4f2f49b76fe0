#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The examples of docs/runtime.md compile and run, and so do those of examples/."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(sys.argv[1])
CC = sys.argv[2].split()


def files_of(text):
    """name -> content of each ```c block that follows a line naming a file in bold and backquotes"""
    return dict(re.findall(r'\*\*`([a-z-]+\.c)`\*\*:\n\n```c\n(.*?)```', text, re.S))


def run(folder, *command, **more):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, **more)
    assert done.returncode == 0, f'{command}: {done.returncode}\n{done.stdout}{done.stderr}'
    return done.stdout


def compiled(folder, name, side='client'):
    run(folder, *CC, '-Wall', '-Wextra', '-Wno-unused-parameter', '-Werror', '-I', str(SOURCE / 'include'), name + '.c',
        'calc_ndr.c', f'calc_{side}.c', '-pthread', '-o', name, str(BUILD / 'src/rpc/libsallyport.so'),
        '-Wl,-rpath,' + str(BUILD / 'src/rpc'))


def serve(folder, environment):
    server = subprocess.Popen([BUILD / 'examples/calc-server', '--no-mapper'], cwd=folder, env=environment,
                              stdout=subprocess.PIPE, text=True)
    return server, re.search(r'tcp:\[(\d+)\]', server.stdout.readline()).group(1)


def deferred(folder, environment):
    """The server answers later and in any order, and ends in good order."""
    server = subprocess.Popen([pathlib.Path(folder) / 'deferred-server'], cwd=folder, env=environment,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        port = re.fullmatch(r'ncacn_ip_tcp:.+\[(\d+)\]\n', server.stdout.readline()).group(1)
        at = f'ncacn_ip_tcp:localhost[{port}]'
        assert run(folder, './add-client', at, env=environment) == '40 + 2 = 42\n'
        assert sorted(run(folder, './loop-client', at, env=environment).split('\n')) == [
            '', '0 + 1 = 1', '1 + 1 = 2', '2 + 1 = 3']
    finally:
        server.terminate()
        complaints = server.communicate(timeout=60)[1]
    assert (server.returncode, complaints) == (0, ''), (server.returncode, complaints)


def main():
    parts = files_of((SOURCE / 'docs/runtime.md').read_text())
    assert {'add-client.c', 'loop-client.c', 'deferred-server.c'} <= set(parts), parts.keys()
    assert parts['deferred-server.c'] == (SOURCE / 'examples/deferred-server.c').read_text(), 'the page and examples/ differ'
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, SALLYPORT_NCALRPC_DIR=folder, SALLYPORT_PORTS=folder + '/none.yaml')
        run(folder, str(BUILD / 'src/idlc/sallyport-idl'), '-o', '.', str(SOURCE / 'idl/calc.idl'))
        for name in ('add-client', 'loop-client'):
            (pathlib.Path(folder) / (name + '.c')).write_text(parts[name + '.c'])
            compiled(folder, name)
        (pathlib.Path(folder) / 'deferred-server.c').write_text(parts['deferred-server.c'])
        compiled(folder, 'deferred-server', 'server')
        deferred(folder, environment)
        server, port = serve(folder, environment)
        try:
            at = f'ncacn_ip_tcp:localhost[{port}]'
            assert run(folder, './add-client', at, env=environment) == '40 + 2 = 42\n'
            assert sorted(run(folder, './loop-client', at, env=environment).split('\n')) == [
                '', '0 + 1 = 1', '1 + 1 = 2', '2 + 1 = 3']
            said = run(folder, str(BUILD / 'examples/async-client'), '--calls', '20', at, at, env=environment)
            assert said.count(' = ') == 40, said
            if (BUILD / 'examples/uv-client').exists():
                said = run(folder, str(BUILD / 'examples/uv-client'), at, env=environment)
                assert said.count(' = ') == 5 and said.startswith('tick\n'), said
        finally:
            server.terminate()
            server.wait()
    print('the examples compile and run')


main()
