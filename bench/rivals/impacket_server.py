#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""impacket's DCERPCServer with the two operations of echo that run.py asks for; its port on standard output."""
from impacket.dcerpc.v5.rpcrt import DCERPCServer

server = DCERPCServer()
server.addCallbacks(('60a15ec5-4de8-11d7-a637-005056a20182', '1.0'), '0', {
    1: lambda stub: stub[4:],
    2: lambda stub: b'',
})
print(server.getListenPort(), flush=True)
server.run()
