"""The image holds the files of the zip and nothing else, on a base that is known by its digest."""

import json
import re
import zipfile

from deploy import image, release
from tests.config.conftest import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
IGNORED = [
    line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] not in ("", "#")
]
STAGES = json.loads((ROOT / "zappa_settings.json").read_text())


def instructions(name: str) -> list[str]:
    return re.findall(rf"^{name} (.+)$", DOCKERFILE, re.MULTILINE)


def test_the_context_is_what_is_copied_and_nothing_else():
    """So a .env, a database or the history of the project can never be sent along."""
    assert ["*", f"!{image.FOLDER}"] == IGNORED
    assert instructions("COPY") == [f"--chmod=755 {image.FOLDER} ${{LAMBDA_TASK_ROOT}}"]
    assert instructions("RUN") + instructions("ADD") == []


def test_it_has_every_file_of_the_package_and_none_of_before(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    files = {"serverless/handler.py": b"handler", "BUILD_ID": b"0123456789ab"}
    with zipfile.ZipFile("new.zip", "w") as package:
        for name, content in files.items():
            package.writestr(name, content)
    monkeypatch.setattr(release, "packaged", lambda stage: (f"{stage}.zip", "0123456789ab"))
    (image.FOLDER / "old").mkdir(parents=True)
    image.write("new")
    found = [path for path in image.FOLDER.rglob("*") if path.is_file()]
    assert {p.relative_to(image.FOLDER).as_posix(): p.read_bytes() for p in found} == files
    assert not (image.FOLDER / "old").exists()
    assert "build/image is build 0123456789ab" in capsys.readouterr().out


def test_it_starts_the_handler_of_zappa_settings():
    [command] = instructions("CMD")
    named = {stage["lambda_handler"] for stage in STAGES.values() if "extends" not in stage}
    assert {*json.loads(command)} == named


def test_its_base_is_the_python_of_zappa_settings_by_digest():
    assert instructions("FROM") == ["public.ecr.aws/lambda/python:${PYTHON}@${DIGEST}"]
    # The oldest that the project runs on, as in CI; Zappa takes that of the package.
    assert instructions("ARG") == ["PYTHON=3.11", "DIGEST"]
    assert {s.get("runtime") for s in STAGES.values()} == {None}


def test_no_variable_and_no_secret_is_baked_in():
    """ENV stays readable in an image; so does every ARG that is given."""
    assert instructions("ENV") == []
