"""The HTTP API, put together from the capabilities."""
