"""`dlq-migrate`: brings over what the old package has left in Redis. See docs/guides/migrate.md."""
