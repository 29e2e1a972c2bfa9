"""An endpoint that does nothing: stock flask-smorest, which checks the same body as a submission.

``gunicorn bench.api.empty:app`` serves it; what it costs is what a framework costs anyway.
"""

from typing import Any

from flask import Flask, Response, jsonify
from flask.views import MethodView
from flask_smorest import Api, Blueprint

from queueapp.api.schemas.jobs import JobSubmission

app = Flask("empty")
app.config.update(API_TITLE="empty", API_VERSION="1", OPENAPI_VERSION="3.1.0")
blueprint = Blueprint("empty", "empty")


@blueprint.route("/job")
class Door(MethodView):
    """Takes a submission and forgets it."""

    @blueprint.arguments(JobSubmission)
    @blueprint.response(202)
    def post(self, body: dict[str, Any]) -> Response:
        """Do nothing."""
        return jsonify({"jobName": body["job_name"]})


Api(app).register_blueprint(blueprint)
