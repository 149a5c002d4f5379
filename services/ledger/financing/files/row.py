"""What an export carries, whatever the format, and how its totals are kept true.

A writer takes the rows from an iterator, a batch at a time, so that memory does not grow with the
file. It counts as it writes and refuses at the end when the file does not add up to its header:
write to a place nobody reads from, and publish only after the writer has returned.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from typing import IO, NamedTuple

from services.ledger.errors import LedgerError
from services.ledger.money import format_fen

FORMAT_VERSION = "1"
"""Raised when a column or an element changes its meaning or leaves; new ones only come last."""

_BATCH = 2_000


class ExportTotalsError(LedgerError):
    """The rows do not add up to what the ledger says the export holds."""

    code = "EXPORT_TOTALS_DIFFER"
    status = 500


class ExportValueError(LedgerError):
    """A value has no place in the format asked for; it is never cut to fit."""

    code = "EXPORT_VALUE_UNFIT"


class ExportRow(NamedTuple):
    """One receivable offered to a platform.

    The order of the fields is the order of the columns, so that a row of a query can become one
    with ``ExportRow._make``. Ids are text because that is all a file needs of them.
    """

    receivable_id: str
    supplier_name: str
    supplier_scheme: str
    """What kind of identifier follows: ``USCC`` or another scheme; empty where none is known."""
    supplier_identifier: str
    buyer_name: str
    buyer_scheme: str
    buyer_identifier: str
    contract_number: str
    """Empty where the supply rests on orders alone."""
    orders: Sequence[str]
    """References of the orders supplied."""
    ordered_on: Sequence[date]
    """The day of each order, in the order of ``orders``."""
    invoice_kind: str
    """``DIGITAL``, ``VAT`` or ``OTHER``."""
    invoice_code: str
    """Empty for the fully digital invoice, which has a number only."""
    invoice_number: str
    issued_on: date
    face_fen: int
    """The whole invoice, tax included."""
    open_fen: int
    """What is still owed on it."""
    offered_fen: int
    """The part put up for financing and reserved for the platform."""
    currency: str
    start_on: date | None
    """The day the term started, in law: delivery or acceptance."""
    due_on: date
    confirmed_on: date | None
    confirmation_id: str
    """The debtor's confirmation; empty where the funder takes unconfirmed receivables."""
    identity: str
    """The invoice identity against double financing, hexadecimal."""
    flags: Sequence[str]
    """Ids of warnings that do not prevent financing."""


@dataclass(frozen=True, kw_only=True)
class ExportHeader:
    """One export as the ledger knows it; the file must agree with it."""

    reference: str
    """Names the export to the platform, for example ``EXP-2022-09-30-0001``; at most 35 letters."""
    platform_code: str
    platform_name: str
    requester_name: str
    as_of: date
    created_at: datetime
    currency: str
    count: int
    total_fen: int
    """The sum of what is offered."""
    face_total_fen: int
    """The sum of the invoices."""
    format_version: str = FORMAT_VERSION

    @property
    def created_utc(self) -> str:
        """The instant of creation as ISO 8601 in UTC, to the second."""
        return self.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class FileTotals:
    """What a finished file holds."""

    count: int
    total_fen: int
    face_total_fen: int
    sha256: str


class HashingWriter:
    """Passes bytes on and remembers their SHA-256."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target = target
        self._hash = hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Write all of ``data``."""
        self._hash.update(data)
        self._target.write(data)
        return len(data)

    @property
    def sha256(self) -> str:
        """The digest so far, hexadecimal."""
        return self._hash.hexdigest()


class Tally:
    """Counts the rows of one file on their way into it."""

    def __init__(self, header: ExportHeader) -> None:
        assert header.count > 0, "an export has at least one receivable"
        self._header = header
        self._count = 0
        self._total_fen = 0
        self._face_total_fen = 0

    def batches(self, rows: Iterable[ExportRow]) -> Iterator[list[ExportRow]]:
        """Yield the rows in lists of a bounded length.

        Raises:
            ExportTotalsError: a row is in another currency, so that no sum would mean anything.
        """
        remaining = iter(rows)
        while batch := list(islice(remaining, _BATCH)):
            self._count += len(batch)
            self._total_fen += sum(row.offered_fen for row in batch)
            self._face_total_fen += sum(row.face_fen for row in batch)
            strangers = {row.currency for row in batch} - {self._header.currency}
            if strangers:
                raise ExportTotalsError(
                    f"Export {self._header.reference} is in {self._header.currency} but has rows "
                    f"in {', '.join(sorted(strangers))}; export each currency by itself.",
                    f"导出 {self._header.reference} 的币种为 {self._header.currency}，但含有 "
                    f"{'、'.join(sorted(strangers))} 的记录；请按币种分别导出。",
                )
            yield batch

    def finish(self, sha256: str) -> FileTotals:
        """Return what was written.

        Raises:
            ExportTotalsError: it is not what the header says; the file must be thrown away.
        """
        totals = FileTotals(self._count, self._total_fen, self._face_total_fen, sha256)
        check_totals(self._header, totals)
        return totals


def check_totals(header: ExportHeader, totals: FileTotals) -> None:
    """Refuse a file whose totals are not the ledger's.

    Raises:
        ExportTotalsError: count, offered total or invoice total differ.
    """
    ledger = (header.count, header.total_fen, header.face_total_fen)
    written = (totals.count, totals.total_fen, totals.face_total_fen)
    if ledger == written:
        return
    raise ExportTotalsError(
        f"Export {header.reference}: the ledger has {_said(ledger)}, the file {_said(written)}. "
        "Nothing was handed over; run the export again and report it if it repeats.",
        f"导出 {header.reference}：台账为 {_said(ledger)}，文件为 {_said(written)}（依次为笔数、"
        "融资金额合计、票面金额合计）。未交付任何文件；请重新导出，若再次出现请报告。",
    )


def _said(totals: tuple[int, int, int]) -> str:
    count, offered_fen, face_fen = totals
    return f"{count} / {format_fen(offered_fen)} / {format_fen(face_fen)}"


def control_record(header: ExportHeader, totals: FileTotals, file_name: str) -> bytes:
    """Return the sidecar that travels beside a file: what it must hold, and its SHA-256.

    The control totals are kept out of the CSV so that every line after the first is a receivable
    and any importer can read it; a digest could not be inside the file it speaks of anyway.
    """
    check_totals(header, totals)
    record = {
        "format_version": header.format_version,
        "reference": header.reference,
        "file": file_name,
        "sha256": totals.sha256,
        "platform": {"code": header.platform_code, "name": header.platform_name},
        "requester": header.requester_name,
        "as_of": header.as_of.isoformat(),
        "created_at": header.created_utc,
        "currency": header.currency,
        "count": totals.count,
        "offered_total": format_fen(totals.total_fen),
        "face_total": format_fen(totals.face_total_fen),
    }
    return json.dumps(record, ensure_ascii=False, indent=2).encode() + b"\n"
