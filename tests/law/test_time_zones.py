"""A legal day is a day in China, wherever the machine stands."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.ledger.almanac import shipped
from services.ledger.law.case import explain
from tests.law.worked import EXAMPLES

ALMANAC = shipped()
_IN_ZONE = """
import json
from services.ledger.almanac import shipped
from services.ledger.law.case import explain
from tests.law.worked import EXAMPLES
print(json.dumps([explain(case, shipped()) for case, _ in EXAMPLES.values()]))
"""


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "Pacific/Kiritimati"])
def test_results_are_the_same_in_every_time_zone(zone: str) -> None:
    root = Path(__file__).parents[2]
    ran = subprocess.run(
        [sys.executable, "-c", _IN_ZONE],
        env=os.environ | {"TZ": zone, "PYTHONPATH": str(root)},
        capture_output=True,
        check=True,
        text=True,
    )

    assert json.loads(ran.stdout) == [explain(case, ALMANAC) for case, _ in EXAMPLES.values()]
