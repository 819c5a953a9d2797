"""Looking after a running house: health, mailbox, history, set-aside work, verify."""
