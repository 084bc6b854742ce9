from config import env
from config.settings.runtime import ON_LAMBDA

# After commit: "lambda" invokes, "threads" runs here, "inline" runs at once (tests).
BACKGROUND = env.text("BACKGROUND", default="lambda" if ON_LAMBDA else "threads")
BACKGROUND_THREADS = env.integer("BACKGROUND_THREADS", default=8)
DEAD_LETTER_QUEUE_URL = env.text("DEAD_LETTER_QUEUE_URL")  # what Lambda gave up
