"""Tables written for one test, and what reading them gives."""

from collections.abc import Callable
from pathlib import Path

import pytest

from services.ledger.intake.loading import parse_profile
from services.ledger.intake.problems import Problems
from services.ledger.intake.read import open_table
from services.ledger.intake.rows import records

SHARED = Path("../shared/data")

PAYMENTS = """
profile: test
source: test
dates: [ISO, YYYY年M月D日]
zone: "+08:00"
amounts: {places: 2, thousands: true}
files:
  - ignore: [remark]
    records:
      - kind: payment
        fields:
          payment: {column: id}
          receivable: {template: "{order}-{item}"}
          amount: {column: amount}
          "on": {column: day}
          method: {column: method, optional: true}
"""
Read = tuple[list[tuple[str, int, list[object]]], Problems]


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Read]:
    """Read a file's bytes with a profile."""

    def run(content: bytes, profile: str = PAYMENTS, name: str = "table.csv") -> Read:
        path = tmp_path.joinpath(name)
        path.write_bytes(content)
        parsed = parse_profile(profile)
        section = parsed.section_for(name)
        problems = Problems(tmp_path.joinpath("rest.csv"))
        found = list(records(open_table(path, section), section, parsed, problems))
        problems.close()
        return found, problems

    return run
