"""The web worker, with little patience."""

from queueapp.web import deadlines
from queueapp.web.worker import ProblemWorker

deadlines.HEAD_S = deadlines.BODY_S = 2.0
HastyWorker = ProblemWorker
