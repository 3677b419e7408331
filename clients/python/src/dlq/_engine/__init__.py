"""The background part of a client: an event loop in its own thread, used by the sync and the asyncio
client. Busy threads or a blocked event loop of the program delay neither deadlines nor leases. It calls
grpcio's sync stubs, whose channels belong to no event loop and can be recreated after a fork."""
