"""Joining people to companies: accounts and memberships, without asking who may."""

from allauth.account.models import EmailAddress

from bookbill.companies.models import Company, Member, User
from bookbill.lib.parsing import clean_text, parse_email
from bookbill.lib.tenancy import scopes_disabled


def join(company: Company, *, email: str, name: str, role: str) -> Member:
    """The membership of the person with this email, whose account is made if there is none. Raises BadInput."""
    address = parse_email(email, field="email").lower()
    shown = clean_text(name, field="name", max_length=200) or address.partition("@")[0]
    user = User.objects.filter(email=address).first()
    if user is None:
        user = User.objects.create_user(address, name=shown)
        # Whoever makes the account vouches for the address; the password is set by a link sent there.
        EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    return Member.objects.create(company=company, user=user, role=role, name=shown)


def may_hand_out_link(member: Member) -> bool:
    """Whether a colleague may see the link that sets this person's password, not only the mail to that person.

    Only before there is a password, and only for somebody who belongs to no other company: else the link would let
    this company's owner into the other one as that person.
    """
    if member.user.has_usable_password() or not member.user.is_active:
        return False
    with scopes_disabled():
        return not Member.objects.filter(user=member.user_id).exclude(company=member.company_id).exists()
