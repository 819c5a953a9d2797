"""What can be done with money. Every act locks the customers first."""
