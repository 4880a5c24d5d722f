import json
import re
from pathlib import Path

import pytest
import yaml

from tests.checkout import ROOT
from tests.pipeline.samples import volcast
from volcast.pipeline.serve.deploy.texts import Service, format_compose, format_unit

METRIC = re.compile(r"\b(?:volcast|process)_\w+")


def test_the_unit_starts_the_server_and_may_write_to_the_home_only():
    service = Service(Path("/srv/a b/100%"), ("--port", "9000"), python="/usr/bin/python3")
    (text,) = format_unit(service).values()
    lines = text.splitlines()
    command = '/usr/bin/python3 -m volcast serve --home "/srv/a b/100%%" --port 9000'
    assert f"ExecStart={command}" in lines
    assert 'ReadWritePaths="/srv/a b/100%%"' in lines
    assert {"ProtectSystem=strict", "NoNewPrivileges=yes", "CapabilityBoundingSet="} <= set(lines)
    assert "@@" not in text


def test_compose_runs_job_and_server_without_rights():
    (text,) = format_compose().values()
    services = yaml.safe_load(text)["services"]
    assert services["job"]["command"] == ["schedule", "run"]
    assert services["server"]["ports"] == ["127.0.0.1:8000:8000"]
    for service in services.values():
        assert service["cap_drop"] == ["ALL"] and service["read_only"] is True
        assert service["build"] == "."
    image = (ROOT / "Dockerfile").read_text()
    assert 'ENTRYPOINT ["volcast"]' in image and "VOLCAST_HOME=/data" in image


def test_the_dashboard_asks_for_metrics_that_there_are(server, tmp_path):
    assert volcast("serve", "install", "--grafana", "--to", tmp_path).code == 0
    board = json.loads((tmp_path / "grafana.json").read_text())
    asked = {
        name
        for panel in board["panels"]
        for target in panel["targets"]
        for name in METRIC.findall(target["expr"])
    }
    server.get("/healthz")
    known = set(METRIC.findall(server.get("/metrics").text))
    assert len(asked) > 10
    assert asked <= known | {"volcast_server_retrainings_total"}


@pytest.mark.parametrize("kind", ["--systemd", "--compose", "--grafana"])
def test_each_text_is_printed(kind, tmp_path):
    assert len(volcast("serve", "install", kind, "--home", tmp_path).out) > 500
    assert "name any of" in volcast("serve", "install", "--home", tmp_path).complaint
