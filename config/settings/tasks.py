from config import env
from config.settings.runtime import ON_LAMBDA

# In the format of Django's Tasks framework; core.tasks reads it.
_BACKEND = "serverless.tasks.LambdaBackend" if ON_LAMBDA else "core.tasks.ThreadBackend"
TASKS = {"default": {"BACKEND": env.text("TASK_BACKEND", default=_BACKEND)}}
TASK_THREADS = env.integer("TASK_THREADS", default=8)
TASK_QUEUE_URL = env.text("TASK_QUEUE_URL")  # the queue of the task backlog on Lambda
DEAD_LETTER_QUEUE_URL = env.text("DEAD_LETTER_QUEUE_URL")  # tasks that failed permanently on Lambda
