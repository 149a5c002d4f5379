"""A party is told by mail of what others do to its sign-ins, and not of what its own people do."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from sqlmodel import Session

from services.events import Data, UserAdded, UserChanged, UserPasswordSet
from services.notifier import rules
from services.notifier.config import Settings
from services.notifier.service import pull_and_plan
from tests.notifier.fakes import DEBTOR, FakeLedger
from tests.notifier.test_planning import told

HAPPENED: tuple[Data, ...] = (
    UserAdded(role="core_enterprise", party_id=DEBTOR),
    UserPasswordSet(role="core_enterprise", party_id=DEBTOR),
    UserChanged(change="second_factor_removed", duty="administrator", party_id=DEBTOR),
)


def only_what_others_did_is_told(config: Settings, ledger: FakeLedger, db: Session) -> None:
    for data in HAPPENED:
        ledger.append(data, creditor=None, actor_party_id=str(DEBTOR))
    pull_and_plan(config)
    assert told(db) == set()

    for data in HAPPENED:
        ledger.append(data, creditor=None)
    ledger.append(UserAdded(role="operator"), debtor=None, creditor=None)
    pull_and_plan(config)
    assert told(db) == {
        (data.type, "debtor", channel) for data in HAPPENED for channel in ("email", "inbox")
    }


def test_a_party_is_told_of_sign_ins_that_others_made_or_reset(
    config: Settings, ledger: FakeLedger, db: Session
) -> None:
    only_what_others_did_is_told(config, ledger, db)


def test_telling_of_what_the_party_did_itself_would_be_seen(
    config: Settings, ledger: FakeLedger, db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything: Mapping[str, rules.Rule] = {
        type_: replace(rule, actor_knows=False) for type_, rule in rules.RULES.items()
    }
    monkeypatch.setattr(rules, "RULES", everything)

    with pytest.raises(AssertionError):
        only_what_others_did_is_told(config, ledger, db)
