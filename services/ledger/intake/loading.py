"""Profiles from YAML: a mistake is refused with its place, and nothing can be said twice."""

from pathlib import Path

import yaml
from pydantic import ValidationError

from services.ledger.intake.profile import Profile, ProfileError

SHIPPED = Path(__file__).parent.joinpath("profiles")
"""The profiles that come with the ledger, named by their file name without ``.yaml``."""

_LARGEST = 256 * 1024
"""Characters of the longest profile read."""
_CHINESE = {
    "missing": "缺少此项",
    "extra_forbidden": "没有这一项",
    "literal_error": "取值不在允许范围内",
}


def load_profile(named: str | Path) -> Profile:
    """Return a shipped profile by its name, or one by its path."""
    path = Path(named)
    if not path.suffix:
        path = SHIPPED.joinpath(f"{path.name}.yaml")
    try:
        written = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        shipped = ", ".join(sorted(one.stem for one in SHIPPED.glob("*.yaml")))
        raise ProfileError(
            f"Profile {str(named)!r} cannot be read as UTF-8; shipped are {shipped}.",
            f"无法以 UTF-8 读取配置 {str(named)!r}；自带配置：{shipped}。",
        ) from None
    return parse_profile(written)


def parse_profile(written: str) -> Profile:
    """Return the profile that a YAML text describes.

    Raises:
        ProfileError: with the places in the YAML of the first mistakes.
    """
    if len(written) > _LARGEST:
        raise ProfileError("A profile is at most 256 KiB.", "配置文件不得超过256 KiB。")
    try:
        _refuse_aliases_and_repeats(written)
        loaded = yaml.safe_load(written)
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        place = " ".join(str(error).split())[:300]
        raise ProfileError(f"Not readable as YAML: {place}", f"不是可读的 YAML：{place}") from None
    try:
        return Profile.model_validate(loaded)
    except ValidationError as error:
        raise ProfileError(*_worded(error)) from None


def _refuse_aliases_and_repeats(written: str) -> None:
    """Refuse what YAML silently takes: aliases that multiply, and a key said twice."""
    for event in yaml.parse(written, yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError(f"an alias, {event.start_mark}")
    waiting = [yaml.compose(written, yaml.SafeLoader)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, yaml.SequenceNode):
            waiting.extend(node.value)
        elif isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value]
            waiting.extend(value for _, value in node.value)
            twice = {str(key) for key in keys if keys.count(key) > 1}
            if twice:
                raise yaml.YAMLError(f"{sorted(twice)} said twice in the mapping {node.start_mark}")


def _worded(error: ValidationError) -> tuple[str, str]:
    english, chinese = [], []
    for one in error.errors(include_url=False)[:10]:
        place = ".".join(str(step) for step in one["loc"]) or "(top)"
        english.append(f"{place}: {one['msg']}")
        words = one.get("ctx", {}).get("chinese") or _CHINESE.get(one["type"], "取值不合要求")
        chinese.append(f"{place}：{words}")
    return "; ".join(english), "；".join(chinese)
