"""Proving who approves, by a code of now: an open browser alone approves nothing."""

from datetime import datetime

from services.ledger.access import NotAllowedError, Viewer
from services.ledger.db import transaction
from services.ledger.errors import LedgerError
from services.ledger.parties import second_factor, sign_in, users


class NoSecondFactorError(LedgerError):
    """A person without a second factor decides."""

    code = "APPROVAL_NEEDS_CODE"
    status = 403


def take_code(viewer: Viewer, code: str, *, at: datetime) -> None:
    """Take a code of a person's authenticator, in transactions of its own: it is good once.

    The try counts before it is judged, and a code is used up also where what follows is refused.

    Raises:
        NotAllowedError: a key decides nothing.
        NoSecondFactorError: the person has no authenticator.
        WaitError: there were too many tries.
        NotSignedInError: the code is wrong, late or used.
    """
    if viewer.user_id is None:
        raise NotAllowedError("Only a person approves, no key.", "仅用户可以复核，密钥不可。")
    with transaction() as session:
        user = users.own(session, viewer)
        if user.totp_secret is None:
            raise NoSecondFactorError(
                "Deciding takes a second factor; set one up under your account.",
                "复核须使用二次验证；请先在账户中启用。",
            )
        closes = sign_in.count_code(session, user)
    with transaction() as session:
        user = users.own(session, viewer)
        right = second_factor.is_code(session, user, code, at=at)
        if right:
            sign_in.pass_second_factor(session, user, None)
        else:
            sign_in.fail_code(session, user, closes=closes)
    if not right:
        raise sign_in.wrong_code()
