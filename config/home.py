"""The first page, in a module that imports little because the routes import it."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """A description of Nudge for visitors; signed-in users go to their to-dos."""
    if request.user.is_authenticated:
        return redirect("todos:index")
    return render(request, "home.html")
