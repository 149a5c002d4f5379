# The ledger: API, worker, beat and migrations, told apart by the command.
FROM python:3.13-slim AS build
WORKDIR /app
RUN python -m venv /venv
COPY requirements.lock ./
RUN /venv/bin/pip install --no-cache-dir --require-hashes --only-binary=:all: -r requirements.lock
COPY pyproject.toml ./
COPY services/__init__.py services/
COPY services/events services/events
COPY services/ledger services/ledger
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation --editable .
COPY infra/docker/keep_only.py /tmp/
RUN /venv/bin/python /tmp/keep_only.py "receivables-ledger[ledger]"

FROM python:3.13-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/ledger ledger
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
COPY alembic.ini ./
COPY migrations migrations
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 LEDGER_HOME=/var/lib/ledger
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["uvicorn", "services.ledger.app:app", "--host", "0.0.0.0", "--port", "8000"]
