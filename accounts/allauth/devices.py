"""allauth's list of devices, with readable names."""

from typing import Any

from allauth.core.internal.httpkit import authenticated_user
from allauth.headless.internal.restkit import inputs
from allauth.headless.usersessions.inputs import SelectSessionsInput
from allauth.headless.usersessions.response import SessionsResponse
from allauth.headless.usersessions.views import SessionsView
from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse

from accounts.devices import NAME_LENGTH, device_name, devices_of, rename


class DeviceNameInput(inputs.Input):  # type: ignore[misc]  # allauth is untyped
    id = inputs.ModelChoiceField(queryset=UserSession.objects.none())
    name = inputs.CharField(max_length=NAME_LENGTH, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        user = kwargs.pop("user")
        super().__init__(*args, **kwargs)
        self.fields["id"].queryset = UserSession.objects.filter(user=user)


class DevicesResponse(SessionsResponse):  # type: ignore[misc]
    def _session_data(self, session: Any) -> dict[str, Any]:
        told: dict[str, Any] = super()._session_data(session)
        return {**told, "name": session.name, "browser": device_name(session.user_agent)}


class DevicesView(SessionsView):  # type: ignore[misc]
    input_class = {"DELETE": SelectSessionsInput, "PUT": DeviceNameInput}

    def put(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        rename(self.input.cleaned_data["id"], self.input.cleaned_data["name"])
        answer: HttpResponse = self._respond_session_list()
        return answer

    def _respond_session_list(self) -> Any:
        return DevicesResponse(self.request, devices_of(authenticated_user(self.request)))
