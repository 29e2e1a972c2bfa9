"""What a WSGI server loads: ``gunicorn wsgi:app``."""

from queueapp.app import create_app
from queueapp.config import from_env
from queueapp.logs import configure_logs

configure_logs()
app = create_app(from_env())
