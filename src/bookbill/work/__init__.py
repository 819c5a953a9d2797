"""Promised rows: claim, lease, retry, schedule; the worker's loop. Knows no capability."""
