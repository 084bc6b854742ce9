"""The figures that the documents promise, and those of others, are the figures of the code.

Other tests compute with these constants, so they would follow a wrong one.
"""

from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent
DAYS, HOURS, MINUTES, SECONDS = (
    {number: timedelta(**{unit: number}) for number in range(1, 367)}
    for unit in ("days", "hours", "minutes", "seconds")
)
MIB = 1024 * 1024

# By document and by its words: what these say of constants and settings.
PROMISED: dict[str, dict[str, dict[str, Any]]] = {
    "accounts.md": {
        "An account can have 20 passkeys.": {
            "accounts.factors.passkeys.MOST": 20,
        },
        "`EMAIL_TIMEOUT` (10 seconds)": {
            "EMAIL_TIMEOUT": 10,
        },
    },
    "api.md": {
        "| body | 64 KB; 1 MiB for `sync/`, `bulk/` and `imports/` |": {
            "MAX_BODY_BYTES": 65_536,
            "MAX_BODY_BYTES_OF": {
                "/api/v1/sync/": MIB,
                "/api/v1/todos/bulk/": MIB,
                "/api/v1/imports/": MIB,
                "/transfer/": 4 * MIB,  # a form, of the page only
            },
        },
        "Answers over 1 KB are compressed": {
            "core.middleware.SMALLEST_COMPRESSED": 1024,
        },
        "It is valid for 90 days": {
            "SESSION_COOKIE_AGE": 7_776_000,
        },
        "older than ten minutes, or had three wrong": {
            "sms.models.phones.GUESSES": 3,
        },
        "to-dos have at most three levels": {
            "todos.models.subtasks.LEVELS": 3,
        },
        "255 characters, remembered for 24 hours": {
            "sms.models.message.KEY_LENGTH": 255,
            "core.idempotency.KEPT": HOURS[24],
        },
        "its key stays locked for up to 60 seconds": {
            "core.idempotency.LEASE": SECONDS[60],
        },
        "a [rule](#recurrence) or null | how it recurs, up to 300 characters": {
            "todos.recurrence.reading.LENGTH": 300,
        },
        "keys that have grown beyond 64 characters": {
            "todos.ordering.RENEWED": 64,
        },
        "takes up to 100 operations and 1 MiB": {
            "todos.sync.shapes.MAX_OPERATIONS": 100,
        },
        "to-do can have ten reminders": {
            "todos.models.reminders.MOST_REMINDERS": 10,
        },
        "The server searches 15,000 days": {
            "todos.recurrence.rules.MOST_DAYS": 15_000,
        },
        "stay in the trash for 30 days": {
            "todos.models.queries.TRASH_KEPT": DAYS[30],
        },
        "moment, at most 366 days ahead | default: in 90 days": {
            "accounts.api_tokens.LIVES_AT_MOST": DAYS[366],
            "accounts.api_tokens.LIVES": DAYS[90],
        },
        "create 100 a day (UTC)": {
            "accounts.api_tokens.MADE_DAILY": 100,
        },
        "what happened to the account in the last 90 days": {
            "accounts.audit.KEPT": DAYS[90],
        },
        "For seven days, a log-in gets": {
            "accounts.deletion.GRACE": DAYS[7],
        },
        "a link that expires after 15 minutes": {
            "PRESIGNED_SECONDS": 900,
        },
        "must be less than ten minutes old, otherwise the answer is 403 `proof_required`": {
            "ACCOUNT_REAUTHENTICATION_TIMEOUT": 600,
        },
        "A code is valid for ten minutes and three attempts": {
            "sms.phones.VALID": MINUTES[10],
            "sms.models.phones.GUESSES": 3,
        },
        "1 to 1,600 characters": {
            "sms.models.message.BODY_LENGTH": 1600,
        },
        "when to send it, up to 35 days ahead": {
            "sms.api.serializers.MAX_AHEAD": DAYS[35],
        },
        "| page | 200 objects, and about a megabyte |": {
            "core.api.pagination.MAX_LIMIT": 200,
            "core.api.pagination.MAX_BYTES": 1_000_000,
        },
        "| title, notes, tags | 128 characters, 10,000 characters, 20 of 50 characters |": {
            "todos.models.todos.TITLE_LENGTH": 128,
            "todos.models.todos.NOTES_LENGTH": 10_000,
            "todos.api.serializers.MAX_TAGS": 20,
            "todos.quickadd.reading.MOST_TAGS": 20,
            "todos.transfer.cleaning.MOST_TAGS": 20,
            "todos.models.tags.NAME_LENGTH": 50,
            "todos.quickadd.marks.NAME_LENGTH": 50,
        },
        "2,000 requests in 15 minutes that are not GET": {
            "core.write_limit.WINDOW": MINUTES[15],
        },
        "3 a day to one number, 5 for one account, 10 from one network address": {
            "sms.phones.PER_NUMBER": 3,
            "sms.phones.PER_ACCOUNT": 5,
            "sms.phones.PER_ADDRESS": 10,
        },
    },
    "security.md": {
        "a mailed code is valid for 15 minutes, for slow mail, and allows three attempts": {
            "ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT": 900,
            "accounts.codes.GUESSES": 3,
        },
        "30 seconds before and after": {
            "MFA_TOTP_TOLERANCE": 1,
        },
    },
    "configuration.md": {
        "account within 14 days": {
            "accounts.invitations.LIVES": DAYS[14],
        },
    },
    "operations.md": {
        "accept up to 2,000 rows (200 lists, 1,500 to-dos to finish, 100 messages to send again)": {
            "core.selection.MOST_ROWS": 2000,
            "todos.admin.MOST_CHANGED": 1500,
            "sms.admin.MOST_SENT_AGAIN": 100,
        },
        "80 % of the messages of a day": {
            "sms.policy.WARNING_PERCENT": 80,
        },
    },
    "reminders.md": {
        "more than an hour late": {
            "todos.reminders.dispatch.LATE": HOURS[1],
        },
        "They need no log-in and work for a week.": {
            "todos.reminders.actions.SNOOZE": HOURS[1],
            "todos.reminders.actions.GOOD_FOR": DAYS[7],
        },
        "Nudge retries for a day": {
            "todos.reminders.dispatch.GIVEN_UP": DAYS[1],
        },
        "the result of each reminder for 30 days": {
            "todos.models.firings.NOTICES_KEPT": DAYS[30],
        },
    },
    "sms.md": {
        "still unknown after 15 minutes, or after a day if the provider could not be polled": {
            "sms.sweep.GIVE_UP": MINUTES[15],
            "sms.sweep.GIVE_UP_UNREACHABLE": HOURS[24],
        },
        "at most five times": {
            "sms.delivery.MAX_ATTEMPTS": 5,
        },
        "A claim is valid for 60 seconds.": {
            "sms.delivery.LEASE": SECONDS[60],
        },
        "The minimum is two minutes": {
            "sms.api.serializers.MIN_VALID_SECONDS": 120,
        },
        "ids of inbound messages after five years": {
            "sms.models.inbound.KEPT": 5 * DAYS[366],
        },
        "After an hour it gives up": {
            "sms.models.received.ANSWER_UNTIL": HOURS[1],
        },
        "after two days": {
            "sms.models.received.RECEIVED_KEPT": DAYS[2],
        },
        "deliveries of the last 30 days": {
            "sms.statistics.DAYS": 30,
        },
        "writes one error an hour for each code": {
            "sms.alerts.INTERVAL": HOURS[1],
        },
        "no new work after 50 seconds (18 on Lambda)": {
            "sms.sweep.SECONDS": 50.0,
            "sms.schedule.SECONDS": 18.0,
        },
        "within three minutes": {
            "sms.models.message.DISPATCH_HOLDS": MINUTES[3],
        },
        "after a day, counters two months after their window": {
            "core.pruning.COUNTERS_KEPT": DAYS[62],
        },
    },
    "sync.md": {
        "at most 500 changes (`limit`) and about 1 MB": {
            "todos.sync.pull.MAX_LIMIT": 500,
            "todos.sync.pull.PAGE_BYTES": 1_000_000,
        },
        "| operations remembered | 90 days |": {
            "todos.models.operations.OPERATIONS_KEPT": DAYS[90],
        },
    },
    "texts.md": {
        "Nudge texted to you, for a day": {
            "sms.models.message.LIST_KEPT": DAYS[1],
            "sms.answers.UNDO_KEPT": DAYS[1],
        },
        "with help, at most once an hour": {
            "sms.answers.HELP_EVERY": HOURS[1],
        },
    },
    "transfer.md": {
        "at most 2,000 to-dos and 4.5 MB": {
            "todos.transfer.links.MOST": 2000,
            "todos.transfer.links.MOST_BYTES": 4_500_000,
        },
        "Finished to-dos stay in it for 30 days": {
            "todos.transfer.links.FINISHED": DAYS[30],
        },
        "A file may have at most 100 MiB, 200,000": {
            "MAX_UPLOAD_BYTES": 100 * MIB,
            "todos.transfer.source.MOST_BYTES": 100 * MIB,
            "todos.transfer.intake.MOST_RECORDS": 200_000,
        },
        "the first 500 lines": {
            "todos.transfer.report.MOST_LINES": 500,
        },
        "at most five unfinished jobs and start at most 100 jobs a day": {
            "todos.transfer.starting.MOST_UNFINISHED": 5,
            "todos.transfer.starting.MOST_A_DAY": 100,
        },
        "repeats the job after 20 minutes, at most three times": {
            "todos.models.transfers.LEASE": MINUTES[20],
            "todos.models.transfers.MOST_TRIES": 3,
        },
    },
    "quick-add.md": {
        "reads only the first 300 characters": {
            "todos.quickadd.scanning.LIMIT": 300,
        },
    },
    "events.md": {
        "has taken for three minutes": {
            "todos.models.firings.HANDED_FOR": MINUTES[3],
        },
    },
}

# What others accept, by their own documents; some of it must be left for the rest of a request.
MOST: dict[str, tuple[Any, str]] = {
    "todos.reminders.channels.push.SIGNED_FOR": (HOURS[24], "RFC 8292, section 2"),
    "sms.providers.twilio.provider.MAX_VALID_SECONDS": (36_000, "Twilio's ValidityPeriod"),
    "sms.api.serializers.MAX_VALID_SECONDS": (36_000, "Twilio's ValidityPeriod"),
    "todos.transfer.links.MOST_BYTES": (6_000_000, "an answer of Lambda"),
    "EMAIL_TIMEOUT": (15, "the 29 seconds of API Gateway"),
    "todos.admin.MOST_SECONDS": (20, "the 29 seconds of API Gateway"),
    "accounts.login_throttle.PATIENCE_SECONDS": (20, "the 29 seconds of API Gateway"),
    "todos.reminders.channels.push.TIMEOUT": ((5.0, 10.0), "the 29 seconds of API Gateway"),
}


def value_of(name: str) -> Any:
    module, _, constant = name.rpartition(".")
    return getattr(import_module(module), constant) if module else getattr(settings, constant)


@pytest.fixture(autouse=True, scope="module")
def _the_admin_is_there() -> None:
    import_module("accounts.admin_urls")


@pytest.mark.parametrize("document", PROMISED)
def test_the_figures_of_a_document_are_those_of_the_code(document):
    text = " ".join((ROOT / "docs" / document).read_text().split())
    promised = PROMISED[document]
    assert [words for words in promised if words not in text] == []
    assert {words: {name: value_of(name) for name in said} for words, said in promised.items()} == (
        promised
    )


@pytest.mark.parametrize("name", MOST)
def test_no_figure_exceeds_what_others_accept(name):
    most, whose = MOST[name]
    assert value_of(name) <= most, whose
