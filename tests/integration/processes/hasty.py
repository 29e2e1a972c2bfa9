"""The web worker, with little patience."""

from queueapp import web_deadlines
from queueapp.web_worker import ProblemWorker

web_deadlines.HEAD_S = web_deadlines.BODY_S = 0.5
HastyWorker = ProblemWorker
