"""Generators of API clients: their versions, the programs they need, and how each client is made and compiled.

Downloads stay in the caches of npm, Go, pip and Maven; everything else in the folder.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

OPENAPI_GENERATOR = "7.25.0"
OPENAPI_PYTHON_CLIENT = "0.29.1"
OAPI_CODEGEN = "v2.8.2"
QUICKTYPE = "quicktype@26.0.0"
ASYNCAPI_PARSER = "@asyncapi/parser@3.6.6"
DATAMODEL_CODE_GENERATOR = "0.89.0"

NPM = ("openapi-typescript@7.13.0", "openapi-fetch@0.17.0", "typescript@5.9.3", "@types/node@20.19.43")
#: What the generated code and the samples import.
GO_OF_OAPI_CODEGEN = ("github.com/oapi-codegen/runtime@v1.9.0", "github.com/google/uuid@v1.6.0")
GO_OF_OPENAPI_GENERATOR = ("gopkg.in/validator.v2@v2.0.1", "github.com/google/uuid@v1.6.0")
PYTHON_OF_OPENAPI_PYTHON_CLIENT = ("attrs==26.1.0", "httpx==0.28.1", "python-dateutil==2.9.0.post0")
PYTHON_OF_OPENAPI_GENERATOR = (
    "pydantic==2.14.4",
    "python-dateutil==2.9.0.post0",
    "typing-extensions==4.16.0",
    "urllib3==2.8.0",
)
#: The generated project names the versions of its libraries itself.
MAVEN_DEPENDENCY_PLUGIN = "3.9.0"
#: An identity provider that the console signs in at.
KEYCLOAK = "26.4.7"


NODE, GO, JAVA = "node", "go", "maven"
_SECONDS = 600
_OLDEST_JAVA = 17


def _lacking(*programs: str) -> str:
    names = [name for name in programs if shutil.which(name) is None]
    return " and no ".join(f"`{name}`" for name in names)


def _node_missing() -> str:
    lacking = _lacking("node", "npm")
    return lacking and f"there is no {lacking}; install Node.js 20 or newer (Debian 13: apt-get install nodejs npm)"


def _go_missing() -> str:
    lacking = _lacking("go")
    return lacking and f"there is no {lacking}; install Go 1.24 or newer (Debian 13: apt-get install golang)"


def _java_missing() -> str:
    install = "install Java 17 or newer and Maven (Debian: apt-get install openjdk-17-jdk-headless maven)"
    if lacking := _lacking("java", "javac", "mvn"):
        return f"there is no {lacking}; {install}"
    version = re.search(r'version "(\d+)', run("java", "-version", folder=Path.cwd()))
    return "" if version and int(version[1]) >= _OLDEST_JAVA else f"its Java is older; {install}"


MISSING = {NODE: _node_missing, GO: _go_missing, JAVA: _java_missing}


def run(*command: str | Path, folder: Path, **environment: str) -> str:
    """What the program said; raises AssertionError with all of it when it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}:\n{done.stdout[-6000:]}"
    return done.stdout


Command = list[str | Path]
_SAMPLES = Path(__file__).parent
_EXAMPLES = Path(__file__).parents[2] / "examples" / "clients"
_MADE_THERE = shutil.ignore_patterns("node_modules", "target", "*.jsonl")
MAVEN = ("mvn", "--quiet", "--batch-mode")
DEPENDENCIES = f"org.apache.maven.plugins:maven-dependency-plugin:{MAVEN_DEPENDENCY_PLUGIN}"
_MODULE = "example.test/sample"
#: Of openapi-generator: a value that came later is no fault, and what a part of an answer is follows from its `status`.
_TOLERANT = "enumUnknownDefaultCase=true,useOneOfDiscriminatorLookup=true"
_NO_TESTS = "apiTests=false,modelTests=false,apiDocs=false,modelDocs=false"


@dataclass(frozen=True)
class Client:
    """`make` takes an empty folder and the document; `needs` are names of programs in tools.py."""

    language: str
    needs: tuple[str, ...]
    make: Callable[[Path, Path], Command]


def copy(sample: str, folder: Path) -> None:
    """Put a program that is kept beside this file into the folder."""
    shutil.copytree(_SAMPLES / sample, folder, dirs_exist_ok=True)


def npm_install(folder: Path, *packages: str) -> None:
    """Their scripts are not run: nothing that these packages do needs them."""
    run("npm", "install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", *packages, folder=folder)


def _typescript(folder: Path, document: Path) -> Command:
    copy("typescript", folder)
    npm_install(folder, *NPM)
    run("npx", "openapi-typescript", document, "--output", "opsdash.d.ts", folder=folder)
    run("npx", "tsc", folder=folder)
    return ["node", "out/sample.js"]


def _oapi_codegen(folder: Path, document: Path) -> Command:
    copy("oapi_codegen", folder)
    (folder / "opsdash").mkdir()
    generator = f"github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@{OAPI_CODEGEN}"
    run("go", "run", generator, "-config", "config.yaml", document, folder=folder)
    return go_program(folder, GO_OF_OAPI_CODEGEN)


def go_program(folder: Path, modules: tuple[str, ...] = ()) -> Command:
    """Compile what is in the folder; the modules are what it imports."""
    run("go", "mod", "init", _MODULE, folder=folder)
    if modules:
        run("go", "get", *modules, folder=folder)
    run("go", "build", "-o", "sample", ".", folder=folder)
    return [folder / "sample"]


def _openapi_python_client(folder: Path, document: Path) -> Command:
    copy("openapi_python_client", folder)
    tool = f"openapi-python-client=={OPENAPI_PYTHON_CLIENT}"
    python = environment(folder, tool, *PYTHON_OF_OPENAPI_PYTHON_CLIENT)
    generate: Command = [python.with_name("openapi-python-client"), "generate", "--meta", "none"]
    run(*generate, "--path", document, "--output-path", "opsdash", folder=folder)
    return [python, "sample.py"]


def environment(folder: Path, *packages: str) -> Path:
    """The interpreter of a virtual environment with these packages; pip knows which index is meant."""
    run(sys.executable, "-m", "venv", "venv", folder=folder)
    python = folder / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", *packages, folder=folder)
    return python


def _generate(folder: Path, document: Path, *options: str) -> None:
    """With openapi-generator, whose jar Maven keeps."""
    artifact = f"org.openapitools:openapi-generator-cli:{OPENAPI_GENERATOR}"
    run(*MAVEN, f"{DEPENDENCIES}:copy", f"-Dartifact={artifact}", "-DoutputDirectory=jar", folder=folder)
    (jar,) = (folder / "jar").iterdir()
    always: Command = ["-jar", jar, "generate", "-i", document, "--global-property", _NO_TESTS]
    run("java", *always, *options, folder=folder)


def _openapi_generator_java(folder: Path, document: Path) -> Command:
    package = "com.example.opsdash"
    options = f"invokerPackage={package},apiPackage={package}.api,modelPackage={package}.model,{_TOLERANT}"
    _generate(folder, document, "-g", "java", "--library", "native", "-o", ".", "-p", options)
    copy("openapi_generator_java", folder / "src/main/java")
    run(*MAVEN, "compile", f"{DEPENDENCIES}:build-classpath", "-Dmdep.outputFile=classpath", folder=folder)
    classpath = f"target/classes:{(folder / 'classpath').read_text()}"
    return ["java", "-cp", classpath, "Sample"]


def _openapi_generator_go(folder: Path, document: Path) -> Command:
    options = f"packageName=opsdash,withGoMod=false,enumClassPrefix=true,{_TOLERANT}"
    _generate(folder, document, "-g", "go", "-o", "opsdash", "-p", options)
    copy("openapi_generator_go", folder)
    return go_program(folder, GO_OF_OPENAPI_GENERATOR)


def _openapi_generator_python(folder: Path, document: Path) -> Command:
    _generate(folder, document, "-g", "python", "-o", ".", "-p", f"packageName=opsdash,{_TOLERANT}")
    copy("openapi_generator_python", folder)
    return [environment(folder, *PYTHON_OF_OPENAPI_GENERATOR), "sample.py"]


def _example(name: str, folder: Path) -> None:
    shutil.copytree(_EXAMPLES / name, folder, dirs_exist_ok=True, ignore=_MADE_THERE)


def _java_consumer(folder: Path) -> Command:
    _example("java", folder)
    run(*MAVEN, "compile", folder=folder)
    return [*MAVEN, "exec:java", "-Dexec.args={servers}"]


def _go_consumer(folder: Path) -> Command:
    _example("go", folder)
    run("go", "build", "-o", "consumer", ".", folder=folder)
    return [folder / "consumer", "{servers}"]


def _node_consumer(folder: Path) -> Command:
    _example("node", folder)
    npm_install(folder)
    return ["node", "consumer.mjs", "{servers}"]


def _python_consumer(folder: Path) -> Command:
    _example("python", folder)
    return [environment(folder, "--requirement", "requirements.txt"), "consumer.py", "{servers}"]


@dataclass(frozen=True)
class Consumer:
    """An example in its language; `make` takes an empty folder, and `{servers}` stands for the broker's address."""

    needs: tuple[str, ...]
    make: Callable[[Path], Command]


#: By the folder of the example. The broker that they are tried with is a Java program.
CONSUMERS = {
    "java": Consumer((JAVA,), _java_consumer),
    "go": Consumer((JAVA, GO), _go_consumer),
    "node": Consumer((JAVA, NODE), _node_consumer),
    "python": Consumer((JAVA,), _python_consumer),
}
CLIENTS = {
    "openapi-typescript": Client("TypeScript", (NODE,), _typescript),
    "oapi-codegen": Client("Go", (GO,), _oapi_codegen),
    "openapi-python-client": Client("Python", (), _openapi_python_client),
    "openapi-generator-java": Client("Java", (JAVA,), _openapi_generator_java),
    "openapi-generator-go": Client("Go", (JAVA, GO), _openapi_generator_go),
    "openapi-generator-python": Client("Python", (JAVA,), _openapi_generator_python),
}
