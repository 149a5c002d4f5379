"""Runs alone, as a process: unfolds one worksheet into lines of JSON under hard limits.

Imports nothing of the ledger, so that what it costs is the worksheet. Line 0 is a refusal in
English and Chinese; any other line is a row number and its cells: text as text, numbers and dates
with a tag, so that the reader can tell `42` typed as text from the number 42.
"""

import json
import resource
import signal
import sys
from datetime import date, datetime, time, timedelta
from typing import TextIO

from python_calamine import CalamineError, SheetTypeEnum, SheetVisibleEnum, load_workbook

_MEMORY_BYTES = 1024 * 1024 * 1024
_SECONDS = 60


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # The clock on the wall counts only while parsing: later the reader sets the pace.
    signal.alarm(_SECONDS)


def _cell(value: object) -> str | list[str]:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date | datetime | time):
        return ["d", value.isoformat()]
    if isinstance(value, timedelta):
        return ["d", str(value)]
    # A spreadsheet shows 15 digits; the 16th and 17th are the binary fraction, not the user's.
    return ["n", format(value, ".15g")]


def _unfold(path: str, wanted: str, out: TextIO) -> None:
    workbook = load_workbook(path)
    visible = [
        one.name
        for one in workbook.sheets_metadata
        if one.visible == SheetVisibleEnum.Visible and one.typ == SheetTypeEnum.WorkSheet
    ]
    if not visible or (wanted and wanted not in visible):
        names = ", ".join(visible)
        refusal = [
            f"no visible sheet {wanted!r} among {names}",
            f"没有可见工作表 {wanted}：{names}",
        ]
        out.write(json.dumps([0, refusal]) + "\n")
        return
    sheet = workbook.get_sheet_by_name(wanted or visible[0])
    signal.alarm(0)
    first = (sheet.start or (0, 0))[0] + 1
    lines = enumerate(sheet.iter_rows(), start=first)
    out.writelines(f"{json.dumps([at, [_cell(one) for one in row]])}\n" for at, row in lines)


def main() -> None:
    """Write the sheet named by the arguments (path, sheet or nothing) to standard output."""
    _limit()
    try:
        _unfold(sys.argv[1], sys.argv[2], sys.stdout)
    except (CalamineError, OSError, ValueError) as error:
        reason = str(error)[:200]
        sys.stdout.write(json.dumps([0, [f"damaged ({reason})", f"文件已损坏（{reason}）"]]) + "\n")


if __name__ == "__main__":
    main()
