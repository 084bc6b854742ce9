"""The text of an uploaded file, with limits on its size and its lines, and checked encoding."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO, Final

from todos.transfer.records import FileError

MOST_BYTES: Final = 100 * 1024 * 1024
LONGEST_LINE: Final = 1024 * 1024  # characters
PART: Final = 64 * 1024  # characters per read
ZIP: Final = b"PK\x03\x04"
INSIDE: Final = "todos.json"  # the file to read in an archive
WIDE: Final = (b"\xff\xfe", b"\xfe\xff")

METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others have no size limit
END: Final = struct.Struct("<4s8xLLH")  # of an archive: mark, size of its directory, place, comment
END_MARK: Final = b"PK\x05\x06"
LOCATOR: Final = struct.Struct("<4s16x")  # before it, if there is a ZIP64 directory
LOCATOR_MARK: Final = b"PK\x06\x07"
MOST_DIRECTORY: Final = 64 * 1024  # bytes; the library reads all of them into memory

# Errors of the library for truncated, forged, encrypted or differently packed archives.
BROKEN: Final = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError),
    *(RuntimeError, OSError, ValueError, OverflowError),
)
UNREADABLE: Final = FileError("archive", "The archive cannot be opened.")
TOO_LARGE: Final = FileError(
    "file_too_large", f"The file may hold at most {MOST_BYTES // 1024 // 1024} MiB."
)


class _Bounded(io.RawIOBase):
    """A stream that raises an error after MOST_BYTES, whatever length it claims."""

    def __init__(self, stream: Any) -> None:
        self.stream, self.left = stream, MOST_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            found = self.stream.read(len(buffer))
        except BROKEN as error:
            raise UNREADABLE from error
        self.left -= len(found)
        if self.left < 0:
            raise TOO_LARGE
        buffer[: len(found)] = found
        return len(found)


class Source:
    """Text that can be read once, from the start."""

    def __init__(self, file: Any, encoding: str) -> None:
        stream = io.BufferedReader(_Bounded(file), PART)
        self._text = io.TextIOWrapper(stream, encoding, newline="")

    def read(self) -> str:
        """The next characters; empty at the end."""
        with _decoded():
            return self._text.read(PART)

    def lines(self) -> Iterator[str]:
        """The lines, with their line endings."""
        while line := self._line():
            if len(line) > LONGEST_LINE:
                raise FileError("line_too_long", "A line is longer than a mebibyte.")
            yield line

    def _line(self) -> str:
        with _decoded():
            return self._text.readline(LONGEST_LINE + 1)


@contextmanager
def _decoded() -> Iterator[None]:
    try:
        yield
    except UnicodeError as error:
        raise FileError("encoding", "The file is not text in UTF-8 or UTF-16.") from error


@contextmanager
def opened(file: BinaryIO) -> Iterator[Source]:
    """The text of the file, or of an archive of Nudge. Raises FileError, also during reads."""
    head = file.read(len(ZIP))
    file.seek(0)
    with ExitStack() as stack:
        if head == ZIP:
            yield Source(_inside(file, stack), "utf-8-sig")
        else:
            yield Source(file, "utf-16" if head[:2] in WIDE else "utf-8-sig")


def _inside(file: BinaryIO, stack: ExitStack) -> Any:
    try:
        _check_directory(file)
        archive = stack.enter_context(zipfile.ZipFile(file))
        part = archive.getinfo(INSIDE)
        if part.compress_type not in METHODS:
            raise FileError("archive", f"{INSIDE} is packed by another method than Deflate.")
        return stack.enter_context(archive.open(part))
    except KeyError as error:
        raise FileError("archive", f"The archive has no {INSIDE}.") from error
    except BROKEN as error:
        raise UNREADABLE from error


def _check_directory(file: BinaryIO) -> None:
    """Check the directory's size at the end of an archive without a comment, as Nudge's are."""
    length = file.seek(0, io.SEEK_END)
    file.seek(max(length - LOCATOR.size - END.size, 0))
    tail = file.read().rjust(LOCATOR.size + END.size)
    (locator,) = LOCATOR.unpack_from(tail)
    mark, size, _place, comment = END.unpack_from(tail, LOCATOR.size)
    if mark != END_MARK or comment:
        raise UNREADABLE
    if locator == LOCATOR_MARK or size > MOST_DIRECTORY:
        raise FileError("archive", "The archive holds too many files.")
