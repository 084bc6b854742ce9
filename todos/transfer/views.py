"""Exports, imports and the URL of the calendar over HTTP."""

import tempfile
from http import HTTPStatus
from typing import Any, Final

from django.http import FileResponse, Http404, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ApiToken
from accounts.sessions import signed_in_user
from core import files
from core.api.errors import Conflict
from core.api.fields import (
    OwnedRelatedField,
    StrictCharField,
    StrictChoiceField,
    StrictDateTimeField,
    StrictIntegerField,
    StrictSerializer,
)
from core.api.scopes import TODOS
from core.api.viewsets import ApiViewSet
from core.idempotency import idempotent
from todos.models import CalendarFeed, List, ListQuerySet, Transfer, TransferState
from todos.models.transfers import TransferKind
from todos.transfer import jobs, personal, starting
from todos.transfer.formats import EXPORTED, FORMATS, IMPORTED
from todos.transfer.source import MOST_BYTES
from todos.transfer.starting import UPLOADED

CONTENT: Final = 1024 * 1024  # characters


class NewExportSerializer(StrictSerializer):
    """The format of a new export."""

    format = StrictChoiceField(choices=EXPORTED)


class NewImportSerializer(StrictSerializer):
    """A new import: either the file's content, or its size for an upload through a link."""

    format = StrictChoiceField(choices=IMPORTED)
    content = StrictCharField(
        required=False, trim_whitespace=False, max_length=CONTENT, help_text="The file, as text."
    )
    size = StrictIntegerField(
        required=False,
        min_value=1,
        max_value=MOST_BYTES,
        help_text="The size of the file in bytes.",
    )
    list = OwnedRelatedField(
        required=False, help_text="The list for to-dos without a list; by default the inbox."
    )

    default_error_messages = {"one_of_two": "Give either the content, or the size of the file."}

    def owned_list(self) -> ListQuerySet:
        return List.objects.owned_by(signed_in_user(self.context["request"]))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("content" in attrs) is ("size" in attrs):
            self.fail("one_of_two")
        return attrs


class ConfirmSerializer(StrictSerializer):
    """The token in the report."""

    token = StrictCharField(max_length=100)


class ProblemSerializer(serializers.Serializer[Any]):
    """A part of an object that was not accepted as it is."""

    code = serializers.CharField()
    detail = serializers.CharField()
    attr = serializers.CharField(allow_null=True)


class LineSerializer(serializers.Serializer[Any]):
    """The result of one object in the file."""

    line = serializers.IntegerField()
    kind = serializers.CharField()
    title = serializers.CharField()
    outcome = serializers.ChoiceField(choices=["new", "kept", "refused"])
    problems = ProblemSerializer(many=True)

    class Meta:
        ref_name = "ImportLine"


@extend_schema_field({"type": "integer", "minimum": 0, "examples": [2]})
class AmountField(serializers.IntegerField):
    """A number of objects."""


class NewObjectsSerializer(serializers.Serializer[Any]):
    """The number of new objects of each kind."""

    lists = AmountField()
    tags = AmountField()
    filters = AmountField()
    todos = AmountField()


class ReportSerializer(serializers.Serializer[Any]):
    """The report of an import or of its dry run."""

    new = NewObjectsSerializer()
    kept = serializers.IntegerField(help_text="Objects that already exist and stay as they are.")
    refused = serializers.IntegerField(help_text="Objects that were not accepted.")
    warnings = serializers.IntegerField(help_text="Lines with dropped or changed members.")
    lines = LineSerializer(many=True)
    left_out = serializers.IntegerField(help_text="The number of lines that the report omits.")

    class Meta:
        ref_name = "ImportReport"


class FailureSerializer(serializers.Serializer[Any]):
    """Why the job has failed."""

    code = serializers.CharField()
    detail = serializers.CharField()


class JobSerializer(serializers.Serializer[Any]):
    """A job and its progress."""

    id = serializers.UUIDField()
    format = serializers.CharField()
    state = serializers.ChoiceField(choices=TransferState.choices)
    done = serializers.IntegerField(help_text="The number of processed objects.")
    total = serializers.IntegerField(allow_null=True)
    size = serializers.IntegerField(allow_null=True, help_text="Bytes of the file.")
    error = FailureSerializer(allow_null=True)
    created_at = StrictDateTimeField()
    ended_at = StrictDateTimeField(allow_null=True)


class ExportSerializer(JobSerializer):
    """An export; `file` is the URL of its result."""

    file = serializers.URLField(allow_null=True)


class ImportSerializer(JobSerializer):
    """An import; `token` confirms the report."""

    report = ReportSerializer(allow_null=True)
    token = serializers.CharField(allow_null=True)


class UploadSerializer(serializers.Serializer[Any]):
    """How to upload the file; the link is valid for fifteen minutes."""

    method = serializers.ChoiceField(choices=["PUT"])
    url = serializers.URLField()
    headers = serializers.DictField(child=serializers.CharField())


class StartedImportSerializer(ImportSerializer):
    """An import, and where to upload its file if the request had no content."""

    upload = UploadSerializer(allow_null=True)


class JobViewSet(ApiViewSet, mixins.ListModelMixin):
    """The base of exports and imports."""

    kind: TransferKind
    queryset = Transfer.objects.none()

    def get_queryset(self) -> Any:
        return Transfer.objects.filter(owner=self.caller, kind=self.kind)

    def get_ordering(self) -> list[str]:
        return ["-created_at", "-id"]

    def retrieve(self, request: Request, pk: object) -> Response:
        """Get the progress and the result."""
        return Response(self.shown(self.named()))

    def destroy(self, request: Request, pk: object) -> Response:
        """Delete the job and its file. A running job ends without an effect."""
        self.get_queryset().filter(pk=self.named().pk).delete()
        return Response(status=HTTPStatus.NO_CONTENT)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        rows = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response([self.shown(row) for row in rows or ()])

    def named(self) -> Transfer:
        row: Transfer = get_object_or_404(self.get_queryset(), pk=self.kwargs["pk"])
        return row

    def accepted(self, job: Transfer, **more: Any) -> Response:
        job.refresh_from_db()
        path = reverse(f"transfer:{job.kind}", kwargs={"pk": job.pk})
        location = self.request.build_absolute_uri(path)
        shown = {**self.shown(job), **more}
        return Response(shown, status=HTTPStatus.ACCEPTED, headers={"Location": location})

    def shown(self, job: Transfer) -> dict[str, Any]:
        is_faulty = job.state == TransferState.FAILED
        error = {"code": job.error_code, "detail": job.error_detail} if is_faulty else None
        names = ("id", "format", "state", "done", "total", "size", "created_at", "ended_at")
        told = {name: getattr(job, name) for name in names} | {"error": error}
        return {**self.serializer_class(told | self.result(job)).data}  # type: ignore[misc]

    def result(self, job: Transfer) -> dict[str, Any]:
        raise NotImplementedError


class ExportViewSet(JobViewSet):
    """Export your to-dos into a file, in a background job."""

    kind = TransferKind.EXPORT
    serializer_class = ExportSerializer
    token_scopes = TODOS

    def get_queryset(self) -> Any:
        """Hide archives from API tokens, because they contain more than to-dos."""
        rows = super().get_queryset()
        is_program = isinstance(self.request.auth, ApiToken)
        return rows.exclude(format=personal.FORMAT) if is_program else rows

    @idempotent
    def create(self, request: Request) -> Response:
        """Start an export; the response has the URL of its progress."""
        shape = NewExportSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        return self.started(shape.validated_data["format"])

    @idempotent
    def everything(self, request: Request) -> Response:
        """Start an archive of all your data: every row of your account, and your to-dos."""
        StrictSerializer(data=request.data).is_valid(raise_exception=True)  # nothing to say
        return self.started(personal.FORMAT)

    def started(self, name: str) -> Response:
        job = starting.export(self.caller, name, self.request)
        return self.accepted(job)

    def result(self, job: Transfer) -> dict[str, Any]:
        path = reverse("transfer:export-file", kwargs={"pk": job.pk})
        is_there = job.state == TransferState.DONE
        return {"file": self.request.build_absolute_uri(path) if is_there else None}

    def file(self, request: Request, pk: object) -> Any:
        """Download the file, or get a redirect to a link that is valid for fifteen minutes."""
        job = self.named()
        if job.state != TransferState.DONE:
            raise Http404
        return file_of(job)


def file_of(job: Transfer) -> Any:
    is_all = job.format == personal.FORMAT
    suffix = "zip" if is_all else FORMATS[job.format].suffix
    name = f"nudge-{job.created_at:%Y-%m-%d}.{suffix}"
    if (link := files.download_link(job.file, name)) is not None:
        return HttpResponseRedirect(link)
    try:
        content = files.stream(job.file)
    except FileNotFoundError as error:
        raise Http404 from error
    return FileResponse(content, as_attachment=True, filename=name, content_type=UPLOADED)


class ImportViewSet(JobViewSet):
    """Import your to-dos: first a dry run, whose report has the token that confirms it."""

    kind = TransferKind.IMPORT
    serializer_class = ImportSerializer
    token_scopes = TODOS

    @idempotent
    def create(self, request: Request) -> Response:
        """Start an import. It is checked now if it has content, otherwise after the upload."""
        shape = NewImportSerializer(data=request.data, context=self.get_serializer_context())
        shape.is_valid(raise_exception=True)
        asked = shape.validated_data
        columns = (self.caller, asked["format"], asked.get("size"), asked.get("list"))
        if "content" not in asked:
            job = starting.await_file(*columns)
            return self.accepted(job, upload=self._upload(job))
        with tempfile.TemporaryFile() as file:
            file.write(asked["content"].encode())
            job = starting.import_file(*columns, file)
        return self.accepted(job, upload=None)

    def _upload(self, job: Transfer) -> dict[str, Any]:
        link = files.upload_link(jobs.file_name(job), job.size or 0, UPLOADED)
        url = self.request.build_absolute_uri(
            reverse("transfer:import-file", kwargs={"pk": job.pk})
        )
        return link or {"method": "PUT", "url": url, "headers": {"Content-Type": UPLOADED}}

    def upload(self, request: Request, pk: object) -> Response:
        """Upload the file, if its link leads here. The check starts after the upload."""
        job = self.named()
        if job.state != TransferState.UPLOADING or files.upload_link("", 1, UPLOADED):
            raise Conflict("This import accepts no file here, or already has one.", code="conflict")
        with tempfile.TemporaryFile() as file:
            stream, left = request._request, job.size or 0  # noqa: SLF001 - part by part
            while part := stream.read(min(left + 1, 1 << 20)):
                left -= len(part)
                if left < 0:
                    break
                file.write(part)
            if left:
                raise ValidationError("The size of the file does not match.", code="size")
            starting.take_file(job, file)
        return self.accepted(job)

    def check(self, request: Request, pk: object) -> Response:
        """Check the file after an upload through a link."""
        job = self.named()
        StrictSerializer(data=request.data).is_valid(raise_exception=True)  # nothing to say
        starting.check(job)
        return self.accepted(job)

    def confirm(self, request: Request, pk: object) -> Response:
        """Run the import as reported, as a whole or not at all."""
        job = self.named()
        shape = ConfirmSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        if not jobs.is_token(job, shape.validated_data["token"]):
            message = "This is not the token of the report. Read the report again."
            raise Conflict(message, code="token")
        starting.confirm(job)
        return self.accepted(job)

    def result(self, job: Transfer) -> dict[str, Any]:
        token = jobs.token_of(job) if job.state == TransferState.CHECKED else None
        return {"report": job.report, "token": token}


class FeedSerializer(serializers.Serializer[Any]):
    """Since when your calendar has a secret URL; null without one."""

    created_at = StrictDateTimeField(allow_null=True)


class NewFeedSerializer(FeedSerializer):
    """The secret URL, which is shown once."""

    url = serializers.URLField()


class FeedView(ApiViewSet):
    """The secret URL at which calendars read your to-dos."""

    serializer_class = FeedSerializer

    def retrieve(self, request: Request) -> Response:
        """Get since when the URL exists; only POST shows the URL itself."""
        row = CalendarFeed.objects.filter(owner=self.caller).first()
        return Response(FeedSerializer({"created_at": row and row.created_at}).data)

    def create(self, request: Request) -> Response:
        """Make a new URL, and revoke the former one."""
        StrictSerializer(data=request.data).is_valid(raise_exception=True)  # nothing to say
        row, secret = starting.renew_feed(self.caller, request)
        path = reverse("feeds:calendar", kwargs={"secret": secret})
        url = request.build_absolute_uri(path)
        shown = NewFeedSerializer({"created_at": row.created_at, "url": url}).data
        return Response(shown, status=HTTPStatus.CREATED)

    def remove(self, request: Request) -> Response:
        """Revoke the URL."""
        CalendarFeed.objects.filter(owner=self.caller).delete()
        return Response(status=HTTPStatus.NO_CONTENT)
