"""What the OpenAPI document says of texts beyond what their view says itself."""

from typing import Any

from drf_spectacular.extensions import OpenApiViewExtension
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view

from core.api.schema import documented
from sms.api.serializers import (
    MessageDetailSerializer,
    MessageFilterSerializer,
    NewMessageSerializer,
    SegmentsRequestSerializer,
    SegmentsSerializer,
)

LOCATION = OpenApiParameter(
    "Location",
    location=OpenApiParameter.HEADER,
    response=[202],
    description="Where to ask what becomes of it.",
    type={"type": "string"},
)


class Messages(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "sms.api.views.MessageViewSet"

    def view_replacement(self) -> Any:
        return extend_schema_view(
            list=extend_schema(parameters=[MessageFilterSerializer]),
            create=extend_schema(
                request=NewMessageSerializer,
                responses={202: MessageDetailSerializer},
                parameters=[LOCATION],
            ),
            cancel=extend_schema(request=None, responses=MessageDetailSerializer),
            segments=extend_schema(request=SegmentsRequestSerializer, responses=SegmentsSerializer),
        )(documented(self.target_class))
