"""The first thing a newcomer runs: refusals, pip's configuration for uv, and reasons of failures."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from deploy.bootstrap.environment import Environment, run
from deploy.bootstrap.failures import explain
from deploy.bootstrap.network import pip_environment, read_pip_configuration, uv_environment
from deploy.bootstrap.refusals import NEWEST, OLDEST, refusal
from tests.architecture.sources import ROOT

BOOTSTRAP = ROOT / "deploy" / "bootstrap"
PROJECTS = [ROOT / "pyproject.toml", *sorted(ROOT.glob("*/pyproject.toml")), *sorted(ROOT.glob("*/*/pyproject.toml"))]


class TestRefusals:
    @pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13), (3, 14)])
    @pytest.mark.parametrize(("system", "libc"), [("linux", "glibc"), ("darwin", "")])
    def test_every_supported_python_is_taken(self, version: tuple[int, int], system: str, libc: str):
        assert refusal(version, system, libc) == ""

    @pytest.mark.parametrize("version", [(2, 7), (3, 6), (3, 10), (3, 15), (4, 0)])
    def test_another_python_is_refused_with_the_way_out(self, version: tuple[int, int]):
        said = refusal(version, "linux", "glibc")
        assert said.startswith("Python 3.11 to 3.14 is needed and python3 is ")
        assert "make PYTHON=" in said

    def test_windows_is_told_of_wsl(self):
        assert "WSL" in refusal((3, 12), "win32", "")

    @pytest.mark.parametrize("libc", ["", "musl"])
    def test_a_linux_without_glibc_is_told_that_there_are_no_wheels(self, libc: str):
        assert "no wheels" in refusal((3, 12), "linux", libc)

    @pytest.mark.parametrize("name", ["__main__.py", "refusals.py", "__init__.py"])
    def test_what_refuses_can_be_read_by_old_interpreters(self, name: str):
        ast.parse((BOOTSTRAP / name).read_text(encoding="utf-8"), feature_version=(3, 6))

    def test_every_project_names_the_same_bounds(self):
        wanted = f">={OLDEST[0]}.{OLDEST[1]},<{NEWEST[0]}.{NEWEST[1] + 1}"
        found = {
            path: tomllib.loads(path.read_text(encoding="utf-8"))["project"]["requires-python"] for path in PROJECTS
        }
        assert len(found) == 12
        assert set(found.values()) == {wanted}


class TestPipConfiguration:
    def test_the_environment_counts_before_files_and_a_command_before_all_commands(self):
        listing = ":env:.index-url='https://a/simple'\nglobal.index-url='https://b/simple'\nglobal.cert='/g.pem'\ninstall.cert='/i.pem'\n"
        assert read_pip_configuration(listing) == {"index-url": "https://a/simple", "cert": "/i.pem"}

    def test_lines_of_another_kind_are_passed_over(self):
        assert read_pip_configuration("WARNING: something\n\ndownload.index-url='x'\n") == {}

    def test_index_certificate_and_proxy_reach_uv(self):
        pip = {"index-url": "https://m/simple", "cert": "/ca.pem", "proxy": "http://p:3128", "trusted-host": "a\nb"}
        environ = uv_environment({}, pip)
        assert environ["UV_DEFAULT_INDEX"] == "https://m/simple"
        assert environ["SSL_CERT_FILE"] == "/ca.pem"
        assert environ["HTTPS_PROXY"] == environ["HTTP_PROXY"] == "http://p:3128"
        assert environ["UV_INSECURE_HOST"] == "a b"

    def test_several_folders_are_separated_as_uv_wants_them(self):
        assert uv_environment({}, {"find-links": "/a\n/b"})["UV_FIND_LINKS"] == "/a,/b"

    def test_the_systems_certificates_are_trusted_when_none_are_named(self):
        assert uv_environment({}, {})["UV_SYSTEM_CERTS"] == "true"

    @pytest.mark.parametrize("name", ["UV_DEFAULT_INDEX", "UV_INDEX_URL"])
    def test_what_is_set_for_uv_itself_counts_more(self, name: str):
        environ = uv_environment({name: "https://own/simple"}, {"index-url": "https://pips/simple"})
        assert {environ.get("UV_DEFAULT_INDEX"), environ.get("UV_INDEX_URL")} == {"https://own/simple", None}

    @pytest.mark.parametrize(
        "name",
        ["UV_NO_DEV", "UV_NO_GROUP", "UV_PROJECT", "UV_PROJECT_ENVIRONMENT", "UV_NO_EDITABLE", "UV_FROZEN", "UV_LOCKED",
         "UV_PYTHON", "UV_NO_BINARY", "UV_OVERRIDE", "UV_NO_SYNC", "UV_WORKING_DIR", "UV_RESOLUTION"],
    )  # fmt: skip
    def test_a_setting_that_changes_what_is_installed_stays_out(self, name: str):
        assert name not in uv_environment({name: "1"}, {})

    @pytest.mark.parametrize(
        "name", ["UV_CACHE_DIR", "UV_OFFLINE", "UV_HTTP_TIMEOUT", "UV_INDEX_STRATEGY", "HTTPS_PROXY"]
    )
    def test_a_setting_about_the_network_or_the_cache_is_kept(self, name: str):
        assert uv_environment({name: "mine"}, {"timeout": "5", "proxy": "http://p"})[name] == "mine"

    def test_pip_is_given_the_systems_certificates_unless_others_are_named(self, tmp_path: Path):
        (tmp_path / "store.pem").write_text("")
        system = {"SSL_CERT_FILE": str(tmp_path / "store.pem")}
        assert pip_environment(system, {})["PIP_CERT"] == system["SSL_CERT_FILE"]
        assert "PIP_CERT" not in pip_environment(system, {"cert": "/own.pem"})
        assert "PIP_CERT" not in pip_environment(system | {"REQUESTS_CA_BUNDLE": "/own.pem"}, {})


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("cause: client error (Connect)\ncause: invalid peer certificate: UnknownIssuer", "certificate"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] unable to get", "certificate"),
        ("cause: dns error\ncause: failed to lookup address information: Name or service not known", "not resolved"),
        (
            "NewConnectionError: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution",
            "not resolved",
        ),
        ("cause: tcp connect error\ncause: Connection refused (os error 111)", "did not answer"),
        (
            "cause: tunnel error: failed to create underlying connection\ncause: Connection refused (os error 111)",
            "proxy",
        ),
        ("Tunnel connection failed: 407 Proxy Authentication Required", "proxy"),
        ("HTTP status client error (401 Unauthorized) for url (https://m/simple/uv/)", "credentials"),
        ("error: failed to create directory: Permission denied (os error 13)", "may not be written"),
        (
            "error: Failed to read `--find-links` directory: /w\n  cause: No such file or directory (os error 2)",
            "find-links",
        ),
        ("error: failed to write: No space left on device (os error 28)", "disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "changed it"),
        (
            "error: Distribution `x` can't be installed because it has no wheels with a matching Python ABI tag",
            "no wheel",
        ),
        ("ERROR: No matching distribution found for uv==0.13.9", "does not have a locked package"),
        ("something else\nthe last line\n", "the last line"),
        ("", "said nothing"),
    ],
)
def test_a_failure_is_explained_by_what_the_program_wrote(output: str, reason: str):
    assert reason in explain(output)


@pytest.mark.parametrize("locale", ["C", "POSIX", "C.UTF-8"])
def test_our_packages_are_found_in_every_locale_below_a_folder_with_an_accent(tmp_path: Path, locale: str):
    root = tmp_path / "año nuevo"
    environment = Environment(root)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment.folder)], check=True)
    (root / "contracts" / "src").mkdir(parents=True)
    (root / "contracts" / "src" / "toy.py").touch()
    packages = next(environment.folder.glob("lib/python*/site-packages"))
    (packages / "_editable_toy.pth").write_text(str(root / "contracts" / "src"), encoding="utf-8")
    (packages / "of_another.pth").write_text("import sys; sys.another = 1")
    environment.shorten_links()
    question = [str(environment.python), "-c", "import sys, toy; sys.exit(sys.another - 1)"]
    assert subprocess.run(question, env={"LC_ALL": locale}, check=False).returncode == 0


def test_programs_that_install_run_in_english_and_in_utf_8(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    script = "import os, sys; print(os.environ['LC_ALL'], os.getcwd()); sys.exit(1)"
    with pytest.raises(SystemExit, match="opsdash: it failed"):
        run([sys.executable, "-c", script], {"LC_ALL": "es_ES.ISO-8859-1"}, "it failed", tmp_path)
    assert f"C.UTF-8 {tmp_path}" in capfd.readouterr().err
