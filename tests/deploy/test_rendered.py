"""The committed rendering of the manifests: of today's sources, and what the programs make of them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.k8s import render
from tests.support.repository import OVERLAYS, loaded, rendered


@pytest.mark.parametrize("overlay", OVERLAYS)
class TestRendering:
    def test_it_was_made_from_the_sources_of_today(self, overlay: str):
        text = (render.RENDERED / f"{overlay}.yaml").read_text(encoding="utf-8")
        assert text.startswith(render.header()), "the sources were changed since; run: make manifests"

    @pytest.mark.needs("kustomize")
    def test_the_renderer_makes_the_same_of_them(self, overlay: str):
        assert loaded(render.render(overlay)) == rendered(overlay)


@pytest.mark.needs("kustomize")
def test_the_names_of_others_are_settings(tmp_path: Path) -> None:
    """Every place follows the file, and none keeps the name that is written there."""
    shutil.copytree(render.DEPLOY, tmp_path / "deploy")
    names = tmp_path / "deploy/k8s/base/names.env"
    lines = names.read_text(encoding="utf-8").splitlines()
    settings = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    names.write_text("".join(f"{name}=another-{name}\n" for name in settings), encoding="utf-8")
    command = [*render.renderer(), str(tmp_path / "deploy/k8s/overlays/production")]
    made = loaded(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    text = json.dumps([manifest for manifest in made if manifest["kind"] in {"NetworkPolicy", "HTTPRoute"}])
    assert {name for name in settings if f'"another-{name}"' not in text} == set()
    assert {value for value in settings.values() if f'"{value}"' in text} == set()


class TestDigestOfTheSources:
    def test_a_changed_a_new_and_a_renamed_file_change_it(self, tmp_path, monkeypatch: pytest.MonkeyPatch):
        (tmp_path / "base").mkdir()
        file = tmp_path / "base" / "service.yaml"
        monkeypatch.setattr(render, "DEPLOY", tmp_path)
        monkeypatch.setattr(render, "SOURCES", (tmp_path / "base",))

        def steps():
            file.write_text("replicas: 1\n")
            yield
            file.write_text("replicas: 2\n")
            yield
            (tmp_path / "base" / "route.yaml").touch()
            yield
            file.rename(file.with_name("job.yaml"))
            yield

        digests = [render.sources_digest() for _ in steps()]
        assert len(set(digests)) == 4

    def test_what_an_editor_leaves_beside_them_does_not(self, tmp_path, monkeypatch: pytest.MonkeyPatch):
        (tmp_path / "service.yaml").write_text("replicas: 1\n")
        monkeypatch.setattr(render, "DEPLOY", tmp_path)
        monkeypatch.setattr(render, "SOURCES", (tmp_path,))
        before = render.sources_digest()
        (tmp_path / ".service.yaml.swp").touch()
        assert render.sources_digest() == before
