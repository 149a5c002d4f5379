"""XLSX: looked at from outside first, then parsed in a child that may die without us.

A workbook of 60 kB can unfold to gigabytes. Its directory says how large its parts claim to be;
the child's limits hold when the directory lies.
"""

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from services.ledger.intake.cells import DateCell, NumberCell
from services.ledger.intake.problems import FileRefusedError

_MAX_ENTRIES = 200
_MAX_TOTAL_BYTES = 64 * 1024 * 1024
_MAX_ENTRY_BYTES = 32 * 1024 * 1024
_MAX_RATIO = 100
_MAX_DIRECTORY_BYTES = 128 * 1024
_END, _ZIP64 = b"PK\x05\x06", b"PK\x06\x07"
_TAIL_BYTES = 22 + 20 + 65_535
_SMALL = 64 * 1024
"""Parts up to here may be packed at any ratio: a sheet of empty cells is, and does no harm."""
_CHILD = Path(__file__).with_name("sheet_child.py")


def check_workbook(path: Path) -> None:
    """Refuse a zip that is no honest workbook, without unpacking anything of it."""
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - _TAIL_BYTES))
        tail = stream.read()
    end = tail.rfind(_END)
    directory_bytes = int.from_bytes(tail[end + 12 : end + 16], "little")
    if end < 0 or _ZIP64 in tail or directory_bytes > _MAX_DIRECTORY_BYTES:
        raise _refused(path, "its directory is missing or oversized", "目录缺失或过大")
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise _refused(path, "it is damaged", "文件已损坏") from None
    if len(entries) > _MAX_ENTRIES:
        raise _refused(path, f"more than {_MAX_ENTRIES} parts", f"超过{_MAX_ENTRIES}个部件")
    if sum(entry.file_size for entry in entries) > _MAX_TOTAL_BYTES:
        raise _refused(path, "it unpacks to more than 64 MiB", "解压后超过64 MiB")
    for entry in entries:
        if entry.file_size > _MAX_ENTRY_BYTES:
            raise _refused(path, "a part unpacks to more than 32 MiB", "有部件解压后超过32 MiB")
        if entry.file_size > max(_SMALL, _MAX_RATIO * entry.compress_size):
            raise _refused(path, "a part is packed more than 100-fold", "有部件压缩比超过100倍")
        if entry.filename.startswith("/") or ".." in entry.filename or "\\" in entry.filename:
            raise _refused(path, "a part's name leaves the file", "部件名称越界")
        if entry.flag_bits & 1:
            raise _refused(path, "it is encrypted", "文件已加密")


def _refused(path: Path, english: str, chinese: str) -> FileRefusedError:
    return FileRefusedError(
        f"{path.name} is not read as a workbook: {english}. Save large tables as CSV.",
        f"{path.name} 不能作为工作簿读取：{chinese}。数据量大时请另存为 CSV。",
    )


def sheet_rows(path: Path, sheet: str | None) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of one sheet with their row numbers, parsed by a limited child process."""
    command = [sys.executable, "-I", str(_CHILD), str(path), sheet or ""]
    with subprocess.Popen(  # noqa: S603 - our own file, no shell
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        assert child.stdout is not None
        try:
            for written in child.stdout:
                line, cells = json.loads(written)
                if line == 0:
                    raise _refused(path, cells[0], cells[1])
                yield line, [_cell(one) for one in cells]
            if child.wait() != 0:
                raise _refused(
                    path, "it needs too much memory or time", "解析所需内存或时间超出限额"
                )
        finally:
            child.kill()


def _cell(one: str | list[str]) -> str:
    if isinstance(one, str):
        return one
    tag, value = one
    return NumberCell(value) if tag == "n" else DateCell(value)
