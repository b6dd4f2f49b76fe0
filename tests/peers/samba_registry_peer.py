#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Port policies through Samba's registry: it reads the exports that we write, and we read the ones that it writes."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

TOOL = pathlib.Path(os.environ['SALLYPORT_BUILD']).resolve() / 'src/cli/sallyport'
CONFIGURATION = '''[global]
lock directory = {0}
state directory = {0}
cache directory = {0}
private dir = {0}
pid directory = {0}
'''
# netlogon is left out: Samba makes up Netlogon\\Parameters out of its own settings
POLICIES = {
    'one range': 'ports: [61000-61999]\nports_internet_available: Y\nuse_internet_ports: Y\n',
    'many entries': 'ports: [' + ', '.join(f'{p}-{p + 3}' for p in range(20000, 24000, 7)) +
                    ']\nports_internet_available: n\nuse_internet_ports: y\n',
    'interfaces and fixed ports': 'bind: [lo, "gr\u00fcn"]\nfixed: {ntds: 62001, ntfrs: 62003, samr: 62004}\n',
}


class Registry(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix='sallyport-')
        self.path = pathlib.Path(self.folder.name)
        (self.path / 'smb.conf').write_text(CONFIGURATION.format(self.path))

    def tearDown(self):
        self.folder.cleanup()

    def run_in(self, *command, **more):
        r = subprocess.run(command, cwd=self.path, capture_output=True, timeout=60, **more)
        self.assertEqual(r.returncode, 0, (command, r.stdout, r.stderr))
        return r.stdout

    def net(self, *words):
        return self.run_in('net', '-s', 'smb.conf', 'registry', *words)

    def shown(self, file):
        record = json.loads(self.run_in(TOOL, 'ports', 'show', '--json', file))
        record['fixed'].sort(key=lambda f: f['interface'])
        return {k: v for k, v in record.items() if k not in ('file', 'form')}

    def test_samba_reads_what_we_write_and_we_read_what_samba_writes(self):
        for name, text in POLICIES.items():
            with self.subTest(name):
                (self.path / 'ours.yaml').write_text(text)
                for key in ('HKLM\\Software\\Microsoft\\Rpc', 'HKLM\\Software\\Sallyport',
                            'HKLM\\System\\CurrentControlSet\\Services\\Rpc'):
                    subprocess.run(['net', '-s', 'smb.conf', 'registry', 'deletekey_recursive', key], cwd=self.path,
                                   capture_output=True, timeout=60)
                (self.path / 'ours.reg').write_bytes(self.run_in(TOOL, 'ports', 'convert', '--to', 'reg', 'ours.yaml'))
                self.net('import', 'ours.reg')
                self.net('export', 'HKLM', 'theirs.reg')
                self.assertEqual(self.shown('theirs.reg'), self.shown('ours.yaml'))

    def test_samba_finds_each_value_with_its_type(self):
        (self.path / 'ours.yaml').write_text(POLICIES['one range'] + 'fixed: {ntds: 62001}\n')
        (self.path / 'ours.reg').write_bytes(self.run_in(TOOL, 'ports', 'convert', '--to', 'reg', 'ours.yaml'))
        self.net('import', 'ours.reg')
        values = self.net('enumerate', 'HKLM\\Software\\Microsoft\\Rpc\\Internet').decode()
        self.assertRegex(values, r'Valuename\s+= Ports\nType\s+= REG_MULTI_SZ\nValue\[0+\]\s+= "61000-61999"')
        self.assertRegex(values, r'Valuename\s+= UseInternetPorts\nType\s+= REG_SZ\nValue\s+= "Y"')
        port = self.net('getvalue', 'HKLM\\System\\CurrentControlSet\\Services\\NTDS\\Parameters', 'TCP/IP Port')
        self.assertRegex(port.decode(), r'REG_DWORD\nValue\s+= 62001')


if __name__ == '__main__':
    unittest.main()
