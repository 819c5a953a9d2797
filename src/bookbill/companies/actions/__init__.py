"""What may be done to a company, its people and its keys."""

from bookbill.companies.actions.company import (
    change_plan,
    choose_first_number,
    create_company,
    move_clock,
    update_company,
)
from bookbill.companies.actions.keys import create_api_key, revoke_api_key
from bookbill.companies.actions.members import add_member, change_member

__all__ = [
    "add_member",
    "change_member",
    "change_plan",
    "choose_first_number",
    "create_api_key",
    "create_company",
    "move_clock",
    "revoke_api_key",
    "update_company",
]
