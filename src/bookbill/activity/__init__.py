"""What happened, by whom and when: the append-only history."""
