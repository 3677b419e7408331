"""Logic without I/O, threads or clocks, shared by the sync and the asyncio client."""
