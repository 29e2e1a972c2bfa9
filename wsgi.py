"""What a WSGI server loads: ``gunicorn wsgi:app``."""

from queueapp.app import create_app
from queueapp.config import from_env
from queueapp.web_logs import configure_web_logs

configure_web_logs(from_env())
app = create_app(from_env())
