"""Rules: pure Python that knows neither Flask nor the database."""
