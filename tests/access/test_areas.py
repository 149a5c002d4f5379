"""Of which area an address is, where something lies under an id that bears it."""

from services.ledger.credentials import AREA_OF_PART
from tests.access.making import a_key, client_of
from tests.ledger.conftest import SUPPLIER, Client, SignIn, supplier

__all__ = ["supplier"]


def test_what_lies_under_an_id_is_of_that_area_unless_it_is_judged_to_be_of_another(
    ledger: SignIn,
) -> None:
    from services.ledger.app import app  # noqa: PLC0415 (after the settings are in place)

    split = [path.split("/") for path in app.openapi()["paths"] if path.startswith("/v1/")]
    parts = {(one[2], one[4]) for one in split if len(one) > 4 and one[3].startswith("{")}

    assert parts - set(AREA_OF_PART) == {
        *(("approvals", part) for part in ("approval", "rejection", "withdrawal")),
        *(("checkpoints", part) for part in ("consistency", "cosignatures")),
        ("contracts", "audit"),
        ("events", "proof"),
        ("exports", "file"),
        ("imports", "commit"),
        ("orders", "{what}"),
        *(
            ("receivables", part)
            for part in ("confirmation", "confirmation-requests", "credits", "disputes", "history")
        ),
        *(("receivables", part) for part in ("proof", "resolutions")),
        *(("webhooks", part) for part in ("deliveries", "pings", "replays", "secrets")),
    }
    assert set(AREA_OF_PART) <= parts


def test_keeping_parties_is_not_keeping_accounts(supplier: Client) -> None:
    path = f"/v1/parties/{SUPPLIER}/repayment-accounts"
    account = {"holder": "乙", "bank": "银行", "number": "6222020200012345678"}
    (made,) = supplier.post(path, json=account).json()
    parties = a_key("supplier", SUPPLIER, scopes=("parties:read", "parties:write"))
    with client_of(parties.token) as client:
        told = [client.get(f"{path}/{made['id']}"), client.post(path, json=account)]
    assert [answer.json()["code"] for answer in told] == ["KEY_RESTRICTED"] * 2
    payments = a_key("supplier", SUPPLIER, scopes=("payments:read",))
    with client_of(payments.token) as client:
        assert client.get(f"{path}/{made['id']}").json()["account"] == account["number"]
