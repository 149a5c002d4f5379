"""Secrets that nobody may read again, planted by the real commands, and how they are looked for."""

import base64
import io
import json
import logging
import re
import secrets
import zipfile
from dataclasses import dataclass, field
from urllib.parse import quote

from fastapi.testclient import TestClient
from sqlalchemy import text

from services.ledger import db

_BYTES = re.compile(r"\\\\x((?:[0-9a-f]{2})+)")
_TABLES = text(
    "SELECT quote_ident(schemaname) || '.' || quote_ident(relname) FROM pg_stat_user_tables"
)


def canary() -> str:
    return secrets.token_hex(12)


@dataclass
class Canaries:
    """Planted secrets by name; text as it is given to people, or bytes that are never shown."""

    planted: dict[str, str | bytes] = field(default_factory=dict)

    def plant(self, name: str, value: str | bytes = "") -> str:
        assert name not in self.planted
        self.planted[name] = value or canary()
        return str(self.planted[name])

    def found(self, where: str) -> list[str]:
        """Return the names of those that are to be read in a text, in any form."""
        return [
            name for name, one in self.planted.items() if any(form in where for form in _forms(one))
        ]


def _forms(one: str | bytes) -> set[str]:
    raw = one.encode() if isinstance(one, str) else one
    plain = raw.decode("latin-1")
    coded = {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    shown = {plain, repr(raw)[2:-1], json.dumps(plain)[1:-1], raw.hex(), raw.hex().upper()}
    if isinstance(one, str):
        shown |= {one.upper(), one.lower(), quote(one)}
    if len(raw) > 16 and re.fullmatch(rb"[A-Z2-7]+", raw):  # What an authenticator holds.
        shown.add(base64.b32decode(raw + b"=" * (-len(raw) % 8)).hex())
    return shown | {form.rstrip("=") for form in coded}


def everything_kept() -> str:
    """Every row of every table as text, and once more with its bytes as the characters they are."""
    with db.transaction() as session:
        run = session.connection().execute
        run(
            text("SET LOCAL ROLE NONE")
        )  # The notifier's tables are no business of the ledger's roles.
        kept = []
        for table in run(_TABLES).scalars().all():
            for (row,) in run(text(f"SELECT t::text FROM {table} t")):
                kept.append(row)
                kept += [bytes.fromhex(one).decode("latin-1") for one in _BYTES.findall(row)]
        return "\n".join(kept)


def everything_logged(records: list[logging.LogRecord]) -> str:
    """Return all lines with their causes, but for what the client of the test says of itself."""
    form = logging.Formatter("%(name)s %(message)s").format
    return "\n".join(form(record) for record in records if not _is_the_tests(record))


def _is_the_tests(record: logging.LogRecord) -> bool:
    return record.name == "httpx2" and "http://testserver" in record.getMessage()


def unpacked(content: bytes) -> str:
    """Return what is to be read in a file: its own letters, and those of all it packs."""
    packed = []
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            packed = [archive.read(name) for name in archive.namelist()]
    return "\n".join(
        one.decode(coding, "replace") for one in (content, *packed) for coding in ("utf-8", "gbk")
    )


def pages_of(client: TestClient, first: str) -> dict[str, str]:
    """Return every page that is reached from a first by its links, signed in as somebody."""
    waiting, shown = [first], dict[str, str]()
    while waiting:
        path = waiting.pop()
        answer = client.get(path)
        shown[path] = f"{answer.headers}\n{answer.text}"
        links = {link for link in re.findall(r'href="(/[^"#]*)', answer.text) if "&" not in link}
        waiting += sorted(links - shown.keys() - set(waiting))
    return shown
