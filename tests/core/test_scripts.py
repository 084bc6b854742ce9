"""What browsers get of a script; tests/page/scripts.test.js compares all files of the page."""

import pytest
from django.core.files.storage import FileSystemStorage

from core.scripts import shortened
from core.static import HashedStorage

PIECES = [
    ("/** @type {x} */ (a) // b\n", "(a)\n"),
    ("/*! MIT */\na; /* b\nc */ d", "/*! MIT */\na;d\n"),
    ("return a\n  + b;\n\n\nc", "return a\n+ b;c\n"),
    ('a = "// b  \\" c";', 'a="// b  \\" c";\n'),
    ("f({\n  a,\n  b,\n})\ng", "f({a,b,})\ng\n"),
    ("a = b / c / d; // e", "a=b / c / d;\n"),
    ("a = /[/\"]  \\/ '/gu.test(b) // c", "a=/[/\"]  \\/ '/gu.test(b)\n"),
    ("return /'  '/ // a", "return /'  '/\n"),
    ("a + +b - -c", "a + +b - -c\n"),
    ("h`a  // b ${ c && h`it's  /* d */ ${ {e: 1} }  f` }  g \\` $ `; // i",
     "h`a  // b ${c&&h`it's  /* d */ ${{e:1}}  f`}  g \\` $ `;\n"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "sent"), PIECES)
def test_only_comments_and_needless_blanks_go(written, sent):
    assert shortened(written) == sent
    assert shortened(sent) == sent


@pytest.mark.parametrize("code", ["\na = `b", "\na = /b\n", "\n`${1} b"])
def test_what_has_no_end_is_no_script(code):
    with pytest.raises(ValueError, match=r"^Line 2: what begins with '.+' has no end\.$"):
        shortened(code)


def test_a_release_has_shorter_scripts_of_ours_and_all_else_as_it_is(tmp_path, settings):
    settings.STATIC_URL = "/static/"
    written = {
        "app/a.js": "a(); // b\n",
        "app/a.css": "a {} /* b */\n",
        "admin/a.js": "a(); // b\n",
    }
    source = FileSystemStorage(tmp_path / "source")
    release = HashedStorage(location=tmp_path / "release")
    for name, text in written.items():
        for folder in ("source", "release"):
            (tmp_path / folder / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / folder / name).write_text(text)
    files = {name: (source, name) for name in written}

    assert list(release.post_process(files, dry_run=True)) == []
    assert [done for *_names, done in release.post_process(files) if done is not True] == []

    def sent(name: str) -> str:
        return (tmp_path / "release" / name).read_text()

    assert {name: sent(release.hashed_files[name]) for name in written} == {
        **written,
        "app/a.js": "a();\n",
    }
    assert sent("app/a.js") == "a();\n"
    assert (tmp_path / "source/app/a.js").read_text() == written["app/a.js"]
