"""A profile: which column of which file is which field of which record. YAML, checked on loading.

A mistake in a profile would be a mistake in every row, so it is refused with its place in the
YAML.
"""

import re
from datetime import timedelta, timezone, tzinfo
from fnmatch import fnmatchcase
from string import Formatter
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    model_validator,
)
from pydantic_core import PydanticCustomError

from services.ledger.errors import LedgerError
from services.ledger.intake.cells import date_shape, is_date_format
from services.ledger.intake.kinds import KINDS

_OFFSET = re.compile(r"([+-])([0-9]{2}):([0-9]{2})", re.ASCII)


class ProfileError(LedgerError):
    """The profile cannot be used."""

    code = "PROFILE_INVALID"


def _wrong(english: str, chinese: str) -> PydanticCustomError:
    # Braces would be taken as placeholders; the texts hold column names written by a user.
    clean = str.maketrans({"{": "(", "}": ")"})
    return PydanticCustomError(
        "profile", "{english}", {"english": english.translate(clean), "chinese": chinese}
    )


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Value(_Part):
    """Where a field comes from: one column, a constant, or a template of columns."""

    column: StrictStr | None = None
    constant: StrictStr | StrictInt | StrictBool | None = None
    template: StrictStr | None = None
    optional: StrictBool = False
    """The column may be absent from the file; the field is then empty."""
    formats: tuple[StrictStr, ...] = ()
    """Date formats of this column, instead of the profile's."""
    map: dict[StrictStr, StrictStr] = Field(default_factory=dict)
    """The file's words and ours."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [one for one in (self.column, self.constant, self.template) if one is not None]
        if len(given) != 1:
            raise _wrong(
                "give exactly one of column, constant, template",
                "column、constant、template 须且只能给出一项",
            )
        _check_formats(self.formats)
        if self.template is not None and not self.columns:
            raise _wrong("the template names no column", "模板未引用任何列")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        if self.template is not None:
            return tuple(name for _, name, _, _ in Formatter().parse(self.template) if name)
        return () if self.column is None else (self.column,)


def _check_formats(formats: tuple[str, ...]) -> None:
    unknown = [written for written in formats if not is_date_format(written)]
    if unknown:
        raise _wrong(
            f"date formats {unknown} are not made of YYYY, M or MM, D or DD; or ISO, timestamp",
            f"日期格式 {unknown} 须由 YYYY、M 或 MM、D 或 DD 组成，或为 ISO、timestamp",
        )
    if len({date_shape(written) for written in formats}) < len(formats):
        raise _wrong(
            f"date formats {list(formats)} cannot be told apart",
            f"日期格式 {list(formats)} 无法区分",
        )


class Condition(_Part):
    """Which rows a record is taken from."""

    column: StrictStr
    equals: StrictStr | None = None
    not_equals: StrictStr | None = None
    filled: StrictBool | None = None

    @model_validator(mode="after")
    def _one_test(self) -> Self:
        tests = (self.equals, self.not_equals, self.filled)
        if sum(test is not None for test in tests) != 1:
            raise _wrong(
                "give exactly one of equals, not_equals, filled",
                "equals、not_equals、filled 须且只能给出一项",
            )
        return self


class Record(_Part):
    """One record taken from each row that meets all conditions."""

    kind: StrictStr
    where: tuple[Condition, ...] = ()
    fields: dict[StrictStr, Value]

    @model_validator(mode="after")
    def _fields_are_the_kinds(self) -> Self:
        kind = KINDS.get(self.kind)
        if kind is None:
            raise _wrong(
                f"there is no record kind {self.kind!r}; there are {', '.join(KINDS)}",
                f"没有记录类型 {self.kind!r}；可用：{'、'.join(KINDS)}",
            )
        unknown = self.fields.keys() - kind.fields.keys()
        if unknown:
            raise _wrong(
                f"a {self.kind} has no {', '.join(sorted(unknown))};"
                f" it has {', '.join(kind.fields)}",
                f"{self.kind} 没有 {'、'.join(sorted(unknown))}；可用：{'、'.join(kind.fields)}",
            )
        missing = [
            name for name, one in kind.fields.items() if one.required and name not in self.fields
        ]
        if missing:
            raise _wrong(
                f"a {self.kind} needs {', '.join(missing)}",
                f"{self.kind} 缺少 {'、'.join(missing)}",
            )
        if kind.one_of and not any(set(names) <= self.fields.keys() for names in kind.one_of):
            choices = " | ".join("+".join(names) for names in kind.one_of)
            raise _wrong(f"a {self.kind} needs {choices}", f"{self.kind} 需要 {choices}")
        return self


class Section(_Part):
    """How files of one layout are read."""

    match: StrictStr = "*"
    """Pattern of the file's name; the first section that matches is used."""
    delimiter: Literal[",", ";", "\t"] | None = None
    sheet: StrictStr | None = None
    """Name of the worksheet; the first visible one if not given."""
    heading_line: Annotated[int, Field(ge=1, le=100)] = 1
    ignore: tuple[StrictStr, ...] = ()
    """Columns that are there and not used. Any other column is an error."""
    records: Annotated[tuple[Record, ...], Field(min_length=1)]

    @property
    def columns(self) -> dict[str, bool]:
        """Every column it reads, and whether it must be there."""
        found: dict[str, bool] = {}
        for record in self.records:
            for condition in record.where:
                found[condition.column] = True
            for value in record.fields.values():
                for name in value.columns:
                    found[name] = found.get(name, False) or not value.optional
        return found

    @property
    def headings(self) -> dict[str, str]:
        """The columns that each field is read from, for errors found after reading."""
        found: dict[str, str] = {}
        for record in self.records:
            for name, value in record.fields.items():
                found.setdefault(name, " ".join(value.columns))
        return found


class Amounts(_Part):
    """How the file writes money."""

    places: Annotated[int, Field(ge=0, le=6)] = 2
    thousands: StrictBool = False
    unit: Literal["yuan", "fen", "wan"] = "yuan"


class UnknownParties(_Part):
    """What becomes of a debtor or creditor the ledger does not know."""

    action: Literal["reject", "register"] = "reject"
    debtor_kind: Literal["GOV", "INSTITUTION", "LARGE", "UNKNOWN"] = "UNKNOWN"
    creditor_kind: Literal["MEDIUM", "SMALL", "MICRO", "UNKNOWN"] = "UNKNOWN"
    domestic: StrictBool = True
    """False: established outside China, so that the Regulation does not apply to them."""


class Profile(_Part):
    """A whole profile."""

    profile: StrictStr
    title: StrictStr = ""
    note: StrictStr = ""
    source: StrictStr
    """Names the book the file's own ids belong to: the same id in two books is two documents.

    Each party has books of its own; the operator's are the installation's.
    """
    zone: StrictStr = "Asia/Shanghai"
    dates: Annotated[tuple[StrictStr, ...], Field(min_length=1)] = ("ISO",)
    amounts: Amounts = Amounts()
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "CNY"
    parties_known_by: StrictStr = "USCC"
    """Scheme of the identifiers by which the file names parties: USCC, NAME, or a book's own."""
    unknown_parties: UnknownParties = UnknownParties()
    uploaded_by: Literal["debtor", "creditor"] = "creditor"
    """A debtor's own upload of what it owes is its confirmation of it."""
    files: Annotated[tuple[Section, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _formats_and_zone(self) -> Self:
        _check_formats(self.dates)
        zone_of(self.zone)
        return self

    def section_for(self, file_name: str) -> Section:
        """Return the section that describes a file of that name."""
        for section in self.files:
            if fnmatchcase(file_name.lower(), section.match.lower()):
                return section
        patterns = ", ".join(section.match for section in self.files)
        raise ProfileError(
            f"Profile {self.profile} describes {patterns}; {file_name!r} is none of them.",
            f"配置 {self.profile} 只描述 {patterns}，不含文件 {file_name!r}。",
        )


def zone_of(written: str) -> tzinfo:
    """Return the zone of ``+02:00`` or of a name such as ``Asia/Shanghai``."""
    match = _OFFSET.fullmatch(written)
    if match is not None:
        sign, hours, minutes = match.groups()
        ahead = timedelta(hours=int(hours), minutes=int(minutes))
        if ahead < timedelta(hours=24):
            return timezone(-ahead if sign == "-" else ahead)
    try:
        return ZoneInfo(written)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _wrong(
            f"there is no time zone {written!r}; write +08:00 or Asia/Shanghai",
            f"没有时区 {written!r}；请写 +08:00 或 Asia/Shanghai",
        ) from None
