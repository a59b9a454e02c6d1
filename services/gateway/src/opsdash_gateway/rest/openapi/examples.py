"""Puts examples into the document: of parameters, of bodies, and of what is answered."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from opsdash_http.openapi import operations
from opsdash_http.openapi.schemas import Schema


def examples() -> Schema:
    """Of `parameters` by their names, of `bodies` and `answers` by `operationId`."""
    return {**_read("examples.json"), "answers": _read("answers.json")}


def _read(name: str) -> Schema:
    document: Schema = json.loads(files(__package__).joinpath(name).read_bytes())
    return document


def give_examples(document: Schema) -> None:
    """Name the example of each parameter, body and answer that has one."""
    known = examples()
    for operation in operations(document):
        for parameter in operation.get("parameters", ()):
            if parameter["name"] in known["parameters"]:
                parameter["example"] = known["parameters"][parameter["name"]]
        _give(operation.get("requestBody", {}), known["bodies"].get(operation["operationId"]))
        answer = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
        _give(answer, known["answers"].get(operation["operationId"]))


def _give(part: Schema, example: Any) -> None:
    if example is not None:
        for content in part["content"].values():
            content["example"] = example
