"""`dlq-migrate`: sends the old package's messages in Redis to the service. See docs/guides/migrate.md."""
