"""A browser without scripts: it keeps cookies and fills in the forms that a page shows."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response


@dataclass
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.posted: list[Form] = []
        self._inside: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = Form(given.get("action", "")) if given["method"] == "post" else None
            self.posted += [self._inside] if self._inside else []
        elif tag == "input" and self._inside and "name" in given:
            self._inside.fields[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = None


class Browser:
    """One person at the console."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def see(self, path: str, **query: Any) -> Response:
        return self.client.get(path, params=query or None)

    def forms(self, path: str) -> dict[str, dict[str, str]]:
        """Return the fields of the forms a page would post, by where they go."""
        parser = _Forms()
        parser.feed(self.see(path).text)
        return {form.action: form.fields for form in parser.posted}

    def press(self, path: str, action: str, **filled: str) -> Response:
        """Fill in a form of a page and post it, as one would by its button."""
        found = self.forms(path)
        (target,) = [where for where in found if where.endswith(action)]
        return self.client.post(target, data={**found[target], **filled})

    def sign_in(self, login: str, password: str) -> Response:
        return self.press("/sign-in", "/sign-in", login=login, password=password)
