#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""examples/project is built with meson and with CMake against an installation, both run, and a changed IDL file is
compiled anew.

usage: project_test.py BUILD 'FLAGS'
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(sys.argv[1])
TOOLS = {
    'meson': (['meson', 'setup', 'out', 'project'], ['meson', 'compile', '-C', 'out']),
    'cmake': (['cmake', '-S', 'project', '-B', 'out'], ['cmake', '--build', 'out']),
}


def run(folder, *command, **more):
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=240,
                          check=False, **more)
    assert done.returncode == 0, f'{command}: {done.returncode}\n{done.stdout}'
    return done.stdout


def installation(folder):
    """An environment in which what was installed below the folder is found as if it stood in /."""
    run(folder, 'meson', 'install', '-C', BUILD, '--no-rebuild', '--quiet', env={**os.environ, 'DESTDIR': str(folder)})
    pc, = folder.rglob('sallyport.pc')
    compiler, = folder.rglob('bin/sallyport-idl')
    library = next(folder.rglob('libsallyport.so')).parent
    return {**os.environ, 'PKG_CONFIG_PATH': str(pc.parent), 'PKG_CONFIG_SYSROOT_DIR': str(folder),
            'PATH': f'{compiler.parent}:{os.environ["PATH"]}', 'LD_LIBRARY_PATH': str(library), 'CFLAGS': sys.argv[2],
            'LDFLAGS': sys.argv[2]}


def talk(folder, environment):
    environment = {**environment, 'SALLYPORT_NCALRPC_DIR': str(folder), 'SALLYPORT_PORTS': str(folder / 'none.yaml')}
    server = subprocess.Popen([folder / 'out/server'], env=environment, stdout=subprocess.PIPE, text=True)
    try:
        port = re.search(r'\[(\d+)\]', server.stdout.readline()).group(1)
        said = run(folder, './out/client', f'ncacn_ip_tcp:localhost[{port}]', env=environment)
        assert re.fullmatch(r'ran \d+\.\d{6} s, now \d+\.\d{6} s\n', said), said
    finally:
        server.terminate()
        server.wait()


def project(tool, root, environment):
    configure, build = TOOLS[tool]
    folder = root / tool
    folder.mkdir()
    run(folder, 'cp', '-r', SOURCE / 'examples/project', 'project')
    run(folder, *configure, env=environment)
    run(folder, *build, env=environment)
    talk(folder, environment)
    idl = folder / 'project/stopwatch.idl'
    idl.write_text(idl.read_text().replace('void restart', 'long stop(void);\n\tvoid restart'))
    run(folder, *build, env=environment)
    assert 'stopwatch_stop' in (folder / 'out/stopwatch.h').read_text(), f'{tool} does not compile the IDL file anew'


def main():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        environment = installation(root)
        for tool in TOOLS:
            project(tool, root, environment)
    print('examples/project is built and runs: ' + ', '.join(TOOLS))


main()
