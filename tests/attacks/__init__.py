"""Attacks on the running program through its doors: each class in several variants, from tables."""
