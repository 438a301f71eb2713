# lineman in a container. By default it runs the monitor on the canaries in /etc/lineman/monitors:
#
#   docker build --tag lineman:0.1.0 .
#   docker run --read-only --tmpfs /tmp --volume lineman-history:/var/lib/lineman ... lineman:0.1.0
#
# docs/operators.md shows whole commands.
ARG PYTHON_VERSION=3.13

FROM python:${PYTHON_VERSION}-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /source
COPY . .
RUN python -m pip install --constraint constraints.txt hatchling && \
    python -m pip wheel --no-build-isolation --no-deps --wheel-dir /wheels .
# Without pip of its own: what runs has no use for it.
RUN python -m venv --without-pip /opt/lineman && \
    python -m pip --python /opt/lineman/bin/python install --constraint constraints.txt "$(echo /wheels/lineman-*.whl)[monitor,postgres]" && \
    mkdir -p /var/lib/lineman

FROM python:${PYTHON_VERSION}-slim
# Nothing is written but the history and /tmp, so the file system may be read-only.
ENV PATH=/opt/lineman/bin:/usr/local/bin:/usr/bin:/bin HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
COPY --from=build /opt/lineman /opt/lineman
COPY --from=build --chown=10001:10001 /var/lib/lineman /var/lib/lineman
COPY monitors/kubernetes/common/canaries.toml monitors/kubernetes/common/monitor.toml /etc/lineman/monitors/
WORKDIR /etc/lineman
USER 10001:10001
VOLUME /var/lib/lineman
EXPOSE 9469
# Fails where results are stale; the first one is due within an interval of the canary.
HEALTHCHECK --interval=60s --timeout=20s --start-period=5m CMD ["lineman", "monitor", "status", "--monitors=/etc/lineman/monitors"]
ENTRYPOINT ["lineman"]
CMD ["monitor", "--monitors=/etc/lineman/monitors"]
