"""`docs/rules.md` is what the code says; ``python -m tests.law.test_rules_page`` writes it."""

from pathlib import Path

from services.ledger.law.open_points import OPEN_POINTS
from services.ledger.law.regime import R2020, R2025
from services.ledger.law.rules import ALL_RULES, as_json, as_markdown, rule_at
from services.ledger.law.settings import Settings

PAGE = Path(__file__).parents[2].joinpath("docs", "rules.md")

CATALOGUE = """
R-GATE R-TERM-GOV-DEFAULT R-TERM-GOV-CAP R-TERM-LARGE-DEFAULT R-TERM-LARGE-REVIEW R-PWP
R-START-DELIVERY R-START-ACCEPTANCE R-START-INSPECTION R-START-SETTLEMENT R-NONCASH-CLAUSE
R-NONCASH-TERM R-AUDIT R-DEPOSIT-TYPE R-DEPOSIT-CASH R-DEPOSIT-RETURN R-EXCUSE R-SPLIT
R-CONFIRM-30 R-INT-DEFAULT R-INT-FLOOR R-DISC-GOV R-DISC-LARGE R-GROUP R-COMPLAINT R-ECERT-TERM
R-ECERT-REG R-ECERT-SETTLE R-ECERT-STOP R-ASSIGN-NOTICE R-ASSIGN-PRIORITY R-ASSIGN-LOCK R-LIMIT-3Y
"""


def test_the_page_of_rules_is_current() -> None:
    assert PAGE.read_text("utf-8") == as_markdown()


def test_every_rule_of_the_catalogue_is_there_once_per_version() -> None:
    versions = [rule.version for rule in ALL_RULES]

    assert len(versions) == len(set(versions)) == len(as_json())
    assert set(CATALOGUE.split()) <= {rule.id for rule in ALL_RULES}


def test_a_contract_of_2020_is_never_told_an_article_of_2025() -> None:
    new_in_2025 = {"R-TERM-LARGE-DEFAULT", "R-TERM-LARGE-REVIEW", "R-TRANSITION"}
    new_in_2025 |= {"R-COMPLAINT", "R-GROUP"}
    spoken = {rule.id for rule in ALL_RULES if rule_at(rule.id, R2020).instrument.key == "802"}

    assert spoken <= new_in_2025


def test_a_regime_speaks_by_its_own_decree() -> None:
    assert rule_at("R-INT-DEFAULT", R2020).article == "第十五条"
    assert rule_at("R-INT-DEFAULT", R2025).article == "第十七条"
    assert rule_at("R-PWP", R2020).instrument.key == "2024-11"


def test_every_setting_is_an_open_point_with_its_recommended_choice_first() -> None:
    assert {point.setting: point.options[0] for point in OPEN_POINTS} == Settings()._asdict()


if __name__ == "__main__":
    PAGE.write_text(as_markdown(), "utf-8")
