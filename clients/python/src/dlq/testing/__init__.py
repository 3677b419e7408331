"""Servers for the tests of programs that use this client.

with fake_server() as fake:                 # a fake in this process, in memory
    client = Client(fake.target, spool=False)
    ...
    assert fake.messages("orders")[0].payload.text == "..."

with local_server() as server:              # a real server with its own data
    client = Client(server.target)
"""

from .fake import FakeServer, fake_server
from .fake_message import FakeMessage
from .local_server import LocalServer, local_server

__all__ = ["FakeMessage", "FakeServer", "LocalServer", "fake_server", "local_server"]
