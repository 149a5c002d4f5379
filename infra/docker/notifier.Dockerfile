# The notifier: worker and API, told apart by the command. It holds no code of the ledger.
FROM python:3.13-slim AS build
WORKDIR /app
RUN python -m venv /venv
COPY requirements.lock ./
RUN /venv/bin/pip install --no-cache-dir --require-hashes --only-binary=:all: -r requirements.lock
COPY pyproject.toml ./
COPY services/__init__.py services/
COPY services/events services/events
COPY services/notifier services/notifier
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation --editable .
COPY infra/docker/keep_only.py /tmp/
RUN /venv/bin/python /tmp/keep_only.py "receivables-ledger[notifier]"

FROM python:3.13-slim
RUN useradd --system --uid 10002 --create-home --home-dir /var/lib/notifier notifier
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1
USER 10002
EXPOSE 8001
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8001/healthz', timeout=4)"]
CMD ["uvicorn", "services.notifier.api:app", "--host", "0.0.0.0", "--port", "8001"]
