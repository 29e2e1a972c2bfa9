"""Datasets over HTTP: event logs that are sent once and mined often."""

import hashlib
import uuid
from pathlib import Path
from typing import Any, cast

import marshmallow
import orjson
from flask import Response, current_app
from flask.views import MethodView

from queueapp.api.acts import acting
from queueapp.api.blueprint import ApiBlueprint
from queueapp.api.errors import problem
from queueapp.api.examples import datasets as examples
from queueapp.api.idempotency import reserved
from queueapp.api.paging import page_keys
from queueapp.api.parser import invalid
from queueapp.api.responses import answer
from queueapp.api.schemas.audit import DeletionQuery
from queueapp.api.schemas.datasets import (
    HINTS,
    PARTS,
    DatasetFields,
    DatasetPage,
    DatasetUpload,
    DatasetView,
    ListPageQuery,
    dataset_view,
)
from queueapp.api.services import address, services
from queueapp.api.uploads import Received, received_upload
from queueapp.domain.api_key import Role
from queueapp.domain.dataset import Dataset, DatasetStatus
from queueapp.domain.errors import NotFound
from queueapp.domain.scope import Scope
from queueapp.engine.intake import BadLog, Upload
from queueapp.engine.library import Library
from queueapp.store.answers import Idempotency

blueprint = ApiBlueprint(
    "Datasets",
    __name__,
    url_prefix="/api/<string:tenantId>/<string:projectId>/datasets",
    description="Event logs: sent once as a file, then worked on by jobs.",
)
UPLOAD_BODY = {
    "required": True,
    "content": {"multipart/form-data": {"schema": DatasetUpload, "example": examples.UPLOAD}},
}
LIBRARY = "queueapp.engine.library"
LOCATION = {"Location": {"$ref": "#/components/headers/Location"}}
REPLAYED = {"Idempotency-Replayed": {"$ref": "#/components/headers/Idempotency-Replayed"}}
PROFILING: dict[str, Any] = {
    "schema": DatasetView,
    "example": examples.PROFILING,
    "headers": {**LOCATION},
    "description": "Stored; a log of this size is read by a job",
    "success": True,
}
_ROLE_FIELDS = {**PARTS, **{hint: hint for hint in HINTS}, "file": "file"}


def library() -> Library:
    """Return the app's one library: it lets only so many logs be read at once."""
    made = current_app.extensions
    if LIBRARY not in made:
        made.setdefault(LIBRARY, Library(services().engine, services().objects))
    return cast(Library, made[LIBRARY])


@blueprint.errorhandler(BadLog)
def bad_log(error: BadLog) -> Response:
    """Answer a file that is no log, with the reason as a word beside the code."""
    errors = [(f"/{_ROLE_FIELDS.get(field, field)}", text) for field, text in error.errors]
    response = problem(error.code, error.message, errors)
    body = {**orjson.loads(response.get_data()), "reason": error.reason}
    response.set_data(orjson.dumps(body))
    return response


@blueprint.route("")
class Datasets(MethodView):
    """All datasets of a project."""

    @blueprint.operation("listDatasets", role=Role.VIEWER)
    @blueprint.arguments(ListPageQuery, location="query")
    @blueprint.response(200, DatasetPage, example=examples.DATASET_LIST)
    def get(self, query: dict[str, Any], scope: Scope) -> Response:
        """List a project's datasets

        Newest first.
        """
        found, total = library().datasets(scope, **query)
        rows = [dataset_view(dataset) for dataset in found]
        return answer({"datasets": rows, **page_keys(**query, total=total)})

    @blueprint.operation(
        "createDataset",
        role=Role.SUBMITTER,
        errors=(409, 413, 415),
        idempotent_key=True,
        requestBody=UPLOAD_BODY,
    )
    @blueprint.response(
        201, DatasetView, example=examples.DATASET, headers={**LOCATION, **REPLAYED}
    )
    @blueprint.alt_response(202, **PROFILING)
    def post(self, scope: Scope) -> Response:
        """Send an event log

        The answer says what was found in it: rows, cases, activities and the first bad rows.
        A log of more than 20 MB, unpacked, is read by a job: 202, and its status is Profiling.
        A file that is no log is refused, and nothing is stored.
        """
        with _upload() as received:
            upload = _described(received)
            asked = f"{upload.sha256} {upload.name} {upload.columns} {upload.options}"

            def store(idempotency: Idempotency | None) -> Response:
                return _made(scope, upload, idempotency)

            return reserved(scope, store, body=asked.encode())


@blueprint.route("/<string:datasetId>")
class OneDataset(MethodView):
    """One dataset of a project."""

    @blueprint.operation("getDataset", role=Role.VIEWER)
    @blueprint.response(200, DatasetView, example=examples.DATASET)
    def get(self, scope: Scope, dataset_id: str) -> Response:
        """Get a dataset

        With what was found in it; null means not read yet.
        """
        return answer(dataset_view(library().dataset(scope, dataset_id)))

    @blueprint.operation(
        "putDataset", role=Role.SUBMITTER, errors=(413, 415), requestBody=UPLOAD_BODY
    )
    @blueprint.response(200, DatasetView, example=examples.DATASET, headers={**LOCATION})
    @blueprint.alt_response(
        201,
        schema=DatasetView,
        example=examples.DATASET,
        headers={**LOCATION},
        description="A new dataset",
        success=True,
    )
    @blueprint.alt_response(202, **PROFILING)
    def put(self, scope: Scope, dataset_id: str) -> Response:
        """Send an event log under a chosen id

        201 for a new dataset, 200 for one that is replaced; the same bytes and fields again
        change nothing and get the same answer. Jobs that run keep what they began with.
        """
        with _upload() as received:
            return _stored(scope, _described(received), dataset_id)

    @blueprint.operation("deleteDataset", role=Role.SUBMITTER, errors=(409,))
    @blueprint.arguments(DeletionQuery, location="query")
    @blueprint.response(204)
    def delete(self, query: dict[str, Any], scope: Scope, dataset_id: str) -> Response:
        """Delete a dataset

        409 while a queued or running job needs it.
        """
        library().delete_dataset(scope, dataset_id, act=acting(query["reason"]))
        return Response(status=204)


def _upload() -> Any:
    config = services().config
    return received_upload(config.data_dir / "uploads", config.max_upload_mb << 20)


def _described(received: Received) -> Upload:
    # An empty field of a form is one that nobody filled in.
    filled = {name: value for name, value in received.fields.items() if value != ""}
    try:
        said: dict[str, str] = DatasetFields().load(filled)
    except marshmallow.ValidationError as error:
        raise invalid(error) from error
    columns = {
        "case_id": said.get("case_id"),
        "activity": said.get("activity_name"),
        "time": said.get("activity_time"),
        "resource": said.get("resource"),
        "start_time": said.get("start_time"),
    }
    return Upload(
        path=received.path,
        size_bytes=received.size_bytes,
        sha256=received.sha256,
        name=said.get("name") or _plain_name(received.filename),
        filename=received.filename,
        columns=columns if columns["case_id"] else None,
        options={hint: said[hint] for hint in HINTS if hint in said},
    )


def _plain_name(filename: str | None) -> str:
    last = Path((filename or "").replace("\\", "/")).name
    plain = "".join(letter for letter in last if letter.isprintable()).strip()
    return plain[:200] or "dataset"


def _made(scope: Scope, upload: Upload, idempotency: Idempotency | None) -> Response:
    """Make a dataset, or find the one that this very request made before it was answered."""
    if idempotency is None:
        return _shown(scope, library().receive(scope, upload, act=acting()).record, new=True)
    whole = f"{idempotency.key} {idempotency.fingerprint}".encode()
    dataset_id = str(uuid.UUID(hashlib.sha256(whole).hexdigest()[:32]))
    try:
        found = library().dataset(scope, dataset_id)
    except NotFound:
        put = library().receive(scope, upload, act=acting(), dataset_id=dataset_id)
        found = put.record
    return _shown(scope, found, new=True)


def _stored(scope: Scope, upload: Upload, dataset_id: str) -> Response:
    put = library().receive(scope, upload, act=acting(), dataset_id=dataset_id)
    return _shown(scope, put.record, new=put.how == "new")


def _shown(scope: Scope, dataset: Dataset, *, new: bool) -> Response:
    status = 202 if dataset.status == DatasetStatus.PROFILING else 201 if new else 200
    location = address(scope, "datasets", dataset.id)
    return answer(dataset_view(dataset), status, {"Location": location})
