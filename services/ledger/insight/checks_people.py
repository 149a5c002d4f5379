"""Invariants of the directory: who takes part and who may come in is what the log told last."""

from typing import Final

from services.ledger.insight.checks import Check

_LAST: Final = """
    SELECT DISTINCT ON (e.subject_id) e.subject_id, e.id, e.data FROM events e
    WHERE e.type IN ({types}) {more}
    ORDER BY e.subject_id, e.type = '{first}', e.id DESC"""
"""The last word on each subject. Who changes one holds its row before the event has an id, and ids
made one after the other sort so."""


def _last(first: str, *later: str, more: str = "") -> str:
    types = ", ".join(f"'{type_}'" for type_ in (first, *later))
    return _LAST.format(types=types, first=first, more=more)


_NOT_ERASED: Final = "NOT EXISTS (SELECT FROM erasures x WHERE x.event_id = t.id)"
_BARRED: Final = "AND e.data ->> 'change' IN ('disabled', 'enabled')"
_FACTOR: Final = "AND e.data ->> 'change' IN ('second_factor_set', 'second_factor_removed')"
DIRECTORY: Final = (
    Check(
        "directory",
        "each party's name and e-mail and each platform are what the log told last",
        "各主体的名称、邮箱及各融资平台与日志最后所述一致",
        f"""
        SELECT p.id, CASE WHEN p.name <> t.data ->> 'name'
          THEN format('party: named %s, told as %s', p.name, t.data ->> 'name')
          ELSE 'party: its e-mail is not the one told' END
        FROM parties p JOIN ({_last("party.registered", "party.contact_changed")}) t
          ON t.subject_id = p.id AND {_NOT_ERASED}
        WHERE p.name <> t.data ->> 'name' OR p.email <> coalesce(t.data ->> 'email', '')
        UNION ALL
        SELECT coalesce(f.id, t.subject_id),
          format('platform %s %s of party %s; told as %s %s of %s', f.code, f.name,
            f.party_id, t.data ->> 'code', t.data ->> 'name', t.data ->> 'party_id')
        FROM platforms f FULL JOIN ({_last("platform.registered")}) t ON t.subject_id = f.id
        WHERE (f.code, f.party_id::varchar) IS DISTINCT FROM
            (t.data ->> 'code', t.data ->> 'party_id')
          OR f.name <> t.data ->> 'name' AND {_NOT_ERASED}
        """,
    ),
    Check(
        "people",
        "who signs in, as what, and what a regulator is appointed to is what the log told last",
        "登录用户及其角色、职责、状态与监管委派与日志最后所述一致",
        f"""
        WITH added AS ({_last("user.added")}), changed AS ({_last("user.changed")}),
          barred AS ({_last("user.changed", more=_BARRED)}),
          factor AS ({_last("user.changed", more=_FACTOR)})
        SELECT coalesce(u.id, a.subject_id), CASE
          WHEN u.id IS NULL THEN 'user: told to be added, and there is none'
          WHEN a.subject_id IS NULL THEN 'user: never told to be added'
          ELSE format('user: %s %s of party %s, %s, %s second factor; told %s %s of %s, %s, %s',
            u.role, u.duty, u.party_id,
            CASE WHEN u.disabled_at IS NULL THEN 'open' ELSE 'closed' END,
            CASE WHEN u.totp_secret IS NULL THEN 'no' ELSE 'a' END, a.data ->> 'role',
            coalesce(c.data, a.data) ->> 'duty', a.data ->> 'party_id', b.data ->> 'change',
            f.data ->> 'change') END
        FROM users u FULL JOIN added a ON a.subject_id = u.id
        LEFT JOIN changed c ON c.subject_id = u.id LEFT JOIN barred b ON b.subject_id = u.id
        LEFT JOIN factor f ON f.subject_id = u.id
        WHERE u.id IS NULL OR a.subject_id IS NULL
          OR (u.role, u.party_id::varchar) IS DISTINCT FROM
            (a.data ->> 'role', a.data ->> 'party_id')
          OR u.duty <> coalesce(c.data, a.data) ->> 'duty'
          OR (u.disabled_at IS NULL) = coalesce(b.data ->> 'change' = 'disabled', false)
          OR (u.totp_secret IS NULL) = coalesce(f.data ->> 'change' = 'second_factor_set', false)
        UNION ALL
        SELECT coalesce(s.id, t.id),
          format('appointment to %s, %s, %s to %s; told as %s, %s, %s to %s', s.region,
            s.function, s.from_on, s.until_on, t.data ->> 'region', t.data ->> 'area',
            t.data ->> 'from_on', t.data ->> 'until_on')
        FROM regulator_scopes s FULL JOIN (
          SELECT (e.data ->> 'appointment_id')::uuid AS id, e.data,
            EXISTS (SELECT FROM events o WHERE o.type IN ('user.appointment_ended',
              'api_key.appointment_ended')
              AND o.data ->> 'appointment_id' = e.data ->> 'appointment_id') AS ended
          FROM events e WHERE e.type IN ('user.appointed', 'api_key.appointed')) t ON t.id = s.id
        WHERE (s.region, s.function, s.from_on::varchar, s.until_on::varchar,
            s.ended_at IS NOT NULL) IS DISTINCT FROM (t.data ->> 'region', t.data ->> 'area',
            t.data ->> 'from_on', t.data ->> 'until_on', t.ended)
        """,
    ),
)
