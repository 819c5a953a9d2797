"""The link by which a person sets a password, for accounts that somebody else made."""

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.urls import reverse

from bookbill.companies.models import User


def set_password_path(user: User) -> str:
    """Valid for `PASSWORD_RESET_TIMEOUT` (three days) and until the password is set: the same link as in a reset mail."""
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    return reverse(
        "account_reset_password_from_key",
        kwargs={"uidb36": key.partition("-")[0], "key": key.partition("-")[2]},
    )
