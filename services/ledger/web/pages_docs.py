"""The API's document as a page: plain, so that no script of anybody's runs beside the console."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Request
from fastapi.responses import Response

from services.ledger.web.pages_edge import page, pages

router = pages()
DOCS: Final = "/docs"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """What one address does with one method."""

    method: str
    path: str
    tag: str
    text: str
    fields: tuple[tuple[str, str, str], ...]
    """Of the address and its query: name, kind, and what it means."""
    body: str
    answers: tuple[tuple[str, str, str], ...]
    """Status, kind, and what it means."""


def kind_of(schema: Json) -> str:
    """Return a schema in a few words.

    >>> kind_of({"anyOf": [{"type": "array", "items": {"$ref": "#/a/Row"}}, {"type": "null"}]})
    'Row[] | null'
    """
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(kind_of(one) for one in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return " | ".join(repr(one) for one in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"{kind_of(schema.get('items', {}))}[]"
    return str(schema.get("format") or schema.get("type") or "any")


def _content(described: Json) -> str:
    kinds = described.get("content", {}).items()
    return ", ".join(f"{kind_of(one.get('schema', {}))} ({kind})" for kind, one in kinds)


def operations(document: Json) -> Iterator[Operation]:
    """Give every operation of an OpenAPI document."""
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            yield Operation(
                method=method.upper(),
                path=path,
                tag=one.get("tags", [""])[0],
                text=one.get("description", one.get("summary", "")),
                fields=tuple(
                    (
                        f"{field['name']}{'' if field.get('required') else '?'}",
                        kind_of(field["schema"]),
                        field.get("description", ""),
                    )
                    for field in one.get("parameters", ())
                ),
                body=_content(one.get("requestBody", {})),
                answers=tuple(
                    (status, _content(answer), answer["description"])
                    for status, answer in sorted(one["responses"].items())
                    if status < "400"
                ),
            )


def _schemas(document: Json) -> Iterator[tuple[str, str, list[tuple[str, str, str]]]]:
    for name, schema in sorted(document["components"]["schemas"].items()):
        needed = set(schema.get("required", ()))
        fields = [
            (f"{field}{'' if field in needed else '?'}", kind_of(one), one.get("description", ""))
            for field, one in schema.get("properties", {}).items()
        ]
        yield name, schema.get("description", ""), fields


@router.get(DOCS)
def get_docs(request: Request) -> Response:
    """Show the document of the API."""
    document = request.app.openapi()
    by_tag: dict[str, list[Operation]] = {}
    for one in operations(document):
        by_tag.setdefault(one.tag, []).append(one)
    return page(
        request,
        "docs.html",
        about=document["info"]["description"],
        by_tag=dict(sorted(by_tag.items())),
        schemas=list(_schemas(document)),
    )
