"""A plugin for markdown-it that keeps a text within its budget.

Rules of the library are replaced by ones that count and then call them. The top-level block in which a limit is
reached, and all after it, are left out of the tokens; `env["rest"]` is the line of `env["source"]` where they begin.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

from markdown_it import MarkdownIt, helpers, rules_block, rules_inline
from markdown_it.parser_block import RuleFuncBlockType
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from opsdash_markdown.limits import LONGEST_TARGET, MAXIMUM_NESTING, Budget, Exceeded

# The characters at which an inline rule of ours begins or ends. The library stops at those of every extension.
_TERMINATORS = re.compile(r"[\n&*<\[\\\]_`~]")
_QUOTE_ELEMENTS = 1
_LIST_ELEMENTS = 2  # the list and its item
_TABLE_HEAD_LINES = 2


def bounded(markdown: MarkdownIt) -> None:
    """Replace the rules that have something to count."""
    block, inline = markdown.block.ruler, markdown.inline.ruler
    block.at("table", _table, {"alt": ["paragraph", "reference"]})
    block.at("fence", _fence, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    quote, items = _nested(rules_block.blockquote, _QUOTE_ELEMENTS), _nested(rules_block.list_block, _LIST_ELEMENTS)
    block.at("blockquote", quote, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    block.at("list", items, {"alt": ["paragraph", "reference", "blockquote"]})
    block.at("reference", _reference)
    inline.at("text", _text)
    inline.at("link", _link)
    inline.at("autolink", _autolink)
    own_helpers: Any = SimpleNamespace(
        parseLinkLabel=helpers.parseLinkLabel,
        parseLinkDestination=_parse_target,
        parseLinkTitle=helpers.parseLinkTitle,
    )
    markdown.helpers = own_helpers
    markdown.inline.terminator_re = _TERMINATORS
    markdown.core.ruler.at("block", _blocks)
    markdown.core.ruler.at("inline", _inlines)


def _blocks(state: StateCore) -> None:
    """Parse blocks up to the one in which a limit is reached."""
    state.env["budget"] = Budget.of(state.src)
    state.env["source"] = state.src
    try:
        state.md.block.parse(state.src, state.md, state.env, state.tokens)
    except Exceeded:
        _keep(state, list(top_level(state.tokens)))


def _inlines(state: StateCore) -> None:
    """Parse what stands in the blocks, up to the one in which a limit is reached."""
    parse = state.md.inline.parse
    for place, token in enumerate(state.tokens):
        if token.type == "inline":
            try:
                token.children = parse(token.content, state.md, state.env, [])
                _check_nesting(token.level, token.children)
            except Exceeded:
                _keep(state, list(top_level(state.tokens[:place])))
                return


def _check_nesting(around: int, children: list[Token]) -> None:
    """Raises Exceeded. As many elements have more than as many tokens."""
    if len(children) > MAXIMUM_NESTING - around and max(child.level for child in children) > MAXIMUM_NESTING - around:
        raise Exceeded


def _keep(state: StateCore, blocks: list[list[Token]]) -> None:
    """These blocks and no more; the rest begins right behind the last, for definitions leave no token."""
    state.tokens[sum(len(block) for block in blocks) :] = []
    state.env["rest"] = end_of(blocks[-1]) if blocks else 0


def top_level(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The tokens of each block of the text that is complete."""
    block: list[Token] = []
    depth = 0
    for token in tokens:
        block.append(token)
        depth += token.nesting
        if depth == 0:
            yield block
            block = []


def end_of(block: list[Token]) -> int:
    """The line after a block."""
    return (block[0].map or [0, 0])[1]


def _budget(state: StateBlock | StateInline) -> Budget:
    budget: Budget = state.env["budget"]
    return budget


def _fence(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """The rule that is tried wherever a block may begin or end."""
    budget: Budget = state.env["budget"]
    budget.blocks -= 1
    if budget.blocks < 0:
        raise Exceeded
    return rules_block.fence(state, start, end, silent)


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A table of no more rows than there are cells left; where one is cut, no other block begins."""
    found = rules_block.table(state, start, end, True)
    if silent or not found:
        return found
    budget = _budget(state)
    delimiters = state.src[state.bMarks[start + 1] : state.eMarks[start + 1]]
    columns = sum(1 for cell in delimiters.split("|") if cell.strip())
    rows = budget.cells // columns - 1
    if rows < 0:
        raise Exceeded
    last = min(end, start + _TABLE_HEAD_LINES + rows)
    rules_block.table(state, start, last, False)
    budget.cells -= columns * (state.line - start - 1)
    if state.line == last < end and not state.isEmpty(last):
        budget.blocks = 0
    return True


def _nested(rule: RuleFuncBlockType, elements: int) -> RuleFuncBlockType:
    """A rule whose blocks hold others, inside so many elements."""

    def bounded_rule(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        if not silent and state.level + elements >= MAXIMUM_NESTING and rule(state, start, end, True):
            raise Exceeded
        return rule(state, start, end, silent)

    return bounded_rule


def _reference(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    found = rules_block.reference(state, start, end, silent)
    if found:
        _budget(state).define()
    return found


def _text(state: StateInline, silent: bool) -> bool:
    """The rule that is tried first wherever something inline may begin, also when that is only looked for."""
    budget: Budget = state.env["budget"]
    budget.inlines -= 1
    if budget.inlines < 0:
        raise Exceeded
    return rules_inline.text(state, silent)


def _link(state: StateInline, silent: bool) -> bool:
    start, before = state.pos, len(state.tokens)
    found = rules_inline.link(state, silent)
    if found and not silent:
        opening = next(token for token in state.tokens[before:] if token.type == "link_open")
        _budget(state).expand(max(0, len(str(opening.attrs["href"])) - (state.pos - start)))
    return found


def _parse_target(text: str, start: int, end: int) -> Any:
    """Many targets that are never closed would each be read up to the end of the text."""
    return helpers.parseLinkDestination(text, start, min(end, start + LONGEST_TARGET))


def _autolink(state: StateInline, silent: bool) -> bool:
    """Links do not contain links."""
    return state.linkLevel == 0 and rules_inline.autolink(state, silent)
