# The scheduled job in a container, as a user without rights; its home is the volume /data.
#   docker build --tag volcast .
#   docker run --volume volcast-job:/data volcast retrain --source yahoo --ticker SPY
FROM python:3.12-slim-bookworm AS build
WORKDIR /source
COPY requirements.lock pyproject.toml README.md LICENSE ./
COPY volcast/*.py volcast/py.typed volcast/
COPY features features
COPY models models
COPY pipeline pipeline
COPY reports reports
RUN python -m venv /venv \
    && /venv/bin/python -m pip install --no-cache-dir --no-deps --require-hashes \
        --requirement requirements.lock \
    && /venv/bin/python -m pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.12-slim-bookworm
RUN useradd --no-create-home --uid 10001 volcast \
    && install --directory --owner volcast --group volcast /data
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH \
    HOME=/tmp \
    VOLCAST_HOME=/data \
    VOLCAST_DATA_DIR=/data/bars \
    MPLCONFIGDIR=/tmp/matplotlib \
    TF_CPP_MIN_LOG_LEVEL=2
USER 10001
WORKDIR /data
VOLUME /data
ENTRYPOINT ["volcast"]
CMD ["retrain", "--if-due"]
