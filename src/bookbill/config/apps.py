from django.apps import AppConfig


class ConfigAppConfig(AppConfig):
    """The composition root. Its ready() runs the wiring after all models are loaded."""

    name = "bookbill.config"
    label = "config"

    def ready(self) -> None:
        from bookbill.config.wiring import wire
        from bookbill.lib.sqlite import use_long_statements

        use_long_statements()
        wire()
