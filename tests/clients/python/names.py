"""Leads Microsoft's names to the server under test, as the hosts file of a machine would; the libraries are left as they are.

The hosts file can't name a port, and 443 may be somebody else's, so connections to it are led to the server's own.
"""

import socket
from contextlib import contextmanager
from unittest import mock
from urllib.parse import urlsplit

from people import DEV

NAMES = {"graph.microsoft.com", "login.microsoftonline.com"}
HERE = urlsplit(DEV["authority"])


@contextmanager
def led_here():
    """Gives the set of hosts that are asked for, by which a test knows that nothing else was."""
    asked = set()
    resolve, connect = socket.getaddrinfo, socket.socket.connect

    def resolved(host, *arguments, **options):
        name = host.decode() if isinstance(host, bytes) else host
        asked.add(name)
        return resolve(HERE.hostname if name in NAMES else host, *arguments, **options)

    def connected(self, address):
        return connect(self, (HERE.hostname, HERE.port) if address[:2] == (HERE.hostname, 443) else address)

    with mock.patch("socket.getaddrinfo", resolved), mock.patch("socket.socket.connect", connected):
        yield asked
