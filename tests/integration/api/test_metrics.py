"""The figures for Prometheus: parsed by its own parser, equal to what happened."""

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from queueapp.domain.api_key import Role
from queueapp.domain.fleet import NodeSample
from queueapp.domain.report_card import Scored
from queueapp.domain.rollup import DAY_MS, HOUR_MS
from queueapp.domain.scope import Scope
from tests.factories import beat, claim, finish, submit
from tests.integration.api.conftest import Api

T = Scope("t", "p")

#: What Prometheus 2 and 3 send, and an older scraper.
PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    (
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
        "application/openmetrics-text;version=0.0.1;q=0.5,"
        "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
    ),
    "text/plain; version=0.0.4",
)

#: Told only where the store has a limit.
UNSEEN = {"queueapp_store_memory_limit_bytes"}
#: What the library adds: since when each series counts.
CREATED = {"queueapp_http_requests_created", "queueapp_http_request_seconds_created"}

Figures = dict[tuple[str, tuple[str, ...]], float]


def figures(api: Api, path: str = "/metrics", accept: str = "text/plain") -> Figures:
    """Return each sample by its name and the values of its labels, sorted by label."""
    answer = api.get(path, headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    text = answer.get_data(as_text=True)
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_queues_waits_runs_and_workers_are_told(api: Api) -> None:
    """Depth by priority, jobs by status, histograms in seconds, what workers do."""
    for number in range(3):
        submit(api.store, id=f"j{number}", scope=T, now_ms=1_000)
    held = claim(api.store, now_ms=8_000)
    assert held is not None
    finish(api.store, held, now_ms=28_000)
    assert claim(api.store, now_ms=30_000) is not None
    found = figures(api)

    assert (1, 1, 1, 0) == tuple(
        found["queueapp_jobs", (status,)] for status in ("Queued", "Running", "Completed", "Failed")
    )
    assert 1 == found["queueapp_queue_depth", ("Normal",)]
    assert 1 == found["queueapp_scope_queue_depth", ("Normal", "p", "t")]
    assert (2, 36) == (
        found["queueapp_wait_seconds_count", ("Normal",)],
        found["queueapp_wait_seconds_sum", ("Normal",)],
    )
    assert (0, 1, 2) == tuple(
        found["queueapp_wait_seconds_bucket", (bound, "Normal")]
        for bound in ("5.0", "15.0", "+Inf")
    )
    assert 20 == found["queueapp_attempt_seconds_sum", ("completed",)]
    assert 0 == found["queueapp_lost_attempts_total", ()]
    assert (1, 0) == (found["queueapp_workers", ("busy",)], found["queueapp_workers", ("dead",)])
    assert (4, 1) == (found["queueapp_slots", ()], found["queueapp_busy_slots", ()])
    assert 1 == found["queueapp_leases", ()]
    age_s = time.time() - 30  # it was given at the thirtieth second of 1970
    assert pytest.approx(age_s, abs=60) == found["queueapp_oldest_lease_seconds", ()]
    assert 0 > found["queueapp_shortest_lease_seconds", ()]
    assert 1 == found["queueapp_store_up", ()]
    assert 0 < found["queueapp_store_memory_bytes", ()]


def test_each_figure_is_explained(api: Api) -> None:
    """In the operations' document, and none that is gone."""
    beat(api.store, "w1", [], sample=NodeSample(1.0, 2.0, 3), clock_ms=0)
    now = int(time.time() * 1000)
    for what in ("size", "wait"):
        results = [Scored(what, now, HOUR_MS, held=True, error=1.0)] * 5
        api.store.shown.settle(T, [], results, now_ms=now)
    text = (Path(__file__).parents[3] / "docs/operations.md").read_text()
    told = set(re.findall(r"`(queueapp_\w+)`", text)) - UNSEEN
    found = api.get("/metrics").get_data(as_text=True)

    assert told == set(re.findall(r"^# TYPE (queueapp_\w+)", found, re.MULTILINE)) - CREATED


def test_this_processs_answers_are_counted_by_route(api: Api) -> None:
    """Never by address: that may be anything."""
    before = figures(api)
    for project in ("a", "b"):
        api.get(f"/api/t/{project}/execution/jobs")
    route = "/api/<string:tenantId>/<string:projectId>/execution/jobs"
    label = ("GET", route, "200")
    name = "queueapp_http_requests_total"
    after = figures(api)

    assert 2 == after[name, label] - before.get((name, label), 0)
    assert 2 <= after["queueapp_http_request_seconds_count", (route,)]


def test_a_monitor_gets_them_from_health_too(api: Api) -> None:
    """Which refuses no format that a scraper asks for; people get the checks."""
    for accept in PROMETHEUS:
        assert 1 == figures(api, "/health", accept)["queueapp_store_up", ()]
        answer = api.get("/health", headers={"Accept": accept})
        assert answer.content_type.startswith("text/plain; version=0.0.4")
    for accept in ("*/*", "application/json", "text/plain;q=0.5,application/json", "", None):
        assert "ok" == api.get("/health", headers={"Accept": accept}).get_json()["data"]


@pytest.mark.parametrize(
    ("role", "tenant"), [(Role.OPERATOR, "t"), (Role.SUBMITTER, None), (Role.VIEWER, None)]
)
def test_only_keys_of_the_whole_fleet_see_them(api: Api, role: Role, tenant: str | None) -> None:
    """They are of all tenants."""
    assert 403 == api.as_user("ann", role, tenant=tenant).get("/metrics").status_code


def test_a_key_of_a_tenant_sees_its_queues_and_the_fleet(api: Api) -> None:
    """At /health, as text: nothing of others, in sum neither."""
    for tenant in ("t", "t", "other"):
        api.submit(f"/api/{tenant}/p")
    found = figures(api.as_user("ann", Role.VIEWER, tenant="t"), "/health")
    names = {name for name, _ in found}

    assert 2 == found["queueapp_jobs", ("Queued",)]
    assert 2 == found["queueapp_queue_depth", ("Normal",)]
    assert {("Normal", "p", "t")} == {
        labels for name, labels in found if name == "queueapp_scope_queue_depth"
    }
    assert 1 == found["queueapp_workers", ("idle",)]
    assert not [name for name in names if "http" in name or "wait" in name or "forecast" in name]


def test_who_has_no_key_sees_no_tenants_name(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a setting lets /health be asked without one."""
    api.submit()
    known = api.app.extensions["queueapp"]
    opened = replace(known, config=replace(known.config, open_health=True))
    monkeypatch.setitem(api.app.extensions, "queueapp", opened)
    answer = api.app.test_client().get("/health", headers={"Accept": "text/plain"})
    text = answer.get_data(as_text=True)

    assert 'queueapp_queue_depth{priority="Normal"} 1.0' in text
    assert "tenant=" not in text


def test_forecasts_are_told_with_what_came(api: Api) -> None:
    """Coverage and median error by target and lead, of all projects, from five samples on."""
    now = int(time.time() * 1000)
    for n, scope in enumerate([T, Scope("other", "q")]):
        results = [
            Scored("size", now, HOUR_MS, held=number != 0, error=float(number))
            for number in (0, 2, 3, 50)
        ]
        waits = [Scored("wait", now, 6 * HOUR_MS, held=True, error=60_000.0)] * (4 - n)
        old = [Scored("start", now - 9 * DAY_MS, 1, held=True, error=1.0)] * 9
        api.store.shown.settle(scope, [], [*results, *waits], now_ms=now)
        api.store.shown.settle(scope, [], old, now_ms=now - 9 * DAY_MS)
    found = figures(api)
    errors = {
        labels: value
        for (name, labels), value in found.items()
        if name.startswith("queueapp_forecast_median_error")
    }

    assert {("1-4 hours", "size"): 8, ("5-12 hours", "wait"): 7} == {
        labels: value
        for (name, labels), value in found.items()
        if name == "queueapp_forecast_compared"
    }
    assert 0.75 == found["queueapp_forecast_coverage_ratio", ("1-4 hours", "size")]
    assert {
        ("1-4 hours", "size"): pytest.approx(2, rel=0.05),
        ("5-12 hours", "wait"): pytest.approx(60, rel=0.05),
    } == errors


def test_strange_methods_make_no_figures_of_their_own(api: Api) -> None:
    """Anybody can send any word."""
    for number in range(3):
        api.app.test_client().open("/livez", method=f"STRANGE{number}")
    methods = {labels[0] for name, labels in figures(api) if name == "queueapp_http_requests_total"}

    assert "(other)" in methods
    assert not [method for method in methods if method.startswith("STRANGE")]


def test_nodes_tell_their_load_and_their_clocks(api: Api) -> None:
    """What was not measured is left out."""
    beat(api.store, "w1", [], clock_ms=0)
    found = figures(api)

    assert -1e9 > found["queueapp_node_clock_skew_seconds", ("node-1",)]
    assert ("queueapp_node_cpu_percent", ("node-1",)) not in found
