"""Pages of administrators: people, machines' keys, and the log of who came in."""

from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import Form, Query, Request, status
from fastapi.responses import Response

from services.ledger.access import AREAS, NotAllowedError, Viewer
from services.ledger.clock import now
from services.ledger.edges import DbSession, Text
from services.ledger.errors import LedgerError
from services.ledger.parties import keys, outside, passwords, second_factor, users
from services.ledger.parties import service as parties
from services.ledger.parties.access_log import entries
from services.ledger.parties.models import ApiKey
from services.ledger.policy import ADMINISTRATORS
from services.ledger.web import words, words_access
from services.ledger.web.appointments import appointments_of, is_regulator
from services.ledger.web.pages_edge import (
    CONSOLE,
    FreshReader,
    FreshWriter,
    KnownAt,
    Reader,
    SignedIn,
    address,
    page,
    pages,
    see,
)
from services.ledger.web.pages_sign_in import said

router = pages()
PEOPLE: Final = f"{CONSOLE}/people"
KEYS: Final = f"{CONSOLE}/keys"
LOG: Final = f"{CONSOLE}/access-log"
_ROWS: Final = 100
_NOBODYS_ROLES: Final = ("regulator", *ADMINISTRATORS)
_KEY_ROLES: Final = ("service", "regulator", "operator")


def _require_administrator(viewer: Viewer) -> None:
    if not users.may_administer(viewer):
        raise NotAllowedError(
            "People and keys are kept by administrators.", "用户与密钥由管理员管理。"
        )


def show_people(
    request: Request,
    signed_in: SignedIn,
    session: DbSession,
    *,
    refusal: LedgerError | None = None,
    made: tuple[str, str] | None = None,
) -> Response:
    """Show the people whose sign-ins an administrator keeps."""
    viewer = signed_in.viewer
    found = users.people(session, viewer)
    regulators = [(one.login, one.login) for one in found if is_regulator(one.role)]
    return page(
        request,
        "people.html",
        signed_in,
        http_status=refusal.status if refusal else status.HTTP_200_OK,
        people=found,
        appointments=appointments_of(session, viewer, PEOPLE, regulators),
        own_id=viewer.user_id,
        roles=_NOBODYS_ROLES if viewer.party_id is None else (),
        duties=words_access.DUTIES,
        made=made,
        refusal=said(refusal),
    )


@router.get(PEOPLE)
def get_people(request: Request, signed_in: FreshReader, session: DbSession) -> Response:
    """Show the people whose sign-ins an administrator keeps."""
    return show_people(request, signed_in, session)


@router.post(PEOPLE)
def post_person(
    request: Request,
    signed_in: FreshWriter,
    session: DbSession,
    login: Annotated[Text, Form()],
    role: Annotated[str, Form(max_length=40)] = "",
    duty: Annotated[str, Form(max_length=40)] = "",
    party: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Add a person; the password that is made opens nothing but choosing another."""
    viewer = signed_in.viewer
    party_id, role = viewer.party_id, viewer.role if viewer.party_id else role
    if viewer.party_id is None and party:
        found = parties.find(session, "USCC", party)
        party_id, role, duty = found.id, role or "core_enterprise", "administrator"
    try:
        users.check_administers(viewer, role=role, duty=duty, party_id=party_id)
        users.check_free(session, login)
        made = passwords.made_password()
        parties.add_user(
            session,
            login=login,
            role=role,
            party_id=party_id,
            password=made,
            duty=duty,
            initial=True,
            by=viewer,
        )
    except LedgerError as refusal:
        return show_people(request, signed_in, session, refusal=refusal)
    return show_people(request, signed_in, session, made=(login, made))


@router.post(PEOPLE + "/{user_id}/{change}")
def post_change(
    request: Request,
    user_id: UUID,
    change: str,
    signed_in: FreshWriter,
    session: DbSession,
    duty: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Change one of the people an administrator keeps, who is never the administrator."""
    user = users.kept_by(session, signed_in.viewer, user_id)
    actor = signed_in.viewer.user_id or ""
    if change == "password":
        made = users.reset_password(session, user, actor=actor)
        return show_people(request, signed_in, session, made=(user.login, made))
    if change == "duty":
        users.check_administers(signed_in.viewer, role=user.role, duty=duty, party_id=user.party_id)
        users.set_duty(session, user, duty, actor=actor)
    elif change == "admit" and signed_in.viewer.party_id is not None:
        outside.note(session, user, actor)
        second_factor.told(session, user, "admitted", actor=actor)
    elif change == "forget-code":
        second_factor.remove(session, user, actor=actor)
    elif change in {"disable", "enable"}:
        at = now() if change == "disable" else None
        users.set_disabled(session, user, at=at, actor=actor)
    else:
        raise keys.no_key()
    return see(PEOPLE)


def show_keys(
    request: Request,
    signed_in: SignedIn,
    session: DbSession,
    *,
    refusal: LedgerError | None = None,
    made: keys.Made | None = None,
) -> Response:
    """Show the keys an administrator keeps."""
    viewer = signed_in.viewer
    _require_administrator(viewer)
    found = keys.listed(session, viewer.party_id)
    regulators = [
        (one.prefix, f"{one.prefix} {one.name}")
        for one in found
        if one.prefix and is_regulator(one.role) and one.revoked_at is None
    ]
    return page(
        request,
        "keys.html",
        signed_in,
        http_status=refusal.status if refusal else status.HTTP_200_OK,
        keys=found,
        appointments=appointments_of(session, viewer, KEYS, regulators),
        now=now(),
        roles=_KEY_ROLES if signed_in.viewer.party_id is None else (),
        areas={area: words.of(words_access.SCOPES, area) for area in AREAS},
        made=made,
        refusal=said(refusal),
    )


@router.get(KEYS)
def get_keys(request: Request, signed_in: FreshReader, session: DbSession) -> Response:
    """Show the keys an administrator keeps."""
    return show_keys(request, signed_in, session)


@router.post(KEYS)
def post_key(  # noqa: PLR0913, PLR0917 (one for each field of the form)
    request: Request,
    signed_in: FreshWriter,
    session: DbSession,
    name: Annotated[Text, Form()],
    role: Annotated[str, Form(max_length=40)] = "",
    scopes: Annotated[list[str] | None, Form()] = None,
    networks: Annotated[str, Form(max_length=2000)] = "",
    days: Annotated[int, Form(ge=1, le=3650)] = 365,
    signs: Annotated[bool, Form()] = False,  # noqa: FBT002 (a field of a form)
) -> Response:
    """Make a key and show it, this once; without a tick it may do nothing."""
    viewer = signed_in.viewer
    role = viewer.role if viewer.party_id else role
    try:
        users.check_administers(viewer, role=role, duty="", party_id=viewer.party_id)
        if viewer.party_id is None and role not in _KEY_ROLES:
            raise users.RoleAndPartyError("A key has another role.", "密钥不能是该角色。")
        restrictions = keys.checked(
            scopes=scopes or (),
            networks=networks.split(),
            expires_at=now() + timedelta(days=days),
            signs=signs,
            at=now(),
        )
        made = keys.add(
            session,
            name=name,
            role=role,
            party_id=viewer.party_id,
            restrictions=restrictions,
            actor=str(viewer.user_id),
        )
    except LedgerError as refusal:
        return show_keys(request, signed_in, session, refusal=refusal)
    return show_keys(request, signed_in, session, made=made)


def _kept(session: DbSession, viewer: Viewer, prefix: str) -> ApiKey:
    """Return a key of the viewer's party, or of nobody's for the security administrator."""
    _require_administrator(viewer)
    key = keys.get(session, prefix)
    if key.party_id != viewer.party_id:
        raise keys.no_key()
    return key


@router.post(KEYS + "/{prefix}/roll")
def post_roll(
    request: Request,
    prefix: str,
    signed_in: FreshWriter,
    session: DbSession,
    hours: Annotated[int, Form(ge=0, le=720)] = 24,
) -> Response:
    """Make a key like another and show it; the old one goes on for a while."""
    viewer = signed_in.viewer
    overlap = timedelta(hours=hours)
    key = _kept(session, viewer, prefix)
    made = keys.roll(session, key, overlap=overlap, at=now(), actor=str(viewer.user_id))
    return show_keys(request, signed_in, session, made=made)


@router.post(KEYS + "/{prefix}/revoke")
def post_revoke(prefix: str, signed_in: FreshWriter, session: DbSession) -> Response:
    """End a key at once and for good."""
    viewer = signed_in.viewer
    keys.revoke(session, _kept(session, viewer, prefix), at=now(), actor=str(viewer.user_id))
    return see(KEYS)


@router.get(LOG)
def get_access_log(
    request: Request,
    signed_in: Reader,
    session: DbSession,
    before: Annotated[KnownAt, Query()] = None,
) -> Response:
    """Show the audit administrator who came in, who did not, and what changed about it."""
    signed_in.viewer.require("access_log.read")
    found = entries(session, before=before or now(), limit=_ROWS)
    more = address(LOG, before=found[-1].at) if len(found) == _ROWS else ""
    return page(
        request,
        "access_log.html",
        signed_in,
        entries=found,
        events=words_access.EVENTS,
        roles=words.ROLES,
        more=more,
        first=LOG if before else "",
    )
