# The service as an image, for `zappa deploy dev --docker-image-uri ...`. When and how: docs/deployment.md.
# The oldest Python that the project runs on, as in CI; it is the one that `make image` runs with.
ARG PYTHON=3.11
# sha256:... of that base, so that the same build has the same base.
ARG DIGEST

FROM public.ecr.aws/lambda/python:${PYTHON}@${DIGEST}
# The files of the zip, with bytecode and BUILD_ID, unpacked by `make image`.
COPY --chmod=755 build/image ${LAMBDA_TASK_ROOT}
# Lambda has a user of its own; this one is for whoever else starts the image.
USER 1000
CMD ["serverless.handler.handler"]
