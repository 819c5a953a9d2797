"""Tables of the tenant itself. Other capabilities name them by string: "companies.Company"."""

from bookbill.companies.models.access import ApiKey, IdempotentAnswer, RateCount
from bookbill.companies.models.company import AfterSending, Company, Paper, tax_codes_in_force
from bookbill.companies.models.people import Member, User
from bookbill.companies.models.series import NumberSeries, SeriesKind

__all__ = [
    "AfterSending",
    "ApiKey",
    "Company",
    "IdempotentAnswer",
    "Member",
    "NumberSeries",
    "Paper",
    "RateCount",
    "SeriesKind",
    "User",
    "tax_codes_in_force",
]
