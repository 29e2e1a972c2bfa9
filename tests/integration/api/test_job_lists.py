"""Lists of jobs over HTTP: pages, filters, counts."""

import pytest

from tests.integration.api.conftest import Api
from tests.integration.api.job_calls import JOBS, job


def test_a_fresh_project_has_an_empty_list(api: Api) -> None:
    """Zeros and an empty list, never 404."""
    body = api.get(JOBS).get_json()

    assert body["jobs"] == []
    assert set(body["summary"].values()) == {0}
    assert body["hasNextPage"] is False


def test_lists_are_paged_newest_first(api: Api) -> None:
    """Every job is on exactly one page."""
    ids = [api.submit() for _ in range(5)]

    pages = [api.get(f"{JOBS}?page={n}&pageSize=2").get_json() for n in (1, 2, 3, 4)]

    listed = [row["jobId"] for page in pages for row in page["jobs"]]
    assert sorted(listed) == sorted(ids)
    assert [page["hasNextPage"] for page in pages] == [True, True, False, False]
    assert pages[0]["totalCount"] == 5


def test_summaries_ignore_the_status_filter_and_add_up(api: Api) -> None:
    """The parts sum to the total under the other filters."""
    api.submit()
    cancelled = api.submit()
    api.delete(job(cancelled))

    body = api.get(f"{JOBS}?status=cancelled&jobType=processmining&submittedBy=admin").get_json()

    assert [row["jobId"] for row in body["jobs"]] == [cancelled]
    assert body["summary"]["totalJobs"] == 2
    assert body["summary"]["queuedJobs"] == 1
    assert body["summary"]["cancelledJobs"] == 1


def test_large_pages_are_clamped_and_echoed(api: Api) -> None:
    """A page larger than allowed is the largest allowed."""
    assert api.get(f"{JOBS}?pageSize=5000").get_json()["pageSize"] == 100


@pytest.mark.parametrize(
    "spelling",
    [
        "dateFrom=2000-01-01",
        "dateTo=2999-12-31T00:00:00.123456",
        "dateFrom=2000-01-01T00:00:00+08:00",
        "dateFrom=0001-01-01&dateTo=9999-12-31",
    ],
)
def test_dates_filter_in_any_spelling(api: Api, spelling: str) -> None:
    """Naive, offset with an unescaped plus and plain dates are all read."""
    api.submit()

    assert api.get(f"{JOBS}?{spelling}").get_json()["totalCount"] == 1
    assert api.get(f"{JOBS}?dateTo=2000-01-01").get_json()["totalCount"] == 0


def test_the_shown_second_is_within_its_own_bounds(api: Api) -> None:
    """Filtering from and to the shown creation time finds the job."""
    created = api.get(job(api.submit())).get_json()["dateCreated"]

    found = api.get(f"{JOBS}?dateFrom={created}&dateTo={created}").get_json()

    assert found["totalCount"] == 1
