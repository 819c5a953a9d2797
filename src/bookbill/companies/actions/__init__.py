"""What may be done to a company, its people and its keys."""

from bookbill.companies.actions.company import (
    change_plan,
    choose_first_number,
    create_company,
    move_clock,
    update_company,
)
from bookbill.companies.actions.keys import create_api_key, revoke_api_key
from bookbill.companies.actions.look import change_logo
from bookbill.companies.actions.members import add_member, change_member
from bookbill.companies.actions.profile import change_profile

__all__ = [
    "add_member",
    "change_logo",
    "change_member",
    "change_plan",
    "change_profile",
    "choose_first_number",
    "create_api_key",
    "create_company",
    "move_clock",
    "revoke_api_key",
    "update_company",
]
