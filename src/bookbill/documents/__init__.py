"""From a frozen document to its PDF; stored files with their hash."""
