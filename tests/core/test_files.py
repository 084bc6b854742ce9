"""Private files in a folder: what a bucket does the same way."""

import io

import pytest
from django.core.files.storage import default_storage

from core import files


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def test_a_file_replaces_the_one_before_and_goes():
    assert files.names("a") == []
    assert files.size("a/b") is None
    for content in (b"first", b"second!"):
        stream = io.BytesIO(content)
        stream.read(2)  # wherever it stands
        assert files.save("a/b", stream) == len(content)
    assert (files.names("a"), files.size("a/b")) == (["a/b"], 7)
    with files.opened("a/b") as file:
        assert file.read() == b"second!"
    with files.stream("a/b") as file:
        assert file.read() == b"second!"
    assert files.upload_link("a/b", 1, "text/plain") is None
    assert files.download_link("a/b", "c") is None
    files.remove("a/b")
    files.remove("a/b")
    assert files.names("a") == []
    with pytest.raises(FileNotFoundError):
        files.opened("a/b").__enter__()


def test_a_file_under_another_name_is_no_file(monkeypatch):
    """Another writer was quicker."""
    monkeypatch.setattr(default_storage, "save", lambda name, content: f"{name}_x")
    with pytest.raises(files.FilesAwayError) as caught:
        files.save("a/b", io.BytesIO(b"x"))
    assert str(caught.value.__cause__) == "a/b was saved as a/b_x."
