"""The report as one HTML page: no network, no script, every text escaped.

Drawn from the mining document alone; other rooms call `report.render`.
"""
