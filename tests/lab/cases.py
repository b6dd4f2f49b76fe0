# SPDX-License-Identifier: MIT
"""The cases: a world, the words of the command, and the verdict that must come first."""
import signal
import subprocess
import threading
import time

from lab import ECHO, TOOL

SAMR = '12345778-1234-abcd-ef00-0123456789ac'
NETLOGON = '12345678-1234-abcd-ef00-01234567cffb'
SPOOLSS = '12345678-1234-abcd-ef00-0123456789ab'
ACTIVATOR = '000001a0-0000-0000-c000-000000000046'

CASES = []


def case(verdict, title, *words, others=()):
    """verdict: a symptom's id, "good", or the beginning of a title that has no id."""
    def add(world):
        CASES.append((verdict, title, words or ('server.lab',), world, others))
        return world
    return add


def static(*entries):
    lines = [f'  - {{interface: {uuid}, version: {version}, protseq: {protseq}, endpoint: "{endpoint}"'
             + (f', address: {address}' if address else '') + '}' for uuid, version, protseq, endpoint, address in entries]
    return 'static:\n' + '\n'.join(lines) + '\n'


def at(port, uuid=SAMR, address=None, version='1.0'):
    return static((uuid, version, 'ncacn_ip_tcp', port, address))


def odd(lab, how, number=0, uuid=SAMR):
    """The mapper says that the interface is at port 5001, where something odd is."""
    lab.mapper(at(5001, uuid))
    lab.odd(5001, how, number)


def good(lab):
    lab.mapper()
    lab.echo()


# --- healthy, in many ways ---

@case('good', 'a mapper and a server')
def _(lab):
    good(lab)


@case('good', 'one interface, asked for by its name', 'server.lab', '-i', 'rpcecho')
def _(lab):
    good(lab)


@case('good', 'an address instead of a name', '10.2.0.1')
def _(lab):
    good(lab)


@case('good', 'IPv6 only', 'fd02::2')
def _(lab):
    good(lab)


@case('good', 'a name with IPv4 and IPv6')
def _(lab):
    lab.zone({'server.lab': {'A': ['10.2.0.1'], 'AAAA': ['fd02::2']}})
    good(lab)


@case('good', 'a mapper without servers')
def _(lab):
    lab.mapper()


@case('good', 'a router that drops everything but RPC')
def _(lab):
    good(lab)
    lab.router(['ct state established,related accept', 'tcp dport { 135, 49152-65535 } accept', 'drop'])


@case('good', 'a router that rejects everything but RPC')
def _(lab):
    good(lab)
    lab.router(['ct state established,related accept', 'tcp dport { 135, 49152-65535 } accept', 'reject'])


@case('good', 'SMB is shut, and TCP is all that is wanted')
def _(lab):
    good(lab)
    lab.router(['tcp dport { 139, 445 } drop'])


@case('good', 'a hosts file instead of name servers')
def _(lab):
    lab.names('10.2.0.1 server.lab\n', servers=('10.1.0.200',))
    good(lab)


@case('good', 'one of two name servers is down')
def _(lab):
    lab.names(servers=('10.1.0.254', '10.1.0.200'))
    good(lab)


@case('good', 'the name server fails for IPv6 addresses')
def _(lab):
    lab.zone({'server.lab': {'A': ['10.2.0.1'], 'AAAA': 'servfail'}})
    good(lab)


@case('good', 'reverse lookup gives another name')
def _(lab):
    lab.zone({'1.0.2.10.in-addr.arpa': {'PTR': ['other.lab']}})
    good(lab)


@case('good', 'a path that loses some packets')
def _(lab):
    good(lab)
    lab.router(['numgen random mod 100 < 3 drop'])


@case('good', 'a small MTU at the client')
def _(lab):
    good(lab)
    lab.client.sh('ip link set eth0 mtu 1280')


@case('good', 'the second address of a host', '10.2.0.2')
def _(lab):
    good(lab)


@case('good', 'two addresses, both of which answer')
def _(lab):
    lab.zone({'server.lab': {'A': ['10.2.0.2', '10.2.0.1']}})
    good(lab)


@case('good', 'two name servers give different halves of a list')
def _(lab):
    lab.names(servers=('10.1.0.254', '10.1.0.253'))
    lab.zone({'server.lab': {'A': ['10.2.0.1', '10.2.0.2']}}, which=(1,))
    good(lab)


@case('good', 'two servers with an interface each')
def _(lab):
    good(lab)
    lab.echo()


@case('good', 'domain controllers can be located', 'server.lab', '--domain', 'lab')
def _(lab):
    lab.zone({'_ldap._tcp.dc._msdcs.lab': {'SRV': ['server.lab']}})
    good(lab)


@case('good', 'a server that listens on IPv4 only, and a name with both, IPv6 refused')
def _(lab):
    lab.zone({'server.lab': {'A': ['10.2.0.1'], 'AAAA': ['fd02::2']}})
    good(lab)
    lab.router(['ip6 daddr fd02::2 tcp dport 135 reject with tcp reset'])


@case('good', 'mutual silence on closed ports, RPC open (stealth mode)')
def _(lab):
    good(lab)
    lab.router(['tcp dport { 4, 6 } drop'])


# --- name resolution ---

@case('N01', 'the name does not exist', 'nobody.lab')
def _(lab):
    pass


@case('N01', 'the name exists, but has no address', 'empty.lab')
def _(lab):
    lab.zone({'empty.lab': {'PTR': []}})


@case('N02', 'the name server is silent')
def _(lab):
    lab.zone({'server.lab': 'silent'})


@case('N02', 'the name server fails')
def _(lab):
    lab.zone({'server.lab': 'servfail'})


@case('N02', 'the name server refuses')
def _(lab):
    lab.zone({'server.lab': 'refused'})


@case('N04', 'the name servers disagree, and the interface is not there', 'server.lab', '-i', 'samr')
def _(lab):
    lab.names(servers=('10.1.0.254', '10.1.0.253'))
    lab.zone({'server.lab': {'A': ['10.2.0.77']}}, which=(1,))
    good(lab)


@case('N04', 'a stale line in the hosts file', 'dc.lab', '-i', 'samr')
def _(lab):
    lab.names('10.2.0.1 dc.lab\n')
    lab.zone({'dc.lab': {'A': ['10.2.0.99']}})
    good(lab)


@case('N04', 'the address belongs to another name', 'dc.lab', '-i', 'samr')
def _(lab):
    lab.zone({'dc.lab': {'A': ['10.2.0.1']}})
    good(lab)


@case('N06', 'no locator records', 'server.lab', '--domain', 'lab')
def _(lab):
    good(lab)


@case('N07', 'IPv6 is in DNS, and leads nowhere')
def _(lab):
    lab.zone({'server.lab': {'A': ['10.2.0.1'], 'AAAA': ['fd02::2']}})
    good(lab)
    lab.router(['ip6 daddr fd02::2 drop'])


# --- TCP session ---

@case('T01', 'the router drops 135')
def _(lab):
    good(lab)
    lab.router(['tcp dport 135 drop'])


@case('T02', 'no mapper runs')
def _(lab):
    pass


@case('T02', 'the router answers 135 with RST')
def _(lab):
    good(lab)
    lab.router(['tcp dport 135 reject with tcp reset'])


@case('T03', 'the router prohibits 135')
def _(lab):
    good(lab)
    lab.router(['tcp dport 135 reject with icmp type admin-prohibited'])


@case('T03', 'the host is down, and its router says so', '10.2.0.55')
def _(lab):
    pass


@case('T03', 'there is no route', '10.99.0.1')
def _(lab):
    lab.router([])
    subprocess.run('ip route replace unreachable 10.99.0.0/16', shell=True, check=True)


@case('T03', 'the router prohibits the dynamic port')
def _(lab):
    good(lab)
    lab.router(['tcp dport 49152-65535 reject with icmp type admin-prohibited'])


@case('T04', 'the router drops the dynamic range')
def _(lab):
    good(lab)
    lab.router(['tcp dport 49152-65535 drop'])


@case('T04', 'the router lets only 135 through')
def _(lab):
    good(lab)
    lab.router(['ct state established,related accept', 'tcp dport 135 accept', 'drop'])


@case('T05', 'the service starts again on another port meanwhile', 'server.lab', '-i', 'samr')
def _(lab):
    mapper = lab.mapper(at(5001))
    lab.hold(5002)

    def move():
        time.sleep(0.5)
        lab.config.write_text(at(5002))
        mapper.send_signal(signal.SIGHUP)
    threading.Thread(target=move).start()


@case('The endpoint map is stale', 'a dead server is still in the map', 'server.lab', '-i', 'samr')
def _(lab):
    lab.mapper(at(5001))


@case('T06', 'nothing at all comes back')
def _(lab):
    good(lab)
    lab.router(['drop'])


@case('T06', 'stealth mode: 135 and closed ports are silent, SMB is refused')
def _(lab):
    good(lab)
    lab.router(['tcp dport { 4, 6, 135 } drop'])


@case('T07', 'a full queue for connections', 'server.lab', '-i', 'samr')
def _(lab):
    lab.mapper(at(5001))
    lab.hold(5001)
    lab.router(['tcp dport 5001 tcp flags syn / syn,ack numgen inc mod 2 == 0 reject with tcp reset'])


@case('T11', 'large packets vanish')
def _(lab):
    good(lab)
    lab.router(['meta length > 1300 drop'])


@case('T15', 'the first of two addresses does not answer')
def _(lab):
    lab.zone({'server.lab': {'A': ['10.2.0.2', '10.2.0.1']}})
    good(lab)
    lab.router(['ip daddr 10.2.0.2 drop'])


# --- discovery ---

@case('E01', 'nobody has registered the interface', 'server.lab', '-i', 'samr')
def _(lab):
    good(lab)


@case('E02', 'the interface has a pipe only', 'server.lab', '-i', 'samr')
def _(lab):
    lab.mapper(static((SAMR, '1.0', 'ncacn_np', r'\\pipe\\samr', None)))


@case('E03', 'a web server on port 135')
def _(lab):
    lab.odd(135, 'http')


@case('E03', 'a mail server on port 135')
def _(lab):
    lab.odd(135, 'banner')


@case('E03', 'another RPC server on port 135')
def _(lab):
    lab.odd(135, 'reject', 1)


@case('E04', 'the mapper refuses strangers (RestrictRemoteClients)')
def _(lab):
    lab.mapper('lookups: {restrict_remote_clients: 1}\n')


@case('E05', 'the mapper takes no logon', 'server.lab', '-i', 'rpcecho', '--mapper-logon')
def _(lab):
    good(lab)


@case('good', 'the mapper takes a logon', 'server.lab', '-i', 'samr', '--mapper-logon')
def _(lab):
    lab.odd(135, 'map', '10.2.0.1:5001')
    lab.odd(5001, 'accept')


@case('E06', 'the map has a loopback address', 'server.lab', '-i', 'samr')
def _(lab):
    lab.odd(135, 'map', '127.0.0.1:5001')
    lab.odd(5001, 'accept')


@case('good', 'the map has no address at all (0.0.0.0)', 'server.lab', '-i', 'samr')
def _(lab):
    lab.odd(135, 'map', '0.0.0.0:5001')
    lab.odd(5001, 'accept')


@case('E07', 'named pipes are wanted, and SMB is shut', 'server.lab', '--protseq', 'ncacn_np')
def _(lab):
    good(lab)
    lab.router(['tcp dport { 139, 445 } drop'])


@case('Port 135 takes the session and then says nothing', 'the mapper hangs')
def _(lab):
    lab.odd(135, 'mute')


PIPE = ('server.lab', '-i', 'samr', '--protseq', 'ncacn_np')
for statuses, symptom, what, words in (
        ('0,0,0,0', 'good', 'a named pipe that can be opened', PIPE),
        ('0,0,c0000022,0', 'E08', 'IPC$ is refused', PIPE),
        ('0,0,0,c0000034', 'E09', 'the pipe is not there', PIPE),
        ('0,0,0,c00000ae', 'E10', 'the pipe is busy', PIPE),
        ('0,c000006d,0,0', 'E11', 'the session is refused', PIPE),
        ('0,c0000022,0,0,signed', 'E14', 'the server signs everything, and nobody cannot', PIPE),
        ('0,0,0,0,signed', 'good', 'a server that signs everything, and lets nobody in', PIPE),
        ('0,0,0,c0000022', 'E12', 'anonymous users may not open the pipe', PIPE),
        ('0,0,0,c0000034', 'C23', 'printing has moved to TCP', ('server.lab', '-i', 'spoolss', '--protseq', 'ncacn_np'))):
    case(symptom, what, *words)(lambda lab, s=statuses: lab.odd(445, 'smb', s))


@case('good', "a named pipe of Samba's file server", *PIPE)
def _(lab):
    lab.smbd()


@case('E09', "a pipe that Samba does not have", 'server.lab', '-i', 'atsvc', '--protseq', 'ncacn_np')
def _(lab):
    lab.smbd()


@case('E08', "Samba lets nobody onto IPC$", *PIPE)
def _(lab):
    lab.smbd('[IPC$]\nhosts deny = ALL\n')


# --- communication ---

for number, symptom, what in ((1, 'C01', 'the server does not have the interface'),
                              (2, 'C02', 'the server has none of the transfer syntaxes')):
    case(symptom, what, 'server.lab', '-i', 'samr')(lambda lab, n=number: odd(lab, 'reject', n))
for number, symptom, what in ((2, 'C03', 'the server is at a limit'), (4, 'C04', 'bind_nak: protocol version'),
                              (8, 'C05', 'bind_nak: authentication type'), (9, 'C06', 'bind_nak: checksum')):
    case(symptom, what, 'server.lab', '-i', 'samr')(lambda lab, n=number: odd(lab, 'nak', n))
for number, symptom, what in ((0x1c010014, 'C03', 'fault: server too busy'), (0x1c01000b, 'C04', 'fault: protocol error'),
                              (0x1c00001a, 'C12', 'fault: context mismatch'), (0x1c010003, 'C18', 'fault: unknown interface'),
                              (0x1c010002, 'C17', 'fault: operation number out of range'),
                              (0x000006f7, 'C19', 'fault: bad stub data'),
                              (0x1c00001d, 'C21', 'fault: authentication level'),
                              (5, 'The server refuses callers without credentials', 'fault: access denied')):
    case(symptom, what, 'server.lab', '-i', 'samr')(lambda lab, n=number: odd(lab, 'fault', n))


@case('T09', 'the server has no port left, and says so', 'server.lab', '-i', 'samr')
def _(lab):
    odd(lab, 'extended', 330)


@case('C14', 'a firewall stumbles over three contexts', 'server.lab', '-i', 'samr')
def _(lab):
    odd(lab, 'alg')


@case('C14', 'the same at the mapper')
def _(lab):
    lab.odd(135, 'alg')


@case('C15', 'a fault says that the call did not run', 'server.lab', '-i', 'samr')
def _(lab):
    odd(lab, 'fault-dne', 0x1c01000d)


@case('C16', 'the server goes away during the call', 'server.lab', '-i', 'samr')
def _(lab):
    odd(lab, 'die')


@case('C22', 'the print server wants privacy', 'server.lab', '-i', 'spoolss')
def _(lab):
    odd(lab, 'fault', 5, uuid=SPOOLSS)


@case('C24', 'PDUs are damaged', 'server.lab', '-i', 'samr')
def _(lab):
    odd(lab, 'garble')


@case('L02', 'netlogon wants a sealed channel', 'server.lab', '-i', 'netlogon')
def _(lab):
    odd(lab, 'fault', 5, uuid=NETLOGON)


@case('T04', 'netlogon behind a filtered port', 'server.lab', '-i', 'netlogon', others=('L01',))
def _(lab):
    lab.mapper(at(5001, NETLOGON))
    lab.hold(5001)
    lab.router(['tcp dport 5001 drop'])


@case('T01', 'activation, and 135 is filtered', 'server.lab', '-i', ACTIVATOR + ',0.0', others=('D01',))
def _(lab):
    good(lab)
    lab.router(['tcp dport 135 drop'])


@case('The server takes the session and does not speak', 'the process at the port hangs', 'server.lab', '-i', 'samr')
def _(lab):
    odd(lab, 'mute')


@case('C09', 'one operation is refused, others are not', 'server.lab', '-i', 'samr')
def _(lab):
    odd(lab, 'partly', 5)


@case('C25', 'the server is slow', 'server.lab', '-i', 'samr')
def _(lab):
    odd(lab, 'slow', 5300)


@case('C08', 'the password is wrong', 'server.lab', '-i', 'samr', '-u', r'HOUSE\alice', '--password-file', '/dev/null')
def _(lab):
    odd(lab, 'logon', 5)


@case('C20', 'signatures do not match', 'server.lab', '-i', 'samr', '-u', 'alice', '--password-file', '/dev/null')
def _(lab):
    odd(lab, 'logon', 0x721)


@case('K02', 'the clocks differ by ten minutes', 'server.lab', '-i', 'samr')
def _(lab):
    lab.odd(135, 'map', '10.2.0.1:5001:server:600')
    lab.odd(5001, 'accept')


@case('good', 'a clock that is two minutes behind', 'server.lab', '-i', 'samr')
def _(lab):
    lab.odd(135, 'map', '10.2.0.1:5001:server:-120')
    lab.odd(5001, 'accept')


@case('good', 'an alias of a host that has another name', 'server.lab', '-i', 'samr')
def _(lab):
    lab.odd(135, 'map', '10.2.0.1:5001:dc7')
    lab.odd(5001, 'accept')


@case('N03', 'a replication partner has no alias', 'server.lab', '--domain', 'lab', '--dsa',
      '1d1a11aa-0000-4000-8000-000000000001')
def _(lab):
    lab.zone({'_ldap._tcp.dc._msdcs.lab': {'SRV': ['server.lab']}})
    good(lab)


@case('good', 'a replication partner with its alias', 'server.lab', '--domain', 'lab', '--dsa',
      '1d1a11aa-0000-4000-8000-000000000001')
def _(lab):
    lab.zone({'_ldap._tcp.dc._msdcs.lab': {'SRV': ['server.lab']},
              '1d1a11aa-0000-4000-8000-000000000001._msdcs.lab': {'CNAME': ['server.lab']}})
    good(lab)


@case('N05', 'the short name is not found, the full one is', 'server', '--domain', 'lab')
def _(lab):
    lab.zone({'_ldap._tcp.dc._msdcs.lab': {'SRV': ['server.lab']}})
    good(lab)


@case('D03', 'activation wants signed packets', 'server.lab', '-i', ACTIVATOR + ',0.0')
def _(lab):
    lab.mapper(at(5001, ACTIVATOR, version='0.0'))
    lab.odd(5001, 'fault', 5)


@case('good', "Samba's servers")
def _(lab):
    lab.samba()


@case('good', "one of Samba's", 'server.lab', '-i', 'samr')
def _(lab):
    lab.samba()


@case('E02', "one that Samba has on a pipe only", 'server.lab', '-i', 'spoolss')
def _(lab):
    lab.samba()


@case('T06', 'no packet is answered, by name servers neither', '10.2.0.1', '--domain', 'lab')
def _(lab):
    lab.zone({'*': 'silent', '_ldap._tcp.dc._msdcs.lab': 'silent'})
    lab.router(['drop'])


# --- this host ---

@case('T08', 'no local port is left', '10.2.0.1')
def _(lab):
    good(lab)
    lab.client.sh('sysctl -qw net.ipv4.ip_local_port_range=\\"40000 40000\\"')
    lab.background(lab.client.inside('/usr/bin/python3', '-c',
        'import socket,time; s=[socket.create_connection((\"10.2.0.1\", p)) for p in (135,)]; '
        'print(\"ready\",flush=True); time.sleep(60)'), lab.case_children)
