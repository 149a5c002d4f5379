"""Rows, headers and standards that the tests of files share."""

import io
import tarfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO

import pytest

from services.ledger.financing.files.row import ExportHeader, ExportRow

ROW = ExportRow(
    receivable_id="0197a2b4-0000-7000-8000-000000000001",
    supplier_name="深圳市精密制造有限公司",
    supplier_scheme="USCC",
    supplier_identifier="91440300708461136T",
    buyer_name="国网电力有限公司",
    buyer_scheme="USCC",
    buyer_identifier="91110000600037341L",
    contract_number="HT-2025-001",
    orders=["PO-1", "PO-2"],
    ordered_on=[date(2025, 5, 1), date(2025, 5, 2)],
    invoice_kind="DIGITAL",
    invoice_code="",
    invoice_number="25442000000012345678",
    issued_on=date(2025, 6, 10),
    face_fen=12_345_678,
    open_fen=12_000_005,
    offered_fen=10_000_001,
    currency="CNY",
    start_on=date(2025, 6, 8),
    due_on=date(2025, 8, 7),
    confirmed_on=date(2025, 6, 20),
    confirmation_id="0197a2b4-0000-7000-8000-00000000000c",
    identity="ab" * 32,
    flags=["NO_ASSIGNMENT_CLAUSE"],
)

BARE = ROW._replace(
    receivable_id="0197a2b4-0000-7000-8000-000000000002",
    supplier_scheme="VENDOR",
    supplier_identifier="V-001",
    buyer_scheme="",
    buyer_identifier="",
    contract_number="",
    orders=[],
    ordered_on=[],
    invoice_kind="VAT",
    invoice_code="4403171130",
    invoice_number="00012345",
    start_on=None,
    confirmed_on=None,
    confirmation_id="",
    flags=[],
)

HOSTILE = (
    '=HYPERLINK("http://x")',
    "+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
)


def header_of(rows: Sequence[ExportRow], **changes: object) -> ExportHeader:
    header = ExportHeader(
        reference="EXP-2025-06-30-0001",
        platform_code="PLATFORM-A",
        platform_name="平台甲",
        requester_name="台账运营方",
        as_of=date(2025, 6, 30),
        created_at=datetime(2025, 6, 30, 14, tzinfo=UTC),
        currency="CNY",
        count=len(rows),
        total_fen=sum(row.offered_fen for row in rows),
        face_total_fen=sum(row.face_fen for row in rows),
    )
    return replace(header, **changes)  # type: ignore[arg-type]  # one dataclass, many field types


def shared(name: str) -> IO[bytes]:
    """Return a file of the ISO 20022 archive, or skip the test where there is none."""
    archive = Path(__file__).parents[2].joinpath("../shared/data/iso20022.tar.gz")
    if not archive.exists():
        pytest.skip("the ISO 20022 schemas are not here (../shared/data/iso20022.tar.gz)")
    with tarfile.open(archive) as tar:
        member = tar.extractfile(f"iso20022/{name}")
        assert member is not None
        return io.BytesIO(member.read())
