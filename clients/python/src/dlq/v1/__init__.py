"""Generated from the proto package dlq.v1."""
