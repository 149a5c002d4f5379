#!/usr/bin/env python3
"""离线核验应收账款台账的证据包。 Check a proof bundle of a receivables ledger, offline.

    python ledger_verify.py BUNDLE [--key KEY] [--checkpoint EARLIER] [--witness KEY] [--json]

This file alone with Python 3.11 and `cryptography` is enough; copy it to wherever it is needed.
Exit codes: 0 proven, 1 refused with one stable code, 2 wrong usage.

Trees are those of RFC 9162; checkpoints and cosignatures are signed notes (c2sp.org/signed-note,
c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature).
"""

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "ledger-proof-bundle/1"
LARGEST_BYTES = 16 * 1024 * 1024
_REFUSALS = {
    "UNREADABLE": (
        "the file is cut off, is no such JSON, or is over 16 MiB",
        "文件被截断、不是规定的JSON，或超过16 MiB",
    ),
    "FORMAT_UNKNOWN": ("a member is missing or malformed", "缺少成员或成员格式不符"),
    "NOTE_MALFORMED": ("a signed note is malformed", "签名文本格式不符"),
    "KEY_WRONG": ("the key given is none of this log's", "所给公钥不是该日志的公钥"),
    "KEY_FORGED": ("a key was not handed over by the one before it", "公钥未经前一公钥签署交接"),
    "CHECKPOINT_FORGED": ("the checkpoint is not signed by the log", "检查点未经日志公钥有效签名"),
    "EVENT_FORGED": ("an event is not in the log as it stands here", "事件与日志中的记录不符"),
    "EVENT_FOREIGN": ("an event is about something else", "事件不属于该应收账款"),
    "EVENT_DUPLICATED": ("an event is there twice", "事件重复"),
    "EVENTS_REORDERED": ("events are not in the order of the log", "事件次序与日志不符"),
    "EVENT_MISSING": ("an event between others is left out", "中间缺少事件"),
    "OPENING_FORGED": ("a disclosed value is not the committed one", "披露的内容与承诺值不符"),
    "BUNDLE_ALTERED": ("the bundle is not as the ledger issued it", "证据包与台账签发时不一致"),
    "CONSISTENCY_MISSING": (
        "no consistency proof from the earlier checkpoint; ask for the bundle with --since {}",
        "缺少与先前检查点的一致性证明；请用 --since {} 重新取得证据包",
    ),
    "LOG_REWRITTEN": ("the log contradicts the earlier checkpoint", "日志与先前的检查点矛盾"),
}


class Refused(Exception):  # noqa: N818 (it is the answer, not a failure of this program)
    """The bundle does not prove what it says; the code is stable."""

    def __init__(self, code: str, where: object = "") -> None:
        super().__init__(code)
        self.code = code
        english, chinese = (text.format(where) for text in _REFUSALS[code])
        self.english, self.chinese = (
            f"{text} ({where})" if where and str(where) not in text else text
            for text in (english, chinese)
        )


# SM2 (GB/T 32918.5-2017, recommended curve), in affine coordinates: short rather than fast.
P = 2**256 - 2**224 - 2**96 + 2**64 - 1
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
Point = tuple[int, int] | None


def sm2_add(left: Point, right: Point) -> Point:
    """Add two points of the curve; None is the neutral one."""
    if left is None or right is None:
        return left or right
    (x1, y1), (x2, y2) = left, right
    if x1 == x2 and (y1 + y2) % P == 0:
        return None
    over, under = (3 * x1 * x1 + A, 2 * y1) if left == right else (y2 - y1, x2 - x1)
    slope = over * pow(under, -1, P) % P
    x3 = (slope * slope - x1 - x2) % P
    return x3, (slope * (x1 - x3) - y1) % P


def sm2_multiply(times: int, point: Point) -> Point:
    """Add a point to itself so many times."""
    result: Point = None
    for bit in f"{times:b}":
        result = sm2_add(result, result)
        if bit == "1":
            result = sm2_add(result, point)
    return result


def sm2_digest(public: bytes, message: bytes) -> int:
    """Return e = SM3(Z || M) for the standard's default identity 1234567812345678."""
    identity = b"1234567812345678"
    numbers = b"".join(one.to_bytes(32) for one in (A, B, *G))
    z = sm3((len(identity) * 8).to_bytes(2) + identity + numbers + public)
    return int.from_bytes(sm3(z + message))


def sm2_verify(public: bytes, signature: bytes, message: bytes) -> bool:
    """Say whether r || s is the signature of a message by the holder of x || y."""
    x, y = int.from_bytes(public[:32]), int.from_bytes(public[32:])
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    on_curve = max(x, y) < P and (y * y - x**3 - A * x - B) % P == 0
    if (
        len(signature) != len(public)
        or not on_curve
        or not (0 < r < N and 0 < s < N)
        or (r + s) % N == 0
    ):
        return False
    point = sm2_add(sm2_multiply(s, G), sm2_multiply((r + s) % N, (x, y)))
    return point is not None and (sm2_digest(public, message) + point[0]) % N == r


def ed25519_verify(public: bytes, signature: bytes, message: bytes) -> bool:
    """Say whether a signature of RFC 8032 is good."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def sha256(data: bytes) -> bytes:
    """Return the SHA-256 of some bytes."""
    return hashlib.sha256(data).digest()


def sm3(data: bytes) -> bytes:
    """Return the SM3 (GB/T 32905-2016) of some bytes."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


def unbase64(text: str) -> bytes:
    """Return the bytes of a base64 text; each has one spelling only, so no letter can vary."""
    blob = base64.b64decode(text, validate=True)
    if base64.b64encode(blob).decode() != text:
        raise ValueError(text)
    return blob


class Suite(NamedTuple):
    """A hash and a signature that go together."""

    name: str
    hash: Callable[[bytes], bytes]
    verify: Callable[[bytes, bytes, bytes], bool]
    plain: bytes
    """The byte, or bytes, by which a signed note tells this signature from others."""
    timed: bytes
    """The same of a signature that states its time: a cosignature."""
    public_bytes: int


SUITES = {
    suite.name: suite
    for suite in (
        Suite("sha256-ed25519", sha256, ed25519_verify, b"\x01", b"\x04", 32),
        Suite("sm3-sm2", sm3, sm2_verify, b"\xffsm2-sm3", b"\xffsm2-sm3-cosignature/v1", 64),
    )
}


class Key(NamedTuple):
    """A public key by its name in signed notes."""

    name: str
    kind: bytes
    public: bytes

    @property
    def suite(self) -> Suite:
        """What the key signs with."""
        return next(one for one in SUITES.values() if self.kind in {one.plain, one.timed})

    @property
    def id(self) -> bytes:
        """The four bytes that stand before its signatures."""
        return sha256(self.name.encode() + b"\n" + self.kind + self.public)[:4]

    @property
    def fingerprint(self) -> str:
        """What two people compare on the telephone."""
        return "SHA256:" + sha256(self.kind + self.public).hex()

    def __str__(self) -> str:
        body = base64.b64encode(self.kind + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{body}"

    @classmethod
    def read(cls, text: str) -> "Key":
        """Read a key as c2sp.org/signed-note writes it: name+id+base64."""
        try:
            name, identifier, body = text.strip().split("+", 2)
            blob = unbase64(body)
        except ValueError:
            raise Refused("NOTE_MALFORMED", "key") from None
        for suite in SUITES.values():
            for kind in (suite.plain, suite.timed):
                key = cls(name, kind, blob[len(kind) :])
                fits = blob.startswith(kind) and len(key.public) == suite.public_bytes
                if fits and key.id.hex() == identifier:
                    return key
        raise Refused("NOTE_MALFORMED", "key")

    def cosigner(self) -> "Key":
        """The same key where it states the time."""
        return self._replace(kind=self.suite.timed)


def signed_text(text: str, time: int | None) -> bytes:
    """Return what is signed of a note, with the time where the signature states one."""
    return ("" if time is None else f"cosignature/v1\ntime {time}\n").encode() + text.encode()


def open_note(note: str, key: Key) -> tuple[str, int | None] | None:
    """Return a note's text, and the time signed with it; None if this key did not sign it."""
    text, gap, lines = note.rpartition("\n\n")
    if not gap or not lines.endswith("\n"):
        raise Refused("NOTE_MALFORMED")
    found = False
    time = None
    for line in lines[:-1].split("\n"):
        try:
            dash, name, body = line.split(" ")
            blob = unbase64(body)
        except ValueError:
            raise Refused("NOTE_MALFORMED") from None
        if dash != "—" or (name, blob[:4]) != (key.name, key.id):
            continue
        signature = blob[4:]
        if key.kind == key.suite.timed:
            time, signature = int.from_bytes(blob[4:12]), blob[12:]
        if not key.suite.verify(key.public, signature, signed_text(text + "\n", time)):
            return None
        found = True
    return (text + "\n", time) if found else None


def read_checkpoint(text: str) -> tuple[str, int, bytes]:
    """Return the origin, the size and the root of a checkpoint's text."""
    try:
        origin, size, root = text.splitlines()[:3]
        read = origin, int(size), unbase64(root)
    except ValueError:
        raise Refused("NOTE_MALFORMED", "checkpoint") from None
    if str(read[1]) != size or not origin or len(read[2]) != len(sha256(b"")) or read[1] < 0:
        raise Refused("NOTE_MALFORMED", "checkpoint")
    return read


def leaf_hash(suite: Suite, leaf: bytes) -> bytes:
    """RFC 9162, 2.1.1: HASH(0x00 || d)."""
    return suite.hash(b"\x00" + leaf)


def node_hash(suite: Suite, left: bytes, right: bytes) -> bytes:
    """RFC 9162, 2.1.1: HASH(0x01 || left || right)."""
    return suite.hash(b"\x01" + left + right)


def root_of_inclusion(
    suite: Suite, index: int, size: int, leaf: bytes, path: Sequence[bytes]
) -> bytes | None:
    """Return the root that a leaf's hash and path give; None for a path of the wrong length.

    RFC 9162, 2.1.3.2.
    """
    if not 0 <= index < size:
        return None
    position, last, root = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if position & 1 or position == last:
            root = node_hash(suite, sibling, root)
            while position & 1 == 0 and position:
                position, last = position >> 1, last >> 1
        else:
            root = node_hash(suite, root, sibling)
        position, last = position >> 1, last >> 1
    return root if last == 0 else None


def is_consistent(
    suite: Suite, sizes: tuple[int, int], roots: tuple[bytes, bytes], path: Sequence[bytes]
) -> bool:
    """Say whether the tree of the first size is a beginning of the second (RFC 9162, 2.1.4.2)."""
    first, second = sizes
    if not 0 < first <= second:
        return False
    if first == second:
        return not path and roots[0] == roots[1]
    steps = list(path)
    if first & (first - 1) == 0:
        steps.insert(0, roots[0])
    if not steps:
        return False
    position, last = first - 1, second - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old, new = node_hash(suite, step, old), node_hash(suite, step, new)
            while position & 1 == 0 and position:
                position, last = position >> 1, last >> 1
        else:
            new = node_hash(suite, new, step)
        position, last = position >> 1, last >> 1
    return last == 0 and (old, new) == roots


def canonical(value: object) -> bytes:
    """Return RFC 8785's bytes of what a bundle may hold: ASCII names and no fractions."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def statement_of(bundle: dict[str, Any]) -> str:
    """Return what the ledger signs of a bundle: everything in it but that signature."""
    body = {name: value for name, value in bundle.items() if name != "statement"}
    digest = SUITES[bundle["suite"]].hash(canonical(body))
    origin = bundle["checkpoint"].partition("\n")[0]
    return f"{origin}/bundle\n{bundle['receivable_id']}\n{base64.b64encode(digest).decode()}\n"


class Line(NamedTuple):
    """One thing that is proven, or is not."""

    english: str
    chinese: str


class Report(NamedTuple):
    """What a bundle proves, and what it does not."""

    receivable_id: str
    size: int
    fingerprint: str
    history: list[str]
    """What was recorded, an event a line: position, instant, kind, and what was said."""
    proven: list[Line]
    not_proven: list[Line]


class Given(NamedTuple):
    """What the person who checks brings along, known from elsewhere."""

    key: Key | None = None
    checkpoint: str | None = None
    witnesses: Sequence[Key] = ()


def check(document: bytes, given: Given = Given()) -> Report:  # noqa: B008 (it never changes)
    """Return what a bundle proves.

    Raises:
        Refused: it does not hold together; the code says where.
    """
    try:
        return _check(_read(document), given)
    except MemoryError:
        raise Refused("UNREADABLE") from None
    except (LookupError, TypeError, AttributeError, ValueError, RecursionError):
        raise Refused("FORMAT_UNKNOWN") from None
    except (OverflowError, OSError):  # an instant that no calendar has
        raise Refused("NOTE_MALFORMED", "time") from None


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    listed = list(pairs)
    found = dict(listed)
    if len(found) != len(listed) or not all(name.isascii() for name in found):
        raise ValueError
    return found


def _no_number(text: str) -> object:
    raise ValueError(text)


def _read(document: bytes) -> dict[str, Any]:
    if len(document) > LARGEST_BYTES:
        raise Refused("UNREADABLE")
    try:
        bundle = json.loads(
            document.decode(),
            object_pairs_hook=_unique,
            parse_float=_no_number,
            parse_constant=_no_number,
        )
        canonical(bundle)
    except (ValueError, RecursionError):
        raise Refused("UNREADABLE") from None
    if not isinstance(bundle, dict) or bundle.get("format") != FORMAT:
        raise Refused("FORMAT_UNKNOWN")
    if bundle.get("suite") not in [*SUITES]:
        raise Refused("FORMAT_UNKNOWN")
    return bundle


def _check(bundle: dict[str, Any], given: Given) -> Report:
    suite = SUITES[bundle["suite"]]
    keys = _keys(bundle["keys"], suite, given.key)
    note = bundle["checkpoint"]
    key, time = _signer(note, keys)
    origin, size, root = read_checkpoint(note)
    if origin != key.name:
        raise Refused("CHECKPOINT_FORGED", origin)
    proven = [
        Line(
            f"The ledger {origin} signed the state of its log after {size} events, at {time}.",
            f"台账 {origin} 于 {time} 签署了其日志在第{size}个事件时的状态。",
        )
    ]
    opened, closed = _events(bundle, suite, size, root)
    proven.append(_of_events(bundle["events"]))
    if opened:
        proven.append(
            Line(f"Disclosed as recorded: {opened} values.", f"{opened}项披露内容与记录一致。")
        )
    statement = open_note(bundle["statement"], keys[-1])
    one_line = bundle["statement"].rpartition("\n\n")[2].count("\n") == 1
    if statement is None or statement[0] != statement_of(bundle) or not one_line:
        raise Refused("BUNDLE_ALTERED")
    proven.append(
        Line(
            "Everything else here, the reasoning too, is what the ledger issued, to the letter.",
            "其余内容（包括理由说明）与台账签发时逐字一致。",
        )
    )
    if given.checkpoint is not None:
        everyone = _keys(bundle["keys"], suite, None)
        proven.append(_history(bundle, suite, everyone, given.checkpoint))
    seen, unseen = _witnessed(note, given.witnesses)
    history = [_told(event) for event in bundle["events"]]
    limits = unseen + _limits(given, size, closed, others=bool(seen))
    if hidden := [str(one["position"]) for one in bundle["events"] if "withheld" in one]:
        where = ", ".join(hidden)
        said = f"What the events at {where} say, which whoever asked for this may not read."
        limits.append(Line(said, f"第{where}位的事件说了什么（申请人无权阅读）。"))
    proven += seen
    return Report(bundle["receivable_id"], size, key.fingerprint, history, proven, limits)


def _keys(notes: list[str], suite: Suite, trusted: Key | None) -> list[Key]:
    """Return the log's keys from the trusted one on, each signed for by the one before it."""
    keys: list[Key] = []
    for note in notes:
        origin, _, text = note.rpartition("\n\n")[0].partition("\n")
        key = Key.read(text)
        endorsed = open_note(note, keys[-1] if keys else key)
        if not endorsed or origin != f"{key.name}/key" or key.kind != suite.plain:
            raise Refused("KEY_FORGED", key.fingerprint)
        keys.append(key)
    if trusted is not None:
        if trusted not in keys:
            raise Refused("KEY_WRONG", trusted.fingerprint)
        keys = keys[keys.index(trusted) :]
    if not keys:
        raise Refused("FORMAT_UNKNOWN", "keys")
    return keys


def _signer(note: str, keys: Sequence[Key]) -> tuple[Key, datetime]:
    for key in keys:
        timed = open_note(note, key.cosigner())
        if open_note(note, key) and timed and timed[1] is not None:
            return key, datetime.fromtimestamp(timed[1], UTC)
    raise Refused("CHECKPOINT_FORGED")


def _events(bundle: dict[str, Any], suite: Suite, size: int, root: bytes) -> tuple[int, int]:
    """Check each event and their chain; return how many values are disclosed and how many not.

    Of an event withheld from whom the bundle is for, its place is checked: the next one names it.
    """
    opened = closed = before = shown_events = 0
    _in_order([event["position"] for event in bundle["events"]])
    for event in bundle["events"]:
        position, leaf = event["position"], None if "withheld" in event else event["leaf"]
        if leaf and leaf["subject_id"] != bundle["receivable_id"]:
            raise Refused("EVENT_FOREIGN", position)
        hashed = leaf_hash(suite, canonical(leaf)) if leaf else unbase64(event["withheld"])
        path = [unbase64(one) for one in event["path"]]
        if root_of_inclusion(suite, position - 1, size, hashed, path) != root:
            raise Refused("EVENT_FORGED", position)
        previous, before = before, position
        if not leaf:
            continue
        shown_events += 1
        if leaf["previous"] != previous:
            raise Refused("EVENT_MISSING", leaf["previous"])
        shown = event.get("openings", {})
        opened += len(shown)
        closed += _committed([leaf["actor"], leaf["data"]]) - len(shown)
        for field, opening in shown.items():
            value = bytes.fromhex(opening["salt"]) + opening["value"].encode()
            if _at(leaf, field)["commitment"] != suite.hash(value).hex():
                raise Refused("OPENING_FORGED", f"{position} {field}")
    if not shown_events:
        raise Refused("EVENT_MISSING")
    return opened, closed


def _in_order(positions: list[int]) -> None:
    for left, right in pairwise(positions):
        if right <= left:
            raise Refused("EVENT_DUPLICATED" if right == left else "EVENTS_REORDERED", right)


def _told(event: dict[str, Any]) -> str:
    if "withheld" in event:
        return f"{event['position']} 未提供 withheld"
    leaf = event["leaf"]
    said = [f"{name}={value}" for name, value in leaf["data"].items() if isinstance(value, str)]
    shown = [f"{name}={one['value']}" for name, one in event.get("openings", {}).items()]
    line = " ".join([str(event["position"]), leaf["recorded_at"], leaf["type"], *said, *shown])
    return "".join(letter if letter.isprintable() else "?" for letter in line)


def _at(leaf: dict[str, Any], field: str) -> Any:  # noqa: ANN401 (whatever stands there)
    """Return what a leaf has at a field such as ``data.accounts.0.bank``."""
    found: Any = leaf
    for part in field.split("."):
        found = found[int(part) if isinstance(found, list) else part]
    return found


def _committed(value: object) -> int:
    """Return how many commitments stand in something, at any depth."""
    if isinstance(value, dict):
        return 1 if [*value] == ["commitment"] else sum(_committed(one) for one in value.values())
    return sum(_committed(one) for one in value) if isinstance(value, list) else 0


def _of_events(events: Sequence[dict[str, Any]]) -> Line:
    first, last, count = events[0]["position"], events[-1]["position"], len(events)
    return Line(
        f"All {count} events of the receivable up to position {last} are in that log, unchanged,"
        f" in this order, none left out between; the first is at position {first}.",
        f"该应收账款截至第{last}位的全部{count}个事件均在该日志中，内容未改、次序如此、中间无遗漏；"
        f"首个事件位于第{first}位。",
    )


def _history(bundle: dict[str, Any], suite: Suite, keys: Sequence[Key], earlier: str) -> Line:
    key, time = _signer(earlier, keys)
    origin, old, old_root = read_checkpoint(earlier)
    _, size, root = read_checkpoint(bundle["checkpoint"])
    path = [] if old == size else bundle.get("consistency", {}).get(str(old))
    if path is None:
        raise Refused("CONSISTENCY_MISSING", old)
    steps = [unbase64(one) for one in path]
    if origin != key.name or not is_consistent(suite, (old, size), (old_root, root), steps):
        raise Refused("LOG_REWRITTEN", old)
    return Line(
        f"Nothing in the log changed since the earlier checkpoint of {old} events, {time}.",
        f"自先前第{old}个事件的检查点（{time}）以来，日志只增未改。",
    )


def _witnessed(note: str, witnesses: Sequence[Key]) -> tuple[list[Line], list[Line]]:
    """Return which witnesses signed the checkpoint, and which did not."""
    seen, unseen = [], []
    for witness in witnesses:
        name, signed = witness.name, open_note(note, witness)
        if signed and signed[1] is not None:
            at = datetime.fromtimestamp(signed[1], UTC)
            seen.append(Line(f"{name} saw this same log at {at}.", f"{name} 于 {at} 见证。"))
        else:
            unseen.append(
                Line(
                    f"That {name} saw this log: no good signature of it is under the checkpoint.",
                    f"{name} 是否见证：检查点下没有其有效签名。",
                )
            )
    return seen, unseen


def _limits(given: Given, size: int, closed: int, *, others: bool) -> list[Line]:
    lines = [
        Line(
            "That what was recorded is true; and the reasoning is no finding of law.",
            "所记录内容是否属实；理由说明仅供核查，不构成法律认定。",
        ),
        Line(
            f"That nothing about it was recorded after event {size}.",
            f"第{size}个事件之后是否另有记录。",
        ),
    ]
    if given.key is None:
        lines.append(
            Line(
                "Whose key it is: compare its fingerprint with one got elsewhere, or give --key.",
                "公钥属于谁：请与另行取得的指纹比对，或以 --key 提供公钥。",
            )
        )
    if given.checkpoint is None and not others:
        lines.append(
            Line(
                "That others were shown the same log: give --checkpoint from an e-mail, or"
                " --witness.",
                "他人所见是否为同一日志：请以 --checkpoint 提供邮件中的检查点，或提供 --witness。",
            )
        )
    if closed:
        lines.append(
            Line(
                f"What {closed} withheld values are (people, contacts, accounts, reasons); only"
                " that they were fixed.",
                f"{closed}项未披露内容（人员、联系方式、账户、事由）是什么；仅证明其已固定。",
            )
        )
    return lines


def say(report: Report) -> str:
    """Return a report for people."""
    head = f"✓ 已证明 PROVEN: 应收账款 receivable {report.receivable_id}"
    key = f"  公钥指纹 key fingerprint {report.fingerprint}"
    history = (f"    {line}" for line in report.history)
    proven = (f"  ✓ {line.chinese}\n    {line.english}" for line in report.proven)
    limits = (f"  – {line.chinese}\n    {line.english}" for line in report.not_proven)
    return "\n".join([head, key, *history, *proven, "未证明 NOT proven:", *limits])


def _print(text: str) -> None:
    """Print what a terminal of any encoding can show; what would steer it is not passed on."""
    safe = "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text)
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(f"{safe}\n".encode(encoding, "replace").decode(encoding))


def _bytes_of(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(LARGEST_BYTES + 1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check one bundle from the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="ledger-verify", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("bundle", type=Path, help="the file of `ledger proof bundle` 证据包")
    parser.add_argument("--key", help="the log's key, known from elsewhere 日志公钥")
    parser.add_argument("--checkpoint", type=Path, help="an earlier checkpoint 先前的检查点")
    parser.add_argument("--witness", action="append", default=[], help="a witness's key 见证人公钥")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    try:
        document = _bytes_of(options.bundle)
        earlier = None
        if options.checkpoint:  # as copied out of an e-mail
            text = _bytes_of(options.checkpoint).decode()
            earlier = text.replace("\r\n", "\n").strip() + "\n"
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    try:
        key = Key.read(options.key) if options.key else None
        given = Given(key, earlier, [Key.read(one) for one in options.witness])
        report = check(document, given)
    except Refused as refused:
        said = {"code": refused.code, "detail": refused.english, "detail_zh": refused.chinese}
        text = f"✗ {refused.code}\n  {refused.chinese}\n  {refused.english}"
        _print(json.dumps({"proven": False} | said, ensure_ascii=False) if options.json else text)
        return 1
    result = {"proven": True, "receivable_id": report.receivable_id, "size": report.size}
    result |= {
        "fingerprint": report.fingerprint,
        "history": report.history,
        "proves": [one._asdict() for one in report.proven],
    }
    result |= {"does_not_prove": [one._asdict() for one in report.not_proven]}
    _print(json.dumps(result, ensure_ascii=False, indent=2) if options.json else say(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
