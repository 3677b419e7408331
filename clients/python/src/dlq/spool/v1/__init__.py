"""Generated from the proto package dlq.spool.v1."""
