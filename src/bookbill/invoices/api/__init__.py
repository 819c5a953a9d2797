"""The API of invoices, and of what needs to know them: recording payments, a customer's balance."""

from bookbill.invoices.api.balance import router as balance
from bookbill.invoices.api.documents import router as documents
from bookbill.invoices.api.invoices import router as invoices
from bookbill.invoices.api.mail_texts import router as mail_texts
from bookbill.invoices.api.payments import router as payments
from bookbill.invoices.api.sendings import router as sendings

__all__ = ["balance", "documents", "invoices", "mail_texts", "payments", "sendings"]
