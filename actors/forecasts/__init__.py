"""What the ForecastRefresh job makes of what its worker brings."""
