"""The formats an export can be asked for, by the word an interface uses."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import IO, NamedTuple

from services.ledger.financing.files.csv_file import write_csv
from services.ledger.financing.files.row import ExportHeader, ExportRow, FileTotals
from services.ledger.financing.files.tsin001 import write_tsin001
from services.ledger.financing.files.xlsx_file import write_xlsx


class Format(NamedTuple):
    """How a file of one format is named, served and written."""

    extension: str
    media_type: str
    write: Callable[[ExportHeader, Iterable[ExportRow], IO[bytes]], FileTotals]


FORMATS: Mapping[str, Format] = {
    "csv": Format(".csv", "text/csv; charset=utf-8", write_csv),
    "csv-gb18030": Format(
        ".csv", "text/csv; charset=gb18030", partial(write_csv, encoding="gb18030")
    ),
    "xlsx": Format(
        ".xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        write_xlsx,
    ),
    "tsin001": Format(".xml", "application/xml", write_tsin001),
}
