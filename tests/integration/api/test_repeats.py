"""One law for every request that changes something: asked again it changes nothing more.

Under an Idempotency-Key the repeat gets the very answer of the first; where there is none, a put
says the same again, and a delete finds nothing left to do. Every such operation of both documents
must be in one of the tables of ``repeated``.
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest

from queueapp.store.idempotency import IdempotencyKeys
from tests.factories import claim, finish
from tests.house.document import operations
from tests.integration.api.conftest import Api
from tests.integration.api.repeated import KEYED, KEYLESS
from tests.stored import contents

KEY = {"Idempotency-Key": "once"}
HEADERS = ("Content-Type", "Content-Length", "ETag", "Location")
# What an operation on many jobs leaves of itself, also where it found none.
OF_ITS_OWN = (":bulk", ":op:", ":audit")


@contextmanager
def device_worker(api: Api, *, at_work: bool) -> Iterator[None]:
    """Have a worker that ends what it is given, for a request that waits for it."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.01):
            held = claim(api.store, "d1")
            if held is not None:
                finish(api.store, held)

    thread = threading.Thread(target=work if at_work else over.set)
    thread.start()
    yield
    over.set()
    thread.join()


def test_every_change_is_in_a_table(api: Api) -> None:
    """And every POST takes a key."""
    documents = [
        api.app.test_client().get(path).get_json()
        for path in ("/openapi.json", "/management/openapi.json")
    ]
    found: dict[str, tuple[str, bool]] = {}
    for document in documents:
        for name, operation in operations(document):
            heads = [one.get("name") for one in operation.get("parameters", [])]
            found[operation["operationId"]] = (name.split()[0], "Idempotency-Key" in heads)
    changes = {name: keyed for name, (method, keyed) in found.items() if method != "get"}

    assert set(KEYED) == {name for name, keyed in changes.items() if keyed}
    assert set(KEYLESS) == {name for name, keyed in changes.items() if not keyed}
    assert [] == [
        name for name, (method, _) in found.items() if method == "post" and name in KEYLESS
    ]


@pytest.mark.parametrize("name", sorted(KEYED))
def test_a_repeat_under_its_key_gets_the_first_answer(api: Api, name: str) -> None:
    """The same status, body and address, and nothing in the store has changed by it."""
    ask = KEYED[name](api)
    with device_worker(api, at_work=name == "testDevice"):
        first = ask.send(api, **KEY)
    before = contents(api.store)
    again = ask.send(api, **KEY)
    other = ask.send(api, ask.other, **KEY)

    assert first.status_code < 300, first.text
    assert (first.status_code, first.data) == (again.status_code, again.data)
    assert [first.headers.get(name) for name in HEADERS] == [
        again.headers.get(name) for name in HEADERS
    ]
    assert (None, "true") == (
        first.headers.get("Idempotency-Replayed"),
        again.headers.get("Idempotency-Replayed"),
    )
    assert 422 == other.status_code, other.text
    assert before == contents(api.store)


@pytest.mark.parametrize("name", sorted(KEYED))
def test_another_query_under_a_key_is_another_request(api: Api, name: str) -> None:
    """As another body is: refused, also where the query says what holds anyway."""
    ask = KEYED[name](api)
    query = "dryRun=false" if name == "submitJob" else "other=1"
    with device_worker(api, at_work=name == "testDevice"):
        assert ask.send(api, **KEY).status_code < 300
    before = contents(api.store)
    other = replace(ask, path=f"{ask.path}?{query}").send(api, **KEY)

    # Who takes no query at all says so first.
    assert (422 if ask.path.startswith("/device/") or name == "submitJob" else 400) == (
        other.status_code
    ), other.text
    assert before == contents(api.store)


def test_the_same_query_in_another_order_is_the_same_request(api: Api) -> None:
    """Names of a query have no order; a key among them says who asks, not what."""
    ask = KEYED["execOnDevice"](api)
    queries = ("a=1&b=2", "b=2&a=1", "b=2&X-API-KEY=k&a=1", "a=1&b=3")
    sent = [replace(ask, path=f"{ask.path}?{query}").send(api, **KEY) for query in queries]

    assert [201, 201, 201, 422] == [one.status_code for one in sent]
    assert {sent[0].data} == {one.data for one in sent[:3]}


@pytest.mark.parametrize("name", sorted(KEYED.keys() - {"createDataset"}))
def test_a_repeat_of_what_was_never_answered_does_nothing_more(
    api: Api,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """The process died between the script and its answer; the script's receipt is enough."""
    ask, now = KEYED[name](api), time.time()
    # Estimates say whole seconds from now; none may pass between the two answers.
    monkeypatch.setattr(api.app.extensions["queueapp"].engine, "_clock", lambda: now)
    with monkeypatch.context() as patch, device_worker(api, at_work=name == "testDevice"):
        patch.setattr(IdempotencyKeys, "keep", lambda *_: None)
        first = ask.send(api, **KEY)
    before = contents(api.store, ":idem:")
    again = ask.send(api, **KEY)

    assert (first.status_code, "true") == (
        again.status_code,
        again.headers.get("Idempotency-Replayed"),
    )
    assert first.headers.get("Location") == again.headers.get("Location")
    assert first.get_json() == again.get_json()
    assert before == contents(api.store, ":idem:")


@pytest.mark.parametrize("name", sorted(KEYED.keys() - {"createDataset", "testDevice"}))
def test_equal_requests_at_once_get_one_answer(api: Api, name: str) -> None:
    """Whoever comes first acts; the answer that was kept first is everybody's."""
    ask = KEYED[name](api)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: ask.send(api, **KEY), range(4)))

    assert {answers[0].status_code} == {one.status_code for one in answers}
    assert {answers[0].data} == {one.data for one in answers}


@pytest.mark.parametrize("name", sorted(KEYLESS))
def test_a_repeat_without_a_key_changes_nothing_more(api: Api, name: str) -> None:
    """A put says the same again, a delete finds nothing left to do."""
    prepare, status = KEYLESS[name]
    ask = prepare(api)
    first = ask.send(api)
    before = contents(api.store, *OF_ITS_OWN)
    again = ask.send(api)

    assert first.status_code < 300, first.text
    assert status == again.status_code, again.text
    assert ask.method == "DELETE" or first.data == again.data
    assert before == contents(api.store, *OF_ITS_OWN)
