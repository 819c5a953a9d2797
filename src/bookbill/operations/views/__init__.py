"""Pages of operations: dashboard, mailbox, set-aside work, health."""
