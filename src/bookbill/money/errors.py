"""The one kind of refusal in here. The capability that asked turns ``code`` into a sentence."""


class MoneyError(ValueError):
    """Figures no rule accepts. ``code`` is stable; ``line`` is the index of the line at fault, if one is."""

    def __init__(self, code: str, *, line: int | None = None) -> None:
        super().__init__(code if line is None else f"{code} in line {line}")
        self.code = code
        self.line = line
