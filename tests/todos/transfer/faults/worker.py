"""Lives one after the other, as tests.sms.faults.worker."""

from tests.sms.faults.worker import lives

if __name__ == "__main__":
    lives("tests.todos.transfer.faults.life")
