"""Files that keep messages while the service is unavailable. `dlq.spool.v1` has their records."""
