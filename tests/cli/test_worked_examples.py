"""The public data's worked examples, to the last unit, through the command line alone."""

import random
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run

DATA = Path(__file__).parents[3].joinpath("shared", "data")
DAY = "2022-09-30"
FILES = ("purchase_orders", "goods_receipts", "invoice_receipts", "payments")


def unpacked(name: str, folder: Path) -> Path:
    archive = DATA.joinpath(f"{name}.tar.gz")
    if not archive.exists():
        pytest.skip(f"the public data are not here: {archive.name}")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder.joinpath(name)


def taken(run: Run, files: list[Path], profile: str) -> list[Any]:
    return [run("intake", str(file), "--profile", profile, "--json").json for file in files]


def shuffled(file: Path) -> None:
    heading, *rows = file.read_text(encoding="utf-8").splitlines()
    random.Random(7).shuffle(rows)
    file.write_text("\n".join([heading, *rows, ""]), encoding="utf-8")


def judged(run: Run, *known_at: str) -> None:
    asked = ("--as-of", DAY, *known_at, "--json")
    summary = run("report", "summary", *asked).json
    assert (summary["orders"], summary["repeated_payment_rows"]) == (300, 38)
    (total,) = summary["currencies"]
    assert (total["receivables"], total["face"]) == (162, "10949500.00")
    assert (total["settled"], total["settled_face"]) == (145, "9439000.00")
    assert (total["open"], total["open_amount"]) == (17, "1510500.00")
    bands = run("report", "ageing", "--since", "start", "--bands", "10,30", *asked).json["bands"]
    assert [(band["band"], band["count"], band["open"]) for band in bands] == [
        ("0-10", 8, "560650.00"),
        ("11-30", 8, "902350.00"),
        (">30", 1, "47500.00"),
    ]
    overdue, eligible = (run("report", name, *asked).json for name in ("overdue", "eligible"))
    assert overdue["totals"][0]["overdue"] == "949850.00"
    assert overdue["totals"][0]["under_review"] == 0, "plain terms are outside the Regulation"
    assert eligible["totals"] == [{"currency": "EUR", "count": 8, "amount": "560650.00"}]
    assert (len(overdue["rows"]), len(eligible["rows"])) == (9, 8)


def test_the_purchase_to_pay_example_comes_out_to_the_last_unit(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = unpacked("p2p_2022", tmp_path)
    files = [folder.joinpath(f"{name}.csv") for name in FILES]

    taken(run, files, "p2p_2022")
    judged(run)
    judged(run, "--known-at", DAY)
    again = taken(run, files, "p2p_2022")
    assert all(one["seen_before"] for one in again)
    for file in files:
        shuffled(file)
    assert not any(sum(one["new"].values()) for one in taken(run, files, "p2p_2022"))
    judged(run, "--known-at", DAY)

    monkeypatch.chdir(tmp_path)
    run("platform", "add", "BANK", "银行")
    offer = ("export", "--platform", "BANK", "--as-of", DAY, "--currency", "EUR", "--json")
    made = run(*offer, "--format", "tsin001").json
    assert (made["count"], made["total"]) == (8, "560650.00")
    answer = unpacked("iso20022", tmp_path).joinpath("samples", "tsin.002_p2p_2022-09-30.xml")
    told = run("answer", str(answer), "--as-of", "2022-10-03", "--json").json
    assert (told["financed"], told["pending"], told["refused"]) == (6, 1, 1)
    assert told["financed_amount"] == "157320.00"
    assert run("answer", str(answer), "--as-of", "2022-10-03", "--json").json["repeated"] == 8
    assert '"NOTHING_ELIGIBLE"' in run(*offer, code=1).err
    assert run("verify", "--json").json["proven"] is True


def test_the_receivables_example_comes_out_to_the_last_cent(run: Run, tmp_path: Path) -> None:
    (file,) = unpacked("ibm_ar", tmp_path).glob("*.csv")
    taken(run, [file], "ibm_ar")
    asked = ("--as-of", "2012-12-31", "--json")

    (total,) = run("report", "summary", *asked).json["currencies"]

    assert (total["receivables"], total["face"]) == (1277, "76064.07")
    assert (total["open"], total["open_amount"]) == (99, "5725.06")
    assert (total["overdue"], total["overdue_amount"]) == (13, "788.74")
    eligible = run("report", "eligible", *asked).json
    assert [(one["count"], one["amount"]) for one in eligible["totals"]] == [(67, "3766.20")]
