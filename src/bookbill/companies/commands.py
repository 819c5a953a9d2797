"""What `bookbill create-company` and `create-api-key` do: doors like a page. Each returns what to print."""

from django.conf import settings
from django.utils import timezone

from bookbill.companies.actions import create_api_key, create_company
from bookbill.companies.actors import system_actor
from bookbill.companies.clock import now
from bookbill.companies.models import Company, Member
from bookbill.companies.passwords import set_password_path
from bookbill.lib.errors import BadInput
from bookbill.lib.parsing import parse_email
from bookbill.lib.tenancy import scope
from bookbill.lib.transactions import transact


def create_company_command(*, name: str, owner: str, currency: str, time_zone: str, plan: str) -> str:
    """Make the company and its owner; says how the owner gets in. Names must differ, since commands find companies by name."""
    if Company.objects.filter(name=name).exists():
        raise BadInput(
            "name_taken",
            f"There is a company called “{name}” already. Give this one another name.",
            field="name",
        )
    company, member = transact(
        lambda: create_company(
            name=name,
            owner_email=owner,
            currency=currency,
            time_zone=time_zone,
            plan=plan,
            now=timezone.now(),
        )
    )
    said = f"Created {company.name} ({company.pk}), owned by {member.user.email}."
    if member.user.has_usable_password():
        return f"{said}\nSign in at {settings.PUBLIC_BASE_URL}/ with the password of that account."
    return f"{said}\nSet the password within three days at {settings.PUBLIC_BASE_URL}{set_password_path(member.user)}"


def create_api_key_command(*, company: str, member: str, name: str = "Command line") -> str:
    """The secret of a new key, alone. History signs what it does with ``name``."""
    found = company_named(company)
    with scope(company=found):
        person = (
            Member.objects.active().filter(user__email=parse_email(member, field="member").lower()).first()
        )
        if person is None:
            raise BadInput("no_such_member", f"{member} is not a member of {found.name}.", field="member")
        _key, secret = transact(
            lambda: create_api_key(person.pk, name=name, by=system_actor(found), now=now(found))
        )
    return secret


def company_named(name: str) -> Company:
    """The one company with this name. Raises BadInput, whose sentence an operator can act on."""
    found = list(Company.objects.filter(name=name).order_by("created_at")[:2])
    if len(found) != 1:
        count = "There is no company" if not found else "There are several companies"
        raise BadInput("no_such_company", f"{count} called “{name}”.", field="company")
    return found[0]
