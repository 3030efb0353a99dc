"""Whatever the dashboard and the alerts ask Prometheus for is something that the service shows."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.metrics import Metrics

ROOT = Path(__file__).parents[1] / "monitoring"
DASHBOARD = json.loads((ROOT / "grafana" / "dashboards" / "slotline.json").read_text())
ALERTS = yaml.safe_load((ROOT / "prometheus" / "alerts.yml").read_text())
COMPOSE = yaml.safe_load((ROOT.parent / "docker-compose.yml").read_text())

SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
OF_PROMETHEUS = {"up": {"job", "instance"}}
ADDED = {"job", "instance", "le", "worker"}  # by Prometheus, by the histogram, by the processes of several workers
WORDS = {"by", "without", "on", "ignoring", "and", "or", "unless", "offset", "bool", "group_left", "group_right"}


def panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[str]:
    for panel in panels():
        yield from (target["expr"] for target in panel["targets"])
    for group in ALERTS["groups"]:
        yield from (rule["expr"] for rule in group["rules"])


def shown() -> dict[str, set[str]]:
    """Every sample of the service with its labels."""
    metrics = Metrics()
    found = dict(OF_PROMETHEUS)
    for metric in metrics._own._collector_to_names:
        for suffix in SUFFIXES[metric._type]:
            found[metric._name + suffix] = set(metric._labelnames) | ADDED
    for family in metrics.registry.collect():
        if family.name.startswith("process_"):
            found.update({sample.name: ADDED for sample in family.samples})
    return found


def asked(expression: str) -> tuple[set[str], set[str]]:
    """The names of metrics in a PromQL expression, and those of labels."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    labels = set(re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*""', bare))
    for group in re.findall(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)", bare):
        labels |= {name.strip() for name in group.split(",")}
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\b(?:by|without|on|ignoring)\s*\([^)]*\)", " ", bare)
    return set(re.findall(r"\b[a-zA-Z_]\w*\b(?!\s*\()", bare)) - WORDS, labels


def test_the_reader_of_expressions_finds_names_and_labels() -> None:
    expression = 'sum by (a, le) (rate(x_total{b="c", d=~"e.."}[5m])) / on (f) y{route!~"/z.*"} > 0.5 and vector(0)'
    assert asked(expression) == ({"x_total", "y"}, {"a", "le", "b", "d", "f", "route"})


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_everything_that_is_asked_for_is_shown_by_the_service(expression: str) -> None:
    names, labels = asked(expression)
    known = shown()
    assert names, "no metric was found in the expression"
    assert names - known.keys() == set()
    assert labels - set().union(*(known[name] for name in names)) == set()


def test_every_metric_of_the_service_is_on_the_dashboard_or_in_an_alert() -> None:
    everywhere = set().union(*(asked(expression)[0] for expression in expressions()))
    metrics = Metrics()._own._collector_to_names
    missing = [m._name for m in metrics if not {m._name + suffix for suffix in SUFFIXES[m._type]} & everywhere]
    assert missing == []


def test_the_dashboard_is_what_grafana_reads() -> None:
    assert DASHBOARD["uid"] == "slotline"
    identifiers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(identifiers)) == len(identifiers)
    source = yaml.safe_load((ROOT / "grafana" / "provisioning" / "datasources" / "prometheus.yml").read_text())["datasources"][0]
    for panel in panels():
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        assert panel["title"]
        for target in panel["targets"]:
            assert target["datasource"] == panel["datasource"] == {"type": source["type"], "uid": source["uid"]}
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
    places = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in DASHBOARD["panels"]]
    assert len(set(places)) == len(places)


def test_the_dashboard_is_provisioned_from_where_compose_mounts_it() -> None:
    provider = yaml.safe_load((ROOT / "grafana" / "provisioning" / "dashboards" / "slotline.yml").read_text())["providers"][0]
    mounts = dict(mount.split(":")[:2] for mount in COMPOSE["services"]["grafana"]["volumes"])
    assert mounts["./monitoring/grafana/dashboards"] == provider["options"]["path"]


def test_every_alert_says_what_is_wrong_and_what_to_do() -> None:
    for group in ALERTS["groups"]:
        for rule in group["rules"]:
            assert rule["labels"]["severity"] in ("critical", "warning")
            assert rule["annotations"].keys() == {"summary", "description"}


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_every_container_is_confined_and_published_on_loopback_unless_told_otherwise(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(re.fullmatch(r"\$\{\w+:-127\.0\.0\.1:\d+\}:\d+", port) for port in service["ports"])
    assert name == "slotline" or service["profiles"] == ["monitoring"]
    assert name == "slotline" or not service["user"].startswith(("0", "root"))


def test_prometheus_scrapes_the_service_and_reads_the_alerts() -> None:
    configuration = yaml.safe_load((ROOT / "prometheus" / "prometheus.yml").read_text())
    (job,) = configuration["scrape_configs"]
    assert job["job_name"] == "slotline"
    assert job["static_configs"] == [{"targets": ["slotline:8000"]}]
    assert [(ROOT / "prometheus" / file).is_file() for file in configuration["rule_files"]] == [True]
