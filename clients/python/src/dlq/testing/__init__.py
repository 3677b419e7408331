"""For the tests of programs that use this client.

with fake_server() as fake:                 # in this process, in memory, in milliseconds
    client = Client(fake.target, spool=False)
    ...
    assert fake.messages("orders")[0].payload.text == "..."

with local_server() as server:              # the real one, with data of its own
    client = Client(server.target)
"""

from .fake import FakeMessage, FakeServer, fake_server
from .local_server import LocalServer, local_server

__all__ = ["FakeMessage", "FakeServer", "LocalServer", "fake_server", "local_server"]
