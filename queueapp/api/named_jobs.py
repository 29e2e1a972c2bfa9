"""The jobs and job types that requests name: found, or refused with the right error.

Every blueprint about jobs asks here, so that the same words mean the same everywhere.
"""

from uuid import UUID

from queueapp.api.auth import key
from queueapp.api.services import services
from queueapp.domain.api_key import Role
from queueapp.domain.errors import NotFound, NotYourJob
from queueapp.domain.job import Job
from queueapp.domain.scope import Scope


def known_id(job_id: str) -> str:
    """Return an id as jobs have it; one that is no GUID is unknown. Raises: NotFound."""
    try:
        guid = str(UUID(job_id))
    except ValueError as error:
        raise NotFound from error
    if guid != job_id.lower():
        raise NotFound
    return guid


def known_job(scope: Scope, job_id: str) -> Job:
    """Return a job of the scope. Raises: NotFound."""
    return services().engine.job(scope, known_id(job_id))


def own_job(scope: Scope, job_id: str) -> Job:
    """Return a job that the key may change: its user's own, or anyone's for an operator."""
    job = known_job(scope, job_id)
    if job.spec.submitted_by != key().user and not key().role.includes(Role.OPERATOR):
        raise NotYourJob("Changing another user's job needs the role operator.")
    return job


def canonical_type(name: str | None) -> str | None:
    """Return a job type as it is stored; a type that nobody offers any more is taken as it is."""
    if name is None:
        return None
    known = services().engine.store.fleet.catalogue()
    return {offered.lower(): offered for offered in known}.get(name.lower(), name)
