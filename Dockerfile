# The service as an image, for `zappa deploy dev --docker-image-uri ...`. When and how: docs/deployment.md.
# The oldest Python that the project runs on, as in CI; for a zip Zappa takes that of the terminal.
ARG PYTHON=3.11

FROM public.ecr.aws/lambda/python:${PYTHON} AS build
WORKDIR /packages
COPY requirements.txt /build/
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes --target . -r /build/requirements.txt
COPY manage.py ./
COPY accounts accounts
COPY config config
COPY core core
COPY locale locale
COPY serverless serverless
COPY sms sms
COPY static static
COPY templates templates
COPY todos todos
# Written by collectstatic, which filled the bucket: pages name the files as they are there.
COPY staticfiles/staticfiles.json staticfiles/
RUN python -m compileall -q -j 0 --invalidation-mode unchecked-hash -s /packages -p /var/task /packages

FROM public.ecr.aws/lambda/python:${PYTHON}
COPY --from=build /packages ${LAMBDA_TASK_ROOT}
# Lambda has a user of its own; this one is for whoever else starts the image.
USER 1000
CMD ["serverless.handler.handler"]
