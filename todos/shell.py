"""The offline page: a shell without personal data, its service worker and its manifest.

The modules import each other by names that an import map resolves to the files of this build. The
map is inline in the page; the Content-Security-Policy allows it by its digest.
"""

import base64
import functools
import hashlib
import json
from pathlib import Path

from csp.decorators import csp_update
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

# Folders of static files, with the prefix and suffix of their module names.
FOLDERS = {"app/": ("#app/", ".js"), "vendor/": ("", "")}
STYLES = ("css/tokens.css", "css/page.css")
ICONS = ("icons/nudge.svg", "icons/nudge-180.png")
WORKER, PUSH, THEME = "app/worker.js", "app/push.js", "app/theme.js"  # plain scripts, no modules
HOLD, MAIN = "#app/hold.js", "#app/main.js"  # from the first on no key is lost
# What the first sight does not need (static/app/later.js); a test compares it with the imports.
LATER = (
    "#app/changes.js",
    "#app/decide.js",
    "#app/drag.js",
    "#app/languages/",
    "#app/markdown.js",
    "#app/moves.js",
    "#app/parts.js",
    "#app/places.js",
    "#app/quickadd/",
    "#app/recurrence.js",
    "#app/sentence.js",
    "#app/update.js",
    "#app/views/chips.js",
    "#app/views/detail.js",
    "#app/views/dialog.js",
    "#app/views/dialogs.js",
    "#app/views/facts.js",
    "#app/views/menus.js",
    "#app/views/parts.js",
    "#app/views/places.js",
    "#app/views/problems.js",
    "#app/views/prose.js",
    "#app/views/reminders.js",
    "#app/views/repeat.js",
    "#app/views/selection.js",
    "#app/views/understood.js",
    "sortablejs",
)
WORDS = Path(__file__).with_name("quickadd") / "words.json"
FOR_EVER = "public, max-age=31536000, immutable"
POLICY = {"require-trusted-types-for": ["'script'"], "trusted-types": ["nudge"]}


def modules() -> dict[str, str]:
    """The URL of each module, by its import name."""
    plain = {WORKER, PUSH, THEME}
    return {
        begins + name.removeprefix(folder).removesuffix(".js") + ends: address(name)
        for name in _names()
        for folder, (begins, ends) in FOLDERS.items()
        if name.startswith(folder) and name not in plain
    }


def address(name: str) -> str:
    """The URL of a static file; an unhashed one gets its modification time as query string."""
    if hasattr(staticfiles_storage, "hashed_files"):
        return static(name)
    found = finders.find(name)
    return f"{static(name)}?{Path(found).stat().st_mtime_ns}" if found else static(name)


def _names() -> list[str]:
    hashed = getattr(staticfiles_storage, "hashed_files", None)
    if hashed is not None:
        return sorted(name for name in hashed if name.endswith(".js"))
    root = Path(settings.BASE_DIR) / "static"
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*.js"))


def import_map() -> str:
    return json.dumps({"imports": modules()}, separators=(",", ":"), sort_keys=True)


def digest_of(text: str) -> str:
    """As a source in the Content-Security-Policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@functools.cache
def _kept_map() -> str:
    return import_map()


def _map() -> str:
    """Cached per process, except in development, because files change there."""
    return import_map() if settings.DEBUG else _kept_map()


def words_address() -> str:
    """The URL of the words of quick add; it changes with them."""
    digest = hashlib.sha256(WORDS.read_bytes()).hexdigest()[:16]
    return f"{reverse('todos:words')}?{digest}"


@require_safe
@login_not_required
def words(request: HttpRequest) -> HttpResponse:
    """The words of quick add, so that the page reads sentences as the server does."""
    response = HttpResponse(WORDS.read_bytes(), content_type="application/json")
    if request.get_full_path() == words_address():
        response.headers["Cache-Control"] = FOR_EVER
    return response


@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """The same page for all users, so that the service worker may cache it."""
    imports = _map()
    names = json.loads(imports)["imports"]
    announced = [name for name in names if not name.startswith((*LATER, MAIN))]
    context = {
        "import_map": imports,
        "modules": sorted(names[name] for name in announced),
        "starts": [names[name] for name in (HOLD, MAIN) if name in names],
        "styles": [address(name) for name in STYLES],
        "theme": address(THEME),
        "words": words_address(),
    }

    @csp_update({**POLICY, "script-src": [digest_of(imports)]})
    def shell(request: HttpRequest) -> HttpResponseBase:
        return render(request, "todos/shell.html", context)

    return shell(request)


@require_safe
@login_not_required
def worker(request: HttpRequest) -> HttpResponse:
    """Serve the worker here, because its scope is the folder of its URL."""
    files = [*json.loads(_map())["imports"].values(), *map(address, (*STYLES, *ICONS, THEME))]
    files.append(words_address())
    kept = {"shell": reverse("todos:index"), "language": get_language(), "files": sorted(files)}
    build = hashlib.sha256(json.dumps(kept).encode()).hexdigest()[:16]
    code = f"self.nudge = {json.dumps({**kept, 'build': build})};\n"
    code += f"importScripts({json.dumps(address(WORKER))}, {json.dumps(address(PUSH))});\n"
    return HttpResponse(code, content_type="text/javascript; charset=utf-8")


@require_safe
@login_not_required
def manifest(request: HttpRequest) -> JsonResponse:
    """The manifest for an installation as an app."""
    start = reverse("todos:index")
    return JsonResponse(
        {
            "id": start,
            "name": "Nudge",
            "short_name": "Nudge",
            "description": _("To-dos and reminders that work offline."),
            "lang": get_language(),
            "start_url": start,
            "scope": reverse("home"),
            "display": "standalone",
            "background_color": "#f6f5f1",
            "theme_color": "#0b6e62",
            "icons": [
                {"src": static("icons/nudge.svg"), "sizes": "any", "type": "image/svg+xml"},
                {"src": static("icons/nudge-512.png"), "sizes": "512x512", "type": "image/png"},
                {
                    "src": static("icons/nudge-maskable-512.png"),
                    "sizes": "512x512",
                    "type": "image/png",
                    "purpose": "maskable",
                },
            ],
            "shortcuts": [
                {"name": _("Add a to-do"), "url": f"{start}#/inbox?add"},
                {"name": _("Today"), "url": f"{start}#/today"},
            ],
            "share_target": {
                "action": start,
                "method": "GET",
                "params": {"title": "title", "text": "text", "url": "url"},
            },
        },
        content_type="application/manifest+json",
    )
