"""Commands by text message: `done 2`, `add buy milk tomorrow 9am`, `列表`; see docs/texts.md."""

from sms.service import Asked, Reply

__all__ = ["answer"]


def answer(asked: Asked) -> Reply:
    """The handler that SMS_ANSWERS names. The caller has locked the account."""
    from todos.answers.answering import Answering  # noqa: PLC0415 - with the first text

    return Answering(asked).reply()
