"""What a customer sees by link."""
