"""What reacts to what, upward: the one place that knows every capability. Called once, after all models are loaded."""


def wire() -> None:
    """Register reactions, job handlers and tabs."""
