"""Forms that prove where they come from.

A form carries a token made from the secret of the browser's session, which another site can
neither read nor guess; so a page may trust the cookie also when it is posted to.
"""

import hashlib
import hmac

from services.ledger.access import same_token
from services.ledger.errors import LedgerError


class FormTokenError(LedgerError):
    """A form without the token of this sign-in: from another site, or from before it."""

    code = "FORM_EXPIRED"
    status = 403


def form_token(secret: str) -> str:
    """Return what a form carries to show that it was made for the holder of a secret."""
    return hmac.new(secret.encode(), b"ledger form", hashlib.sha256).hexdigest()


def check_form(secret: str, given: str) -> None:
    """Refuse a form that was not made for the holder of a secret.

    Raises:
        FormTokenError: it was not.
    """
    if not secret or not same_token(form_token(secret), given):
        raise FormTokenError(
            "This form was not made for this sign-in; open the page again and repeat.",
            "该表单不属于本次登录；请重新打开页面后再提交。",
        )
