"""What no template and no script of ours may contain, and what rendering does with user text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from opsdash_gateway.console.assets.files import STATIC, VENDORED, Assets
from opsdash_gateway.console.i18n.languages import load_languages
from opsdash_gateway.console.shell.rendering import TEMPLATES, Renderer

#: Each needs eval or inline code or style, which the content policy refuses.
FORBIDDEN = [
    (r"<\w[^<>]*\son[a-z]+\s*=", "an event attribute"),
    (r"<\w[^<>]*\sstyle\s*=", "a style attribute"),
    (r"<style", "a style element"),
    (r"hx-on", "hx-on"),
    (r"""(?:hx-vals|hx-headers)\s*=\s*["'](?:js|javascript):""", "script in hx-vals"),
    (r"""hx-trigger\s*=\s*["'][^"']*\[""", "a filter in hx-trigger"),
    (r"<script(?![^>]*(?:\ssrc=|type=\"application/json\"))", "an inline script"),
]
HTML = sorted(TEMPLATES.rglob("*.html"))
SCRIPTS = sorted(path for path in STATIC.glob("*/*.js") if path.parent.name != VENDORED)
STYLES = sorted(path for path in STATIC.glob("*/*.css") if path.parent.name != VENDORED)


@pytest.mark.parametrize("path", HTML, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_templates_need_nothing_that_the_policy_refuses(path: Path):
    text = path.read_text(encoding="utf-8")
    assert [what for pattern, what in FORBIDDEN if re.search(pattern, text)] == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_make_no_html_or_code_from_text(path: Path):
    text = path.read_text(encoding="utf-8")
    made = re.findall(
        r"\.(?:innerHTML|outerHTML)\s*\+?=|insertAdjacentHTML|\beval\(|new Function|document\.write", text
    )
    assert made == []


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_styles_name_no_physical_side(path: Path):
    """Logical properties only, so that a right-to-left language needs no second style sheet."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"\.driver-popover-arrow[^}]*\}", "", text)  # names of the library, which places by physical sides
    assert re.findall(r"(?:margin|padding|border)-(?:left|right)\b|[{;]\s*(?:left|right)\s*:", text) == []


@pytest.mark.parametrize("path", HTML, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_what_people_type_has_a_direction_of_its_own(path: Path):
    text = re.sub(r"{#.*?#}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    typed = re.findall(r"<\w[^<>]*\shx-ignore[^<>]*>", text) + re.findall(r"<textarea[^>]*", text)
    typed += re.findall(r'<input[^>]*\sname="(?:title|q|contact)"[^>]*', text)
    assert [
        tag for tag in typed if not tag.startswith("<bdi") and 'dir="auto"' not in tag and "data-picker" not in tag
    ] == []


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_styles_have_nothing_that_webkit_cannot_show(path: Path):
    """It positions nothing inside a table row, and hangs on a page whose popovers are placed by fallbacks."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", text)
    assert [head for head, body in rules if re.search(r"\btr[^\s,>]*\s*$", head) and "position: relative" in body] == []
    assert "position-try" not in text


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(load_languages(pseudo=True), Assets())


def test_every_template_compiles_in_every_language(renderer: Renderer):
    for environment in renderer._environments.values():
        for path in HTML:
            environment.get_template(str(path.relative_to(TEMPLATES)))


def test_an_undefined_name_is_an_error_not_a_gap(renderer: Renderer):
    with pytest.raises(UndefinedError):
        renderer.html(renderer.languages["en"], "shell/error.html", {"page": None})


def test_text_is_escaped(renderer: Renderer):
    context = {"page": None, "heading": "<b>x</b>", "sentence": "", "status": 404, "request_id": "", "nav": ""}
    html = renderer.html(renderer.languages["en"], "shell/error.html", context)
    assert "<b>x</b>" not in html
    assert "&lt;b&gt;x&lt;/b&gt;" in html
