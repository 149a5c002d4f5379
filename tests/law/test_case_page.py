"""`docs/case_format.md` names every key and word that the format takes."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from services.ledger.almanac import shipped
from services.ledger.law import case_contract, case_facts, case_input, costs, decree_802, lines
from services.ledger.law.case import explain
from services.ledger.law.limitation import KINDS as INTERRUPTIONS
from services.ledger.law.terms import START_RULES
from tests.law.test_bad_cases import FULL, paths

PAGE = Path(__file__).parents[2].joinpath("docs", "case_format.md").read_text("utf-8")
NAMED = set(re.findall(r"[\w]+", " ".join(re.findall(r"`([^`]+)`", PAGE))))


@pytest.mark.parametrize(
    "words",
    [
        case_contract.CONTRACT_KEYS,
        case_contract.CREDITOR_KEYS,
        case_contract.SIZES,
        case_contract.SOURCES,
        case_facts.FACT_KEYS,
        costs.KINDS,
        case_input.KINDS,
        case_input.SUBJECTS,
        decree_802.BANNED_EXCUSES,
        decree_802.FOUR_DEPOSITS,
        lines.KINDS,
        frozenset(lines.STARTS),
        INTERRUPTIONS,
        frozenset(START_RULES),
        frozenset(str(key) for place in paths(FULL) for key in place if isinstance(key, str)),
    ],
)
def test_the_page_names_every_word(words: frozenset[str]) -> None:
    assert words <= NAMED


def test_the_page_names_what_is_answered() -> None:
    found: Any = explain(FULL | {"contract": {"lines": [{"kind": "FINAL"}]}}, shipped())

    assert set(found) | set(found["interest"]) | set(found["costs"]) <= NAMED
    assert "仅供核查，不构成法律认定" in json.dumps(found["trace"], ensure_ascii=False)
