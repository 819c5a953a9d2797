"""A series of numbers is never taken away: numbers would be given twice."""

from bookbill.lib.triggers import append_only

TRIGGERS = [append_only("companies_numberseries", but=["first_n", "next_n", "last_date"])]
