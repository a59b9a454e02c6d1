"""`make new-service`: names it takes, lines it writes; and its tutorial, followed in a copy of the repository."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from opsdash_local.processes import wait_until
from opsdash_local.settings import DEFAULT_PORT

from deploy.new_service.__main__ import BY_HAND, TEMPLATE, planned, write
from deploy.new_service.edits import TICKETS_TOPIC, AnchorNotFoundError, every_edit
from deploy.new_service.names import Name, RefusedName, checked
from tests.architecture.sources import ROOT, imported_from, planted
from tests.architecture.test_words import history, replaced
from tests.support.local_stack import RunningStack, free_block, nothing_listens
from tests.support.repository import blocks, copied, run

TUTORIAL = "docs/tutorial/add-a-service.md"
NAME = Name("rankings")
MOST_BY_HAND = 10
TEMPLATE_MODULES = sorted(TEMPLATE.rglob("*.py"))
#: What the new service must pass: its settings, subscriptions, tables, documents, manifests and containers.
GUARDS = (
    "tests/architecture",
    "tests/docs",
    "tests/contracts",
    "tests/deploy/test_compose.py",
    "tests/deploy/test_kafka_manifests.py",
    "tests/deploy/test_kubernetes.py",
    "tests/deploy/test_observability.py",
    "tests/deploy/test_rendered.py",
    "tests/integration/test_migrations.py",
    "tests/integration/test_row_security.py",
    "deploy/local/tests/test_environment.py",
)


class TestNames:
    @pytest.mark.parametrize("text", ["", "Notifications", "two words", "-x", "x-", "a--b", "v2", "a_b", "x" * 31])
    def test_what_is_no_name_is_refused_with_an_example(self, text: str):
        with pytest.raises(RefusedName, match="for example: make new-service NAME="):
            checked(text, ROOT)

    @pytest.mark.parametrize("text", ["tickets", "sla-monitor", "chassis", "http"])
    def test_a_service_that_is_there_is_named_with_the_others(self, text: str):
        with pytest.raises(RefusedName, match=f"services/{text} is there already; take another name than chassis, "):
            checked(text, ROOT)

    @pytest.mark.parametrize("text", ["topics", "workspace", "sla", "local"])
    def test_what_means_something_else_is_refused(self, text: str):
        with pytest.raises(RefusedName, match="means something else"):
            checked(text, ROOT)

    def test_every_form_of_the_sample_is_replaced(self):
        name = checked("escalation-rules", ROOT)
        text = "sample-service sample_service SAMPLE_SERVICE SampleService opsdash.support.sample.service.v1"
        assert name.applied(text) == (
            "escalation-rules escalation_rules ESCALATION_RULES EscalationRules opsdash.support.escalation.rules.v1"
        )


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """The files that get lines, in a folder of their own."""
    for path in ["LICENSE", *every_edit(NAME, ROOT)]:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    return tmp_path


class TestLists:
    def test_each_gets_its_lines_for_one_service_after_another(self, lists: Path):
        for name in (NAME, Name("escalation-rules"), Name("zeal")):
            texts, forms = planned(name, lists), (name.dashed, name.module, name.topic)
            changed = {path: text for path, text in texts.items() if (lists / path).exists() and path != "LICENSE"}
            assert [path for path, text in changed.items() if not any(form in text for form in forms)] == []
            assert changed.keys() >= every_edit(name, lists).keys()
            write(texts, lists)
        services = (lists / "deploy/local/src/opsdash_local/services.py").read_text()
        assert re.findall(r"^    ServiceSpec\(\"([a-z-]+)\", port_offset=(\d)", services, re.MULTILINE) == [
            ("rankings", "5"),
            ("escalation-rules", "6"),
            ("zeal", "7"),
        ]
        kustomization = (lists / "deploy/k8s/base/kustomization.yaml").read_text().splitlines()
        jobs = [line for line in kustomization if "- jobs/migrate-" in line]
        assert len(jobs) == 7
        assert jobs == sorted(jobs)

    def test_a_consumer_that_is_listed_already_is_not_listed_twice(self, lists: Path):
        assert TICKETS_TOPIC not in planned(Name("audit"), lists)
        assert "audit, escalation-rules]" in planned(Name("escalation-rules"), lists)[TICKETS_TOPIC]

    def test_a_list_that_has_lost_its_place_is_named_and_nothing_is_planned(self, lists: Path):
        (lists / "deploy/compose.yaml").write_text("services: {}\n")
        with pytest.raises(AnchorNotFoundError, match=r"deploy/compose\.yaml has no line like"):
            planned(NAME, lists)

    def test_no_word_of_the_sample_is_left(self, lists: Path):
        texts = planned(NAME, lists)
        assert not [path for path, text in texts.items() if re.search("sample.?service", path + text, re.IGNORECASE)]

    def test_a_stack_without_a_free_port_is_full(self, lists: Path):
        path = lists / "deploy/local/src/opsdash_local/services.py"
        path.write_text(path.read_text() + "".join(f"# port_offset={offset}\n" for offset in range(9)))
        with pytest.raises(RefusedName, match="every port of a local stack has its service"):
            planned(NAME, lists)

    def test_few_files_are_left_to_a_person(self):
        assert len(BY_HAND) <= MOST_BY_HAND
        assert [path for path in BY_HAND if not (ROOT / path).is_file()] == []


def in_template(file: Path) -> str:
    return file.relative_to(TEMPLATE).as_posix()


@pytest.mark.parametrize("file", TEMPLATE_MODULES, ids=in_template)
def test_the_template_imports_what_there_is(file: Path):
    """Names of our distributions, without writing the service."""
    module = planted(file.read_text(encoding="utf-8"))
    for source, name in imported_from(module).values():
        if source.startswith("opsdash_") and "sample_service" not in source and name != "SAMPLE_SERVICE":
            there = importlib.import_module(source)
            assert not name or hasattr(there, name) or importlib.util.find_spec(f"{source}.{name}"), f"{source}.{name}"


@pytest.mark.parametrize("file", TEMPLATE_MODULES, ids=in_template)
def test_the_template_has_the_names_of_the_house(file: Path):
    module = planted(file.read_text(encoding="utf-8"), f"opsdash_sample_service.{file.stem}")
    assert replaced(module) == set()
    assert history(module) == set()


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The repository as it is in the working tree, after the tutorial's first command."""
    folder = copied(tmp_path_factory.mktemp("copy") / "opsdash")
    first, *_ = blocks(TUTORIAL, "console")
    assert first.strip() == f"make new-service NAME={NAME.dashed}"
    said = run(first.split(), folder)
    assert said.count("\n  ") == len(BY_HAND), said
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def changed(folder: Path) -> list[str]:
    """Files that are not as they were added."""
    listed = run(["git", "status", "--porcelain", "--untracked-files=all"], folder).splitlines()
    return [line[3:] for line in listed if line[0:2] in {" M", "??"}]


@pytest.mark.storm
@pytest.mark.needs("kustomize")
@pytest.mark.timeout(900)  # a machine that does it for the first time downloads every package again
class TestTutorial:
    def test_it_passes_lint_and_its_own_tests(self, copy: Path):
        _, checks, *_ = blocks(TUTORIAL, "console")
        assert checks.splitlines() == ["make lint", f"make test TESTS=services/{NAME.dashed}"]
        for command in checks.splitlines():
            said = run(command.split(), copy)
        assert re.search(r"\b[5-9] passed", said)
        assert "failed" not in said

    def test_nothing_outside_of_it_has_to_be_changed_for_the_guards(self, copy: Path):
        before = changed(copy)
        run([".venv/bin/pytest", "-q", "-n", "2", "-m", "not storm", *GUARDS], copy)
        assert changed(copy) == before
        assert set(BY_HAND).isdisjoint(before)

    def test_its_image_has_what_it_needs(self, copy: Path, tmp_path: Path):
        run(["env", "UV_COMPILE_BYTECODE=0", "sh", "deploy/docker/install.sh", NAME.dashed, tmp_path / "image"], copy)
        program = tmp_path / "image/bin/opsdash-service"
        done = subprocess.run([program, "serve"], env={"PATH": "/usr/bin"}, capture_output=True, text=True, check=False)
        assert (done.returncode, "OPSDASH_TOKEN_FROM_GATEWAY: is missing" in done.stderr) == (2, True)

    def test_it_runs_beside_the_others_and_counts_a_ticket(self, copy: Path, tmp_path: Path):
        """The tutorial's commands, on other ports and another data folder."""
        start, *asking = blocks(TUTORIAL, "console")[2:]
        port = free_block()
        stack = RunningStack(tmp_path, port, command=start.split(), cwd=copy)
        try:
            stack.wait_ready(timeout=240)
            assert f"service {NAME.dashed}" in stack.text()
            script = "set -e\n" + "\n".join(asking).replace(".data/", f"{stack.data}/")
            for offset in (0, 5):
                script = script.replace(f":{DEFAULT_PORT + offset}/", f":{port + offset}/")
            said = run(["bash", "-c", script], copy)
        finally:
            stack.stop()  # make itself ends by the signal, at once
            assert wait_until(lambda: nothing_listens(port), timeout=30)
        (answer,) = map(json.loads, re.findall(r'{"ticket_id":[^}]*}', said))
        assert (answer["number"], answer["events"]) == (61, 1)
