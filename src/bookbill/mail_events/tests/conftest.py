from bookbill.invoices.tests.conftest import make_sent  # noqa: F401
