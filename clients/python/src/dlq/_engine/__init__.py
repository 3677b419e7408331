"""The part of a client that works in the background: one event loop in a thread of its own, shared by
the sync and the asyncio client, so that neither a busy thread nor a blocked event loop of the
program holds up deadlines and leases. It calls by grpcio's sync stubs, whose channels belong to no
event loop and can be made again after a fork."""
