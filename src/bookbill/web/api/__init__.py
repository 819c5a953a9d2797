"""What every API router needs and no capability owns: strict input, problem answers, keyset pages, ETags."""
