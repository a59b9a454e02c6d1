"""Reads every line of examples.jsonl into the generated model that it names, and writes it again."""

import json
from importlib import import_module
from pathlib import Path

for line in Path("examples.jsonl").read_text(encoding="utf-8").splitlines():
    one = json.loads(line)
    model = getattr(import_module(f"events.{one['type']}"), one["type"])
    event = model.model_validate_json(json.dumps(one["value"]))
    print(event.model_dump_json(by_alias=True))
