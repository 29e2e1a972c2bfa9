"""The catalogue of job types over HTTP."""

from typing import Any

from flask.views import MethodView
from werkzeug.wrappers import Response as BaseResponse

from queueapp.api.blueprint import ApiBlueprint
from queueapp.api.conditional import conditional
from queueapp.api.examples import job_types as examples
from queueapp.api.responses import answer
from queueapp.api.schemas.job_types import JobTypeList
from queueapp.api.services import services
from queueapp.domain.api_key import Role
from queueapp.domain.fleet import JobTypeInfo
from queueapp.domain.scope import Scope

blueprint = ApiBlueprint("Job types", __name__, url_prefix="/api", description="What can be run.")


@blueprint.route("/<string:tenantId>/<string:projectId>/execution/job-types")
class JobTypes(MethodView):
    """The job types that workers have published."""

    @blueprint.operation("listJobTypes", role=Role.VIEWER)
    @blueprint.response(200, JobTypeList, example=examples.JOB_TYPES)
    @blueprint.alt_response(304, description="It is what If-None-Match names", success=True)
    def get(self, scope: Scope) -> BaseResponse:
        """List the job types

        Each with the JSON Schema of its parameters and what a job of it gets when the submission
        leaves it open. Jobs of a type without workers are accepted and wait for one. 503 until
        the first worker has started.
        """
        engine = services().engine
        workers = engine.store.fleet.workers(now_ms=engine.now_ms())
        offered = [worker.get("types", "") for worker in workers if worker["live"]]
        kinds = [kind for kind in engine.catalogue.all().values() if not kind.internal]
        rows = [_row(kind, sum(f"|{kind.name}|" in types for types in offered)) for kind in kinds]
        return conditional(answer({"jobTypes": rows}), private=True)


def _row(kind: JobTypeInfo, workers: int) -> dict[str, Any]:
    return {
        "name": kind.name,
        "description": kind.description,
        "parameters": kind.parameters_schema,
        "resourceTypes": list(kind.resource_types),
        "datasets": list(kind.datasets),
        "stages": list(kind.stages),
        "outputs": list(kind.outputs),
        "resourceRequirements": {"cpuUnits": kind.cpu_units, "memoryGB": kind.memory_gb},
        "retries": {
            "maxAttempts": kind.max_attempts,
            "delaySeconds": kind.retry_delay_s,
            "maxDelaySeconds": kind.retry_max_delay_s,
        },
        "isolation": kind.isolation,
        "workers": workers,
    }
