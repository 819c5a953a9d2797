"""Messages we owe, their attempts, and what became of each recipient."""
