"""The generated clients, and a server in production settings for them to speak to."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients import production, tools
from tests.documented import document

CONFIGS = {
    "kotlin": {
        "generatorName": "kotlin",
        "additionalProperties": {"library": "jvm-okhttp4", "serializationLibrary": "gson"},
    },
    "python": {
        "generatorName": "python",
        "additionalProperties": {"packageName": "nudge_client"},
    },
    "swift": {"generatorName": "swift6", "additionalProperties": {"projectName": "Nudge"}},
    "typescript": {"generatorName": "typescript-fetch", "additionalProperties": {}},
}


@pytest.fixture(scope="session")
def workshop(tmp_path_factory) -> Path:
    return Path(tmp_path_factory.mktemp("clients"))


@pytest.fixture(scope="session")
def written(workshop) -> Path:
    """The document as a file."""
    path = workshop / "openapi.json"
    path.write_text(json.dumps(document()))
    return path


@pytest.fixture(scope="session")
def clients(workshop, written) -> dict[str, Path]:
    """The folder of each generated client; one process of Java makes them all."""
    files = []
    for language in tools.LANGUAGES:
        config: dict[str, Any] = {**CONFIGS[language], "inputSpec": str(written)}
        config |= {"outputDir": str(workshop / language), "skipValidateSpec": False}
        file = workshop / f"{language}.json"
        file.write_text(json.dumps(config))
        files.append(file)
    jar = tools.packages() / "openapi_generator_cli" / "openapi-generator.jar"
    log = tools.java("-jar", jar, "batch", "--fail-fast", "--threads", "2", *files)
    assert f"finished {len(files)} generators successfully" in log, log[-2000:]
    assert [line for line in log.splitlines() if " ERROR " in line] == []
    return {language: workshop / language for language in tools.LANGUAGES}


@pytest.fixture(scope="session")
def server() -> Iterator[production.Server]:
    with production.serving() as served:
        yield served
