"""What a person may text us: `done 2`, `add buy milk tomorrow 9am`, `列表`; docs/texts.md."""

from sms.service import Asked, Reply

__all__ = ["answer"]


def answer(asked: Asked) -> Reply:
    """The handler that SMS_ANSWERS names. The account is locked."""
    from todos.answers.answering import Answering  # noqa: PLC0415 - with the first text

    return Answering(asked).reply()
