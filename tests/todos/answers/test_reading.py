"""A corpus of commands in two languages, read as the table says."""

import json
from pathlib import Path

import pytest

from todos.answers.reading import load, read

CORPUS = json.loads(Path(__file__).with_name("corpus.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("text", "verb", "numbers", "rest"), CORPUS)
def test_a_line_is_read_as_the_corpus_says(text, verb, numbers, rest):
    command = read(text)
    said = "" if verb in ("list", "undo", "help") else command.rest
    assert (command.verb, list(command.numbers), said) == (verb, numbers, rest)


def test_the_corpus_has_every_command_in_both_languages():
    assert len(CORPUS) >= 180
    known = {(read(text).verb, read(text).language) for text, *_ in CORPUS}
    verbs = {verb for verb, _language in load().verbs.values()} | {""}
    assert known == {(verb, language) for verb in verbs for language in ("en", "zh")}


def test_every_reply_is_there_in_both_languages():
    said = {language: set(words) for language, words in load().replies.items()}
    assert said["en"] == said["zh"]
    assert {language: set(words) for language, words in load().dates.items()} == {
        "en": {"day", "today", "tomorrow"},
        "zh": {"day", "today", "tomorrow"},
    }


def test_no_more_is_read_than_a_line_and_twenty_numbers():
    assert read("today " + ", ".join(map(str, range(99)))).numbers == tuple(range(20))
    assert read("done 1-999").numbers == tuple(range(1, 21))
    assert read("done 9-1").numbers == ()
    assert len(read("add " + "a" * 9999).rest) == 316
