"""What clients keep in files while the service is away; `dlq.spool.v1` has its messages."""
