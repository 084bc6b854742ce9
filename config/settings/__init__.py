"""All settings, one module per subject; only config/env.py reads values from outside.

Development (no variable set): SQLite, DEBUG, e-mail and messages on the terminal, local files.
Production (on Lambda, or DEBUG off): refuses to start if a setting is unsafe.
"""

from config.generics import make_generic

from config.settings.runtime import *  # isort: skip - loads the parameters that all others read
from config.settings.accounts import *
from config.settings.api import *
from config.settings.apps import *
from config.settings.database import *
from config.settings.email import *
from config.settings.files import *
from config.settings.reminders import *
from config.settings.security import *
from config.settings.sms import *
from config.settings.tasks import *

make_generic()
